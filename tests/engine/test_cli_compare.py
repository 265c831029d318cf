"""``compare`` on the command line."""

import json

import numpy as np
import pytest

from engine.affinity.comparison import compare
from engine.affinity.matrix import AffinityMatrix
from engine.affinity.uncertainty import SeedGroup
from engine.cli import main
from tests.app.views.stored import TASKS, seeds, with_readings


def compared(capsys, *arguments):
    assert main(["compare", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def side(run, reading, start=0, stop=120, updates=120):
    return {"run": run, "reading": reading, "from": start, "to": stop, "updates": updates}


def test_two_readings_of_one_run_with_correlations_intervals_and_difference(store, capsys):
    run_id = with_readings(store, "gradient_cosine", "mixing")
    found = compared(capsys, run_id)
    assert found["left"] == side(run_id, "affinity") and found["right"] == side(run_id, "gradient_cosine")
    means = [store.series(run_id, reading).mean().affinity for reading in ("affinity", "gradient_cosine")]
    expected = compare(TASKS, means[0], TASKS, means[1])
    assert found["tasks"] == TASKS and found["entries"] == 20 and found["orientation"] == "source,target"
    for name in ("pearson", "spearman"):
        each = getattr(expected, name)
        assert found[name] == {"value": each.value, "low": each.low, "high": each.high}
    difference = np.array(found["difference"], dtype=np.float64)
    np.testing.assert_array_equal(difference, expected.difference("standardised"))
    assert found["scale"] == "standardised" and found["difference"][0][0] is None
    named = compared(capsys, run_id, "--reading", "mixing", "--reading2", "affinity", "--difference", "rank")
    assert named["left"] == side(run_id, "mixing", updates=12) and named["right"] == side(run_id, "affinity")
    assert named["scale"] == "rank"


def test_two_runs_are_compared_by_the_same_reading(store, capsys):
    one, other = with_readings(store, "mixing"), with_readings(store, "mixing", seed=1)
    found = compared(capsys, one, other, "--reading", "mixing", "--from", "30", "--to", "90")
    assert found["left"] == side(one, "mixing", 30, 90, 6) and found["right"] == side(other, "mixing", 30, 90, 6)


def test_early_and_late_in_one_run(store, capsys):
    run_id = with_readings(store, "mixing")
    found = compared(capsys, run_id, "--to", "60", "--from2", "60")
    assert found["left"] == side(run_id, "affinity", 0, 60, 60)
    assert found["right"] == side(run_id, "affinity", 60, 120, 60)


def test_seeds_are_compared_by_their_means(store, capsys):
    ids = seeds(store, also=("mixing",))
    found = compared(capsys, ids[1], "--group", "--reading2", "mixing")
    means = [
        SeedGroup(tuple(store.series(run_id, reading) for run_id in ids)).mean().affinity
        for reading in ("affinity", "mixing")
    ]
    assert found["spearman"]["value"] == compare(TASKS, means[0], TASKS, means[1]).spearman.value


def test_what_is_not_known_is_null(store, capsys):
    ids = [store.add_matrix(AffinityMatrix(("a", "b", "c"), values), "m") for values in (np.eye(3), np.ones((3, 3)))]
    found = compared(capsys, *ids)
    assert found["pearson"] == found["spearman"] == {"value": None, "low": None, "high": None}
    assert main(["compare", *ids]) == 0
    assert "unknown: all entries of one side are equal" in capsys.readouterr().out


def test_in_words(store, capsys):
    run_id = with_readings(store, "mixing")
    assert main(["compare", run_id]) == 0
    text = capsys.readouterr().out
    found = compared(capsys, run_id)["spearman"]
    assert f"Spearman  {found['value']:.3f}, 95 % interval {found['low']:.3f} to {found['high']:.3f}" in text
    assert f"left:     affinity of {run_id}, steps 0–120" in text and "rows = source, columns = target" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ONE",), "one reading only, affinity; name another run, or another interval"),
        (("ONE", "--reading2", "mixing"), "has no reading 'mixing'; it has affinity"),
        (("ONE", "--reading", "mixin"), "Did you mean 'mixing'?"),
        (("ONE", "NOTHING"), "has nothing to compare yet"),
        (("ONE", "STRANGER"), "no task in common"),
        (("ONE", "nope"), "no run 'nope'"),
        (("ONE", "--group"), "leave out --group"),
        (("ONE", "--reading2", "affinity", "--from", "900"), "holds no window"),
    ],
)
def test_bad_input_is_one_sentence(store, capsys, arguments, said):
    names = {
        "ONE": with_readings(store),
        "NOTHING": with_readings(store, affinity=False),
        "STRANGER": store.add_matrix(AffinityMatrix(("x", "y", "z"), np.eye(3)), "m"),
    }
    assert main(["compare", *(names.get(each, each) for each in arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and said in error and error.count("\n") == 1
