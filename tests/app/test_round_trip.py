"""Every choice that a page writes into its address is taken from there again, and left as it was."""

from collections.abc import Callable
from typing import Any

import pytest

from app import state
from app.main import PAGES
from engine.datasets.tables.keeping import keep
from engine.runs.config import RunConfig
from engine.runs.store import Store
from engine.runs.sweep import prepare
from engine.texts import speaking
from tests.app.views.stored import learned, seeds, trained, with_readings
from tests.app.views.stored_models import curves, federated, linear, rounds
from tests.app.views.studied import studied
from tests.engine.datasets.tables.made import as_csv, houses

Choices = dict[str, Any]
EVERYWHERE = {"language": "zh", "tour": 2}


def _runs(store: Store) -> list[Choices]:
    return [{}]


def _data(store: Store) -> list[Choices]:
    looked = {"samples_of": "validation", "samples_page": 2}
    table = keep(as_csv(houses(400)), "houses.csv", store.tables).name
    columns = {"targets": ("heating", "sold"), "kinds": (("garden", "category"),), "leave_out": ("always",)}
    split = {"row_split": "group", "split_by": "built"}
    return [
        {"dataset": "digit_pairs", "data_part": 1, **looked},
        {"dataset": "table", "table": table, **columns, **split, **looked},
    ]


SERVED = {"serve": ("a", "b", "c"), "aggregate": "sum", "singleton": "0.0", "budget": 2.5, "half": True}
CONDITIONS = {"together": (("a", "b"),), "apart": (("b", "c"),), "exclude": ("e",), "pin": (("c", ("c", "d")),)}
LIMITS = {"weights": (("a", 2.0),), "max_size": 3, "auxiliaries": 1}
GROUPING = {"interval": (20, 100), **SERVED, **CONDITIONS, **LIMITS, "robust": "tenth", "moments": "around"}
SHOWN = {"mode": "step", "scale": "target", "unsure": False}
ARROWS = {"threshold": 0.25, "top": 4, "node": "b"}


def _overview(store: Store) -> list[Choices]:
    run = with_readings(store, "gradient_cosine")
    shown = {"run": run, "order": "cluster", "pair": ("a", "b"), "group": ("a", "b"), **SHOWN, **ARROWS}
    return [GROUPING | shown, shown | {"reading": "gradient_cosine", "order": "name", "interval": (20, None)}]


def _affinity(store: Store) -> list[Choices]:
    shown = {"run": with_readings(store, "mixing"), "reading": "mixing", "interval": (20, 100), "pair": ("a", "b")}
    return [SHOWN | shown | {"order": "cluster", "cut": 2}]


def _graph(store: Store) -> list[Choices]:
    run = with_readings(store, "gradient_cosine")
    return [{"run": run, "reading": "gradient_cosine", "interval": (20, 100), **SHOWN, **ARROWS}]


def _training(store: Store) -> list[Choices]:
    return [
        {"run": learned(store), "curves": ("e", "b")},
        {"run": linear(store, content=curves()), "curve_of": "c", "measure": "difference"},
        {"run": federated(store, content=rounds()), "curve_of": "c", "against": "bytes"},
    ]


def _grouping(store: Store) -> list[Choices]:
    return [GROUPING | {"run": trained(store)}]


def _compare(store: Store) -> list[Choices]:
    runs = [with_readings(store, "mixing", "gradient_cosine", seed=seed) for seed in range(2)]
    group = f"seeds:{store.run(seeds(store, also=('mixing',))[0]).group}"
    alike = {"reading": "mixing", "part": "first", "difference": "rank", "order": "cluster"}
    sides = {"run": runs[0], "other": runs[1], "other_reading": "gradient_cosine", "other_part": "second"}
    several = {"runs": (group, *runs), "baseline": runs[1], "every_setting": True, "final": "losses", "split": "test"}
    return [alike | sides | {"scale": "centred"}, alike | several]


def _sweeps(store: Store) -> list[Choices]:
    for name in ("mine", "theirs"):
        prepare(store, name, RunConfig("yeast", epochs=1, affinity="none"), 1)
    return [{"sweep": "mine", "split": "test"}]


def _studies(store: Store) -> list[Choices]:
    beside, _, study = (studied(store, tasks=("a", "b", "c", "d"), seed=seed) for seed in range(3))
    of = {"study": study, "loss_split": "early_stopped"}
    return [
        of | {"gain_over": "full"},
        of | {"study_part": "networks"},
        of | {"study_part": "groupings", "study_budget": 1.5, "way": "all-in-one"},
        of | {"study_part": "alike", "beside": beside},
    ]


def _verify(store: Store) -> list[Choices]:
    study = studied(store, networks="half_singles,singles,pairs")
    of = {"study": study, "study_budget": 1.5, "predictor": "surrogate", "every_set": False, "replayed": 5}
    return [of | {"verify_part": "predicted", "foretold": "unknown"}]


CHOICES: dict[str, Callable[[Store], list[Choices]]] = {
    "runs": _runs,
    "data": _data,
    "overview": _overview,
    "affinity": _affinity,
    "graph": _graph,
    "training": _training,
    "grouping": _grouping,
    "compare": _compare,
    "sweeps": _sweeps,
    "studies": _studies,
    "verify": _verify,
    "found": _runs,
}


@pytest.mark.parametrize("page", PAGES)
def test_every_choice_of_a_page_survives_its_address(show, store, monkeypatch, page):
    written, write = set(), state.write_url
    monkeypatch.setattr(state, "write_url", lambda *names: written.update(names) or write(*names))
    given = set()
    for choices in CHOICES[page](store):
        address = {name: state._PARAMETERS[name].write(value) for name, value in (EVERYWHERE | choices).items()}
        app = show(page, **address)
        assert not app.exception and not app.error, [each.value for each in app.error]
        assert dict(app.query_params) == address
        app.session_state["keeping"] = True  # an expander that is else drawn only once it is opened
        with speaking(EVERYWHERE["language"]):
            assert dict(app.run().query_params) == address  # whatever is drawn again
        given |= choices.keys()
    assert written == given


@pytest.mark.parametrize("rule", ["forbid", "diagonal", "0.0"])
def test_how_a_task_alone_scores_is_offered_as_it_was_chosen(show, store, rule):
    chosen = show("grouping", run=trained(store)).selectbox(key="pick-singleton").set_value(rule).run()
    copied = show("grouping", **chosen.query_params)
    assert copied.selectbox(key="pick-singleton").value == rule
    assert copied.query_params == chosen.query_params
