import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.solving import solve
from engine.reports.findings import findings, plain_problem
from engine.runs.config import RunConfig
from tests.app.views.stored import learned, seeds, trained, windows


def test_the_grouping_is_that_of_the_interval_budget_and_tasks(store):
    run = store.run(trained(store))
    serving = run.tasks[:3]
    found = findings(store, [run], step_from=20, step_to=100, budget=2, problem=plain_problem(serving))
    assert (found.mean.step_from, found.mean.step_to) == (20, 100)
    problem = plain_problem(serving)(run, store.series(run.id).mean(20, 100))
    assert found.grouping.chosen.value == solve(problem, 2).value
    assert found.grouping.chosen.budget == 2 and problem.serving == serving
    assert found.grouping.source["from"] == 20 and found.grouping.stability.replicates > 9
    assert [each.budget for each in found.grouping.solutions] == sorted(
        each.budget for each in found.grouping.solutions
    )


def test_without_a_budget_about_three_networks_are_told(store):
    assert findings(store, [store.run(trained(store))]).grouping.chosen.budget == 3


def test_what_cannot_be_grouped_is_reported_all_the_same(store):
    found = findings(store, [store.run(trained(store))], budget=0.5)
    assert found.grouping is None and found.refusal and found.pairs

    def refuse(*_):
        raise KindredError("No task is served.")

    assert findings(store, [found.run], problem=refuse).refusal == "No task is served."


def test_primary_tasks_are_served(store):
    run_id = store.create(RunConfig("yeast", primary="Class1,Class2"), "mine")
    token = store.claim(run_id)
    tasks = [f"Class{number}" for number in range(1, 6)]
    store.write(run_id, token, windows(0), tasks=tasks, metrics=["acc"] * 5, step=120, steps=120, status="finished")
    assert findings(store, [store.run(run_id)]).grouping.chosen.problem.serving == ("Class1", "Class2")


def test_seeds_are_one_with_the_error_between_them(store):
    runs = list(map(store.run, seeds(store)))
    found = findings(store, runs)
    assert found.mean.seeds == 3 and found.name == runs[0].group
    assert found.grouping.source["seeds"] == ", ".join(run.id for run in runs)


def test_a_published_matrix_has_neither_errors_nor_a_course(store):
    run = next(run for run in store.runs() if run.origin == "published")
    found = findings(store, [run])
    assert not found.errors_known and not found.over_time and found.movement is None
    assert np.isnan(found.reliability) and found.grouping.stability is None


def test_a_run_without_affinities_is_refused(store):
    with pytest.raises(KindredError, match="has observed no affinity"):
        findings(store, [store.run(learned(store))])
    with pytest.raises(KindredError, match="holds no window"):
        findings(store, [store.run(trained(store))], step_from=10**6)
