import json

import numpy as np
import pytest

from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.feasibility import refuse
from engine.grouping.problem import GroupingProblem
from tests.app.views.grouping_page import grouping_of, networks_of, shown, widget
from tests.app.views.stored import TASKS, trained


@pytest.fixture
def run(store):
    return trained(store)


@pytest.fixture
def problem(store, run):
    """``problem(**arguments)`` of the run's affinities."""
    affinity = store.series(run).mean().affinity
    return lambda **arguments: GroupingProblem(tuple(TASKS), affinity, **arguments)


def best(problem, budget):
    return next(s for s in solve_all_budgets(problem) if s is not None and s.budget == budget)


CASES = {
    "together": ({"together": '[["a","e"],["b","c","d"]]'}, {"together": (("a", "e"), ("b", "c", "d"))}),
    "apart": ({"apart": '[["a","b","c"]]'}, {"apart": (("a", "b", "c"),)}),
    "exclude": ({"exclude": '["d"]'}, {"excluded": ("d",)}),
    "pin": ({"pin": '{"a":["a","b"]}'}, {"pinned": (("a", ("a", "b")),)}),
    "max_size": ({"max_size": "2"}, {"max_size": 2}),
    "no auxiliaries": ({"auxiliaries": "0"}, {"max_auxiliaries": 0}),
}


@pytest.mark.parametrize(("address", "constraints"), CASES.values(), ids=list(CASES))
def test_an_address_with_a_condition_shows_the_grouping_that_keeps_to_it(show, run, problem, address, constraints):
    app = show("grouping", run=run, budget="3", **address)
    assert not app.exception and not app.error
    solution = best(problem(constraints=Constraints(**constraints)), 3)
    assert f"Value **{solution.value:.6g}**" in shown(app)
    assert networks_of(app) == sorted(sorted(network.tasks) for network in solution.networks)
    assert {name: app.query_params[name] for name in address} == address
    assert app.expander[1].proto.expanded


def test_weights_count_in_the_value(show, run, problem):
    app = show("grouping", run=run, budget="2", weights='{"a":3,"e":0.5}')
    solution = best(problem(weights={"a": 3.0, "e": 0.5}), 2)
    assert f"Value **{solution.value:.6g}** (weighted mean" in shown(app)
    assert app.query_params["weights"] == '{"a":3.0,"e":0.5}'


def test_half_size_networks_make_budgets_of_half_steps(show, run, problem):
    app = show("grouping", run=run, budget="1.5", half="single", singleton="0.25")
    solution = best(problem(singleton=0.25, capacities=(HALF_SINGLE, FULL)), 1.5)
    assert f"Value **{solution.value:.6g}**" in shown(app) and f"Uses {solution.cost:g} of 1.5 SNT" in shown(app)
    assert app.query_params["budget"] == "1.5"


def test_half_size_networks_need_a_score_for_a_task_alone(show, run):
    app = show("grouping", run=run, budget="2.5", half="single")
    assert "Has no effect yet" in shown(app) and app.query_params["budget"] == "2"


def test_conditions_are_closed_until_one_is_set(show, run):
    app = show("grouping", run=run)
    assert app.expander[1].label == "Conditions" and not app.expander[1].proto.expanded


def test_choices_of_the_widgets_reach_solver_and_address(show, run, problem):
    app = show("grouping", run=run, budget="3")
    widget(app, "multiselect", "Keep apart").set_value(["a", "b"])
    app = app.run()
    widget(app, "multiselect", "Keep apart, group 2").set_value(["c", "d", "e"])
    widget(app, "number_input", "Largest network").set_value(3)
    widget(app, "selectbox", "Auxiliaries of a network").set_value(1)
    app = app.run()
    assert not app.exception and not app.error
    constraints = Constraints(apart=(("a", "b"), ("c", "d", "e")), max_size=3, max_auxiliaries=1)
    assert f"Value **{best(problem(constraints=constraints), 3).value:.6g}**" in shown(app)
    assert app.query_params["apart"] == '[["a","b"],["c","d","e"]]'
    widget(app, "multiselect", "Keep apart").set_value([])  # the second row stays where it is
    app = app.run()
    assert app.query_params["apart"] == '[["c","d","e"]]'
    app = next(button for button in app.button if button.label == "Drop all conditions").click().run()
    assert not {"apart", "max_size", "auxiliaries"} & set(app.query_params)
    assert f"Value **{best(problem(), 3).value:.6g}**" in shown(app)


def test_one_task_alone_is_no_group_yet(show, run):
    app = show("grouping", run=run)
    widget(app, "multiselect", "Keep together").set_value(["a"])
    app = app.run()
    assert not app.exception and not app.error and "together" not in app.query_params


def test_an_excluded_task_can_no_longer_be_served(show, run):
    app = show("grouping", run=run, budget="2")
    widget(app, "multiselect", "Exclude").set_value(["c"])
    app = app.run()
    assert not app.exception and not app.error
    assert "4 serving tasks" in shown(app) and "serve" not in app.query_params
    assert not any("c" in tasks for tasks, _ in grouping_of(app).values())
    widget(app, "multiselect", "Exclude").set_value([])
    assert "5 serving tasks" in shown(app.run())


def test_a_task_is_pinned_to_the_network_that_serves_it_on_the_screen(show, run):
    app = show("grouping", run=run, budget="2")
    network = next(sorted(tasks) for tasks, served in grouping_of(app).values() if "a" in served)
    widget(app, "multiselect", "Pin to the network that serves it now").set_value(["a"])
    app = app.run()
    assert not app.exception and not app.error
    assert json.loads(app.query_params["pin"]) == {"a": network}
    widget(app, "number_input", "Largest network").set_value(len(network))
    app = app.run()
    assert network in networks_of(app) and json.loads(app.query_params["pin"]) == {"a": network}


def test_conditions_that_cannot_be_met_are_refused_in_the_engine_s_words(show, run, problem):
    app = show("grouping", run=run, budget="3", together='[["a","b"]]', apart='[["a","b"]]')
    assert not app.exception and len(app.error) == 1
    constraints = Constraints(together=(("a", "b"),), apart=(("a", "b"),))
    refusal = str(refuse(problem(constraints=constraints), 5))
    assert app.error[0].value.replace("\\", "") == refusal and "keep a, b together" in refusal
    widget(app, "multiselect", "Keep apart").set_value([])
    assert not app.run().error


def test_a_budget_too_small_for_the_conditions_says_which_one_suffices(show, run):
    app = show("grouping", run=run, budget="1", apart='[["a","b","c"]]')
    assert not app.exception
    assert "The least budget that suffices is 3 SNT" in app.error[0].value.replace("\\", "")
    assert not app.table


def test_without_a_chosen_budget_one_that_suffices_is_shown(show, run):
    app = show("grouping", run=run, apart='[["a","b","c","d"]]')
    assert not app.error and app.query_params["budget"] == "4"


@pytest.mark.parametrize(
    "address",
    [{"together": '[["a","nobody"]]'}, {"exclude": '["nobody"]'}, {"pin": '{"a":["a","nobody"]}'},
     {"pin": '{"nobody":["a","nobody"]}'}, {"weights": '{"nobody":2}'}],
)  # fmt: skip
def test_a_condition_on_a_task_that_the_run_lacks_is_named_and_left_out(show, run, address):
    app = show("grouping", run=run, **address)
    assert not app.exception and len(app.error) == 1
    assert "nobody" in app.error[0].value and "Value **" in shown(app)
    assert len(app.run().error) == 1  # said until something else is chosen
    widget(app, "multiselect", "Exclude").set_value(["d"])
    assert not app.run().error


def test_conditions_are_forgotten_with_the_run_where_they_name_tasks(show, store, run):
    app = show("grouping", run=run, apart='[["a","b"]]', max_size="3")
    other = next(each.id for each in store.runs() if each.id != run)
    app.selectbox(key="pick-run").set_value(other)
    app = app.run()
    assert not app.exception and not app.error
    assert "apart" not in app.query_params and app.query_params["max_size"] == "3"


def test_an_excluded_task_without_observations_does_not_stand_in_the_way(show, store):
    from tests.app.views.stored import tracked

    run_id = tracked(store, "finished", skipped=True)
    app = show("grouping", run=run_id, exclude='["a"]', budget="2")
    assert not app.exception and not app.error
    assert "4 serving tasks" in shown(app)
    assert np.isnan(store.series(run_id).mean().affinity).any()
