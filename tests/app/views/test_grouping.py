import json
import re

import numpy as np
import pytest

from app.components.subject import GROUP
from engine.affinity.uncertainty import SeedGroup
from engine.grouping.candidates import Candidate
from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.export import to_file, to_json
from engine.grouping.problem import LOWER, GroupingProblem
from engine.runs.config import RunConfig
from tests.app.views.grouping_page import grouping_of, networks_of, patient, shown, widget  # noqa: F401
from tests.app.views.stored import TASKS, seeds, tracked, trained, windows

pytestmark = pytest.mark.usefixtures("patient")


@pytest.mark.parametrize("budget", [1, 2, 4])
def test_the_page_shows_the_solver_s_grouping(show, store, budget):
    run = store.runs()[0]
    app = show("grouping", run=run.id, budget=str(budget))
    assert not app.exception and not app.error
    solution = solve_all_budgets(GroupingProblem(run.tasks, store.series(run.id).mean().affinity))[budget - 1]
    assert f"Value **{solution.value:.6g}**" in shown(app)
    assert "Proved optimal" in shown(app)
    assert networks_of(app) == sorted(sorted(network.tasks) for network in solution.networks)


def test_only_the_chosen_tasks_are_served(show, store):
    run = store.runs()[0]
    app = show("grouping", run=run.id, serve='["Goatee", "Mustache"]', budget="2")
    served = set().union(*(served for _, served in grouping_of(app).values()))
    assert served == {"Goatee", "Mustache"}
    assert "2 serving tasks" in shown(app)


def served(app):
    return set().union(*(served for _, served in grouping_of(app).values()))


def test_a_run_s_primary_tasks_are_served_until_others_are_chosen(show, store):
    run_id = store.create(RunConfig("yeast", primary="b, d"))
    token = store.claim(run_id)
    store.write(run_id, token, windows(0), tasks=TASKS, metrics=["acc"] * 5, step=120, steps=120, status="finished")
    app = show("grouping", run=run_id, budget="1")
    assert served(app) == {"b", "d"} and "serve" not in app.query_params
    assert served(show("grouping", run=run_id, budget="1", exclude='["b"]', singleton="0.0")) == {"d"}
    assert served(show("grouping", run=run_id, budget="1", exclude='["b", "d"]')) == {"a", "c", "e"}
    every = show("grouping", run=run_id, budget="1", serve=json.dumps(TASKS))
    assert served(every) == set(TASKS) and json.loads(every.query_params["serve"]) == TASKS
    assert served(show("grouping", run=trained(store), budget="1")) == set(TASKS)


def test_without_a_serving_task_the_way_out_is_said(show):
    assert "choose at least one serving task" in show("grouping", serve="[]").error[0].value


def test_a_serving_task_that_the_run_lacks_is_named(show):
    app = show("grouping", serve='["Goatee", "Moustache"]')
    assert not app.exception
    assert "Moustache" in app.error[0].value


@pytest.mark.parametrize(("rule", "budget"), [("diagonal", "9"), ("0.0", "9"), ("-12.5", "3")])
def test_the_singleton_rule_reaches_the_solver(show, store, rule, budget):
    run = store.runs()[0]
    app = show("grouping", run=run.id, singleton=rule, budget=budget)
    value = rule if rule == "diagonal" else float(rule)
    problem = GroupingProblem(run.tasks, store.series(run.id).mean().affinity, singleton=value)
    assert f"Value **{solve_all_budgets(problem)[int(budget) - 1].value:.6g}**" in shown(app)


def test_a_budget_beyond_the_tasks_shows_the_largest(show, store):
    app = show("grouping", run=store.runs()[0].id, budget="99")
    assert not app.exception and not app.error


def opened(app, content):
    app.file_uploader[0].set_value(("grouping.json", content, "application/json"))
    return app.run()


def test_a_grouping_file_is_shown_as_exported(show, store):
    problem = GroupingProblem(("<b>a</b>", "b", "c"), np.random.default_rng(1).normal(size=(3, 3)), ("b", "c"))
    solution = solve_all_budgets(problem)[1]
    app = opened(show("grouping"), to_json(solution, {"file": "*elsewhere*"}).encode())
    assert not app.exception and not app.error
    assert f"Value **{solution.value:.6g}**" in shown(app) and "2 serving tasks" in shown(app)
    assert "Shown as exported" in shown(app) and "\\*elsewhere\\*" in shown(app)
    found = grouping_of(app)
    assert [tasks for tasks, _ in found.values()] == [
        {task.replace("<", "\\<").replace(">", "\\>") for task in network.tasks} for network in solution.networks
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "kindred.grouping/2"}, "has version 2"),
        ({"value": 99.0}, "networks are worth"),
        ({"serving": ["nobody"]}, "nobody"),
        ({"budget": 0}, "number of SNT in half steps"),
    ],
)
def test_a_bad_grouping_file_is_one_sentence(show, change, said):
    problem = GroupingProblem(("a", "b"), np.array([[0.0, 1.0], [2.0, 0.0]]))
    content = to_file(solve_all_budgets(problem)[0], {"file": "m.csv"}) | change
    app = opened(show("grouping"), json.dumps(content).encode())
    assert not app.exception
    assert said in app.error[0].value.replace("\\", "")


def test_a_file_of_losses_shows_them_as_losses(show):
    candidates = (Candidate(("a",), (-0.3,), 0.5), Candidate(("b",), (-0.6,), 0.5), Candidate(("a", "b"), (-0.2, -0.5)))
    problem = GroupingProblem(("a", "b"), candidates=candidates, direction=LOWER)
    (solution,) = solve_all_budgets(problem, [1])
    app = opened(show("grouping"), to_json(solution, {"file": "losses.csv"}).encode())
    assert not app.exception and not app.error
    assert "Value **0.35**" in shown(app) and "lower is better" in shown(app)
    assert "0.2" in set(next(table.value for table in app.table if "role" in table.value)["predicted score"])


def test_what_is_no_grouping_file_is_said(show):
    app = opened(show("grouping"), b"\xff\x00nonsense")
    assert not app.exception
    assert "not UTF-8" in app.error[0].value.replace("\\", "")


def test_the_noise_of_the_affinities_is_said_of_value_and_grouping(show, store):
    app = show("grouping", run=trained(store, noise=6.0), budget="2")
    assert not app.exception and not app.error
    assert "of 200 bootstrap replicates; expected regret" in shown(app) and "± " in shown(app)
    assert "reliability of ." in app.warning[0].value


def test_sure_affinities_give_the_same_grouping_in_every_replicate_and_no_warning(show, store):
    app = show("grouping", run=trained(store, noise=1e-4), budget="2")
    assert "best in **100 %** of 200" in shown(app) and not app.warning


def test_the_interval_and_each_network_s_frequency_are_shown(show, store):
    run = trained(store, noise=6.0)
    app = show("grouping", run=run, budget="2")
    assert re.search(r"90 % of the replicates between -?[\d.]+ and -?[\d.]+", shown(app))
    assert "searched, not proved" not in shown(app)
    frame = next(table.value for table in app.table if "role" in table.value)
    shares = frame.groupby("network")["in replicates"].nunique()
    assert (shares == 1).all() and frame["in replicates"].str.fullmatch(r"\d+ %").all()


def test_each_network_is_told_beside_the_pairs_once_they_are_opened(show, store):
    app = show("grouping", run=trained(store, noise=6.0), budget="2")
    assert not any("comes out in" in table.value for table in app.table)
    app.session_state["together"] = True
    app = app.run()
    assert not app.exception
    table = next(table.value for table in app.table if "comes out in" in table.value)
    networks = {", ".join(sorted(served)) for _, served in grouping_of(app).values()}
    assert set(table["serves"]) == networks and table["comes out in"].str.fullmatch(r"\d+ %").all()


def test_the_most_robust_grouping_is_named_by_either_objective(show, store):
    app = show("grouping", run=trained(store, noise=6.0), budget="2", robust="tenth")
    choice = widget(app, "selectbox", "Robust objective")
    assert choice.value == "tenth"
    assert "more robust" in shown(app) or "most robust one too" in shown(app)
    app = choice.set_value("spread").run()
    assert not app.exception and "robust" not in app.query_params
    sure = show("grouping", run=trained(store, noise=1e-4), budget="2")
    assert "The grouping above is the most robust one too." in shown(sure)


def test_stability_is_left_out_where_it_is_not_known(show, store):
    assert "bootstrap" not in shown(show("grouping", run=trained(store, 3), budget="2"))
    assert "bootstrap" not in shown(show("grouping", run=store.runs()[-1].id))
    short = store.create_tracked("short", TASKS, {"affinity": "auto"}, "affinity per unit of step size")
    store.write(*short, windows(0, 2), step=20)
    assert "once 4 windows are observed" in shown(show("grouping", run=short[0]))


def test_stability_is_known_while_a_run_trains(show, store):
    said = shown(show("grouping", run=tracked(store), budget="2"))
    assert "of 200 bootstrap replicates" in said


def test_the_pooled_matrix_of_seeds_is_grouped(show, store):
    ids = seeds(store, noise=1.0)
    app = show("grouping", run=GROUP + ids[0], budget="2")
    assert not app.exception and not app.error
    mean = SeedGroup(tuple(store.series(run_id) for run_id in ids)).mean()
    solution = solve_all_budgets(GroupingProblem(tuple(TASKS), mean.affinity))[1]
    assert f"Value **{solution.value:.6g}**" in shown(app)


def test_tasks_that_were_never_observed_together_cannot_both_be_served(show, store):
    run_id = tracked(store, "finished", skipped=True)
    assert "never observed" in show("grouping", run=run_id).error[0].value
    app = show("grouping", run=run_id, serve='["b", "c", "d"]', budget="2")
    assert not app.exception and not app.error
    assert "Left out" in shown(app) and "bootstrap replicates" in shown(app)
