"""The panel of conditions and their prices."""

import json

import pytest

from app import state
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.prices import prices
from engine.grouping.problem import GroupingProblem
from tests.app.views.grouping_page import grouping_of, patient, shown, widget  # noqa: F401
from tests.app.views.stored import TASKS, tracked, trained

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def run(store):
    return trained(store)


def chosen(app, run, one, other=None):
    app.selectbox(key=f"what-if-one-{run}").set_value(one)
    app.selectbox(key=f"what-if-other-{run}").set_value(other)
    return app.run()


def pressed(app, key):
    app = app.button(key=f"what-if-{key}").click().run()
    assert not app.exception
    return app


def priced(store, run, budget, **constraints):
    affinity = store.series(run).mean().affinity
    problem = GroupingProblem(tuple(TASKS), affinity, constraints=Constraints(**constraints))
    solution = next(each for each in solve_all_budgets(problem) if each and each.budget == budget)
    return list(prices(solution))


def test_a_condition_set_from_the_panel_has_its_price_and_goes_again(show, store, run):
    app = show("grouping", run=run, budget="3")
    assert "set a condition" in shown(app)
    app = pressed(chosen(app, run, "a", "e"), "together")
    assert json.loads(app.query_params["together"]) == [["a", "e"]]
    assert widget(app, "multiselect", "Keep together").value == ["a", "e"]  # the widgets above show it too
    (price,) = priced(store, run, 3, together=(("a", "e"),))
    said = f"Keep a, e together: costs **{price.gained:.3g}**" if price.gained else "Keep a, e together: costs nothing"
    assert said in shown(app).replace("\\", "") and "proved" in shown(app)
    app = pressed(app, "drop-0")
    assert "together" not in app.query_params and "costs" not in shown(app)


def test_all_conditions_can_be_set_and_what_lifting_all_gains_is_told(show, store, run):
    app = show("grouping", run=run, budget="3")
    app = pressed(chosen(app, run, "a", "b"), "apart")
    app = pressed(chosen(app, run, "c"), "exclude")
    app = pressed(app, "limit")
    most = int(app.query_params["max_size"])
    assert json.loads(app.query_params["apart"]) == [["a", "b"]] and json.loads(app.query_params["exclude"]) == ["c"]
    network = next(sorted(tasks) for tasks, served in grouping_of(app).values() if "d" in served)
    app = pressed(chosen(app, run, "d"), "pin")
    assert json.loads(app.query_params["pin"]) == {"d": network}
    said = shown(app).replace("\\", "")
    for line in ("Keep a, b apart", "Exclude c", f"d stays in the network of {', '.join(network)}"):
        assert f"{line}: costs" in said
    assert f"At most {most} task" in said and "lifting all would gain" in said
    app = pressed(app, "all")
    assert not {"apart", "exclude", "max_size", "pin"} & set(app.query_params) and "costs" not in shown(app)


def test_only_what_can_be_asked_is_offered(show, run):
    app = show("grouping", run=run, budget="2")

    def offered(app):
        names = ("together", "apart", "pin", "exclude")
        return {name for name in names if not app.button(key=f"what-if-{name}").disabled}

    assert not offered(app)
    assert offered(chosen(app, run, "a")) == {"pin", "exclude"}
    assert offered(chosen(app, run, "a", "a")) == {"pin", "exclude"}
    assert offered(chosen(app, run, "a", "b")) == {"together", "apart", "pin", "exclude"}
    app = pressed(app, "pin")
    assert offered(app) == {"together", "apart", "exclude"}


def test_conditions_that_cannot_be_met_can_be_dropped_where_that_is_said(show, run):
    app = show("grouping", run=run, budget="3", together='[["a","b"]]', apart='[["a","b"]]')
    assert len(app.error) == 1
    app = pressed(app, "drop-1")
    assert not app.error and "apart" not in app.query_params and "together" in app.query_params


def test_a_condition_that_does_not_bind_costs_nothing(show, run):
    app = show("grouping", run=run, budget="3", max_size="5")
    assert "At most 5 tasks a network: costs nothing, proved" in shown(app)


def test_prices_are_told_while_a_run_trains(show, store):
    app = show("grouping", run=tracked(store), budget="3", apart='[["a","b"]]')
    assert "Keep a, b apart: costs" in shown(app)


def test_the_panel_speaks_chinese(show, run, monkeypatch):
    monkeypatch.setattr(state, "language", lambda: "zh")
    app = show("grouping", run=run, budget="3", apart='[["a","b"]]', language="zh")
    assert not app.exception
