"""Studies as files: nothing is lost, and what is wrong is said."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.losses import read_losses
from engine.studies.files import from_json, to_csv, to_json
from engine.studies.study import Study, StudyNetwork, from_losses, whole_study

TASKS = ("depth", "normals, sharp", "ä")
TABLES = ("losses", "spread", "metrics")


def study(tasks=TASKS, seed=0, **more):
    random = np.random.default_rng(seed)
    networks = whole_study(tasks)
    holds = np.array([[task in network.tasks for task in tasks] for network in networks])

    def table(missing=0.0):
        values = np.where(holds, random.normal(size=holds.shape) * 10.0 ** random.integers(-9, 9, holds.shape), np.nan)
        values[random.random(len(networks)) < missing] = np.nan
        return values

    told = {
        "losses": {"validation": table(), "test": table(0.3)},
        "spread": {"validation": table(1.0)},
        "metrics": {"test": table(0.2)},
        "weights": random.random(len(tasks)),
        "affinity": random.normal(size=(len(tasks),) * 2),
        "linearised": table(),
        "transfer": np.where(np.eye(len(tasks)), np.nan, 0.1),
        "epochs": random.integers(1, 90, len(networks)).astype(float),
        "early_share": 0.1 + 0.2,
        "source": "made up",
    }
    return Study("mine", tasks, networks, **told | more)


def same(one, other):
    assert (one.name, one.tasks, one.networks, one.source) == (other.name, other.tasks, other.networks, other.source)
    assert one.early_share == other.early_share
    for name in TABLES:
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.keys() == theirs.keys()
        for split in mine:
            np.testing.assert_array_equal(mine[split], theirs[split])
    for name in ("weights", "affinity", "linearised", "transfer", "epochs"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_array_equal(mine, theirs)


@given(st.integers(0, 2**32 - 1))
def test_a_study_comes_back_to_the_last_bit(seed):
    found = study(seed=seed)
    text = to_json(found)
    same(from_json(text), found)
    same(from_json(text.encode()), found)
    assert to_json(from_json(text)) == text


def test_what_is_not_known_stays_unknown():
    bare = study(affinity=None, linearised=None, transfer=None, epochs=None, spread={}, metrics={})
    same(from_json(to_json(bare)), bare)
    assert from_json(to_json(bare)).affinity is None


def test_the_csv_holds_all_losses_that_are_known_and_the_solver_reads_it():
    found = study()
    table = read_losses(to_csv(found).encode(), "mine.csv")
    again = from_losses(table, "mine")
    for split in ("validation", "test"):
        for row, network in enumerate(found.networks):
            known = found.losses[split][row, [found.tasks.index(task) for task in network.tasks]]
            place = again.place(network.tasks, network.cost)
            there = again.losses[split][place, [again.tasks.index(task) for task in network.tasks]]
            np.testing.assert_array_equal(known, there)


def test_the_csv_tells_the_deviation_where_there_is_one():
    networks = (StudyNetwork(("a",)), StudyNetwork(("b",), 0.5))
    losses = np.array([[0.25, np.nan], [np.nan, 0.5]])
    spread = np.array([[0.125, np.nan], [np.nan, np.nan]])
    text = to_csv(Study("s", ("a", "b"), networks, {"test": losses}, {"test": spread}))
    assert text.splitlines() == [
        "setting,split,network,cost_snt,task,loss,spread",
        "s,test,a,1.0,a,0.25,0.125",
        "s,test,b,0.5,b,0.5,",
    ]


def test_a_name_with_a_plus_cannot_be_written_as_csv():
    with pytest.raises(KindredError, match="export the study as JSON, or rename the task"):
        to_csv(study(("a+b", "c", "d")))


def broken(change):
    content = json.loads(to_json(study()))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda content: content.update(format="kindred.study/2"), "'kindred.study/2', and must be"),
        (lambda content: content.update(format=None), "no study that this Kindred reads"),
        (lambda content: content.update(tasks="depth"), "`tasks` is \"depth\"; it must be a list"),
        (lambda content: content.pop("name"), "`name` is null; it must be a text"),
        (lambda content: content.update(orientation="target,source"), "transpose them"),
        (lambda content: content.update(weights=[1]), "weights, is \\[1\\]; it must be a list of 3"),
        (lambda content: content.update(affinity=[[1]]), "affinity.*3 rows"),
        (lambda content: content["affinity"].__setitem__(1, [1, 2]), "affinity, row 2.*3 finite numbers"),
        (lambda content: content.update(early_share="x"), "`early_share` is 'x'"),
        (lambda content: content["networks"].__setitem__(2, 7), "network 3 is 7; it must be an object"),
        (lambda content: content["networks"][0].update(tasks=["no"]), "network 1 holds \"no\""),
        (lambda content: content["networks"][0].update(tasks=[]), "must be an object with a list"),
        (lambda content: content["networks"][0].update(cost=0), "network 1: `cost` is 0"),
        (lambda content: content["networks"][0].update(losses=[1]), "`losses` is \\[1\\]; it must be an object"),
        (lambda content: content["networks"][3]["losses"].update(test=["x"]), "network 4, losses, test, is"),
        (lambda content: content["networks"][3].update(epochs=-1), "number of epochs is -1"),
        (lambda content: content["networks"].append(content["networks"][0]), "twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(change, said):
    with pytest.raises(KindredError, match=said) as refusal:
        from_json(broken(change), "mine.json")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", "{", "[]", '"text"'])
def test_what_is_no_study_is_refused(content):
    with pytest.raises(KindredError, match="mine.json is no"):
        from_json(content, "mine.json")
