import numpy as np
import pytest

from app.views.grouping_frames import budget_to_show, frames_of, knee_of, value_title
from app.views.grouping_more import explanation_sentence
from engine.grouping.alternatives import Explanation, alternatives, explain
from engine.grouping.candidates import Candidate
from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.problem import LOWER, GroupingProblem
from tests.app.views.grouping_page import shown, widget
from tests.app.views.stored import TASKS, trained


@pytest.fixture
def run(store):
    return trained(store)


@pytest.fixture
def problem(store, run):
    return GroupingProblem(tuple(TASKS), store.series(run).mean().affinity)


def solved(problem, budget):
    return next(solution for solution in solve_all_budgets(problem) if solution.budget == budget)


def test_the_next_best_groupings_are_computed_once_opened(show, run, problem):
    app = show("grouping", run=run, budget="2")
    assert not any("served together" in table.value for table in app.table)
    app.session_state["alternatives"] = True
    app = app.run()
    assert not app.exception and not app.error
    rows = next(table.value for table in app.table if "served together" in table.value)
    expected = alternatives(problem, 2, 10)
    assert rows["value"].tolist() == [f"{solution.value:.6g}" for solution in expected]
    assert rows["loss against the best"].iloc[0] == ""
    losses = [float(text.split()[0]) for text in rows["loss against the best"].iloc[1:]]
    assert losses == sorted(losses) and losses[0] > 0
    assert len(set(rows["served together"])) == len(expected) == 10


def test_why_two_tasks_are_together_or_apart_is_one_sentence(show, run, problem):
    app = show("grouping", run=run, budget="2")
    widget(app, "selectbox", "One serving task").set_value("a")
    widget(app, "selectbox", "Another serving task").set_value("a")
    assert "Choose two different tasks" in shown(app.run())
    for other in "bcde":
        widget(app, "selectbox", "Another serving task").set_value(other)
        app = app.run()
        found = explain(solved(problem, 2), "a", other)
        now, otherwise = ("together", "apart") if found.together else ("apart", "together")
        assert f"**a** and **{other}** are served {now}; kept {otherwise}, the best grouping would lose" in shown(app)
        assert f"**{-found.change:.3g}**" in shown(app)


def test_explanations_say_what_is_not_known(problem):
    solution = solved(problem, 2)
    assert "no grouping that serves them together was found" in explanation_sentence(
        solution, "a", "b", Explanation(False, None, None)
    )
    assert "would lose nothing" in explanation_sentence(solution, "a", "b", Explanation(True, solution, 0.0))
    better = explanation_sentence(solution, "a*", "b", Explanation(True, solution, 0.5))
    assert "**a\\*** and" in better and "better by **0.5**" in better


def test_the_steps_between_budgets_name_the_networks_that_come_and_go(problem):
    solutions = solve_all_budgets(problem)
    frames = frames_of(problem.budgets(), solutions)
    assert frames[0].step is None
    for last, here in zip(frames, frames[1:], strict=False):
        assert here.step.since == last.budget
        assert here.step.gained == pytest.approx(here.value - last.value)
        assert {*last.networks} - {*here.step.leave} | {*here.step.enter} == {*here.networks}
    assert knee_of(solutions) in (None, *problem.budgets())


def test_a_budget_without_a_grouping_is_infeasible_only_once_the_search_has_ended(problem):
    solutions = [None, *solve_all_budgets(problem)[1:]]
    frame, *others = frames_of(problem.budgets(), solutions, ended=False)
    assert (frame.value, frame.proved) == (None, False)
    assert others[0].step is None and others[1].step.since == 2
    assert frames_of(problem.budgets(), solutions)[0].proved


def test_losses_are_shown_as_losses():
    candidates = (Candidate(("a",), (-0.3,)), Candidate(("b",), (-0.6,)), Candidate(("a", "b"), (-0.4, -0.5)))
    problem = GroupingProblem(("a", "b"), candidates=candidates, direction=LOWER)
    one, two = frames_of(problem.budgets(), solve_all_budgets(problem))
    assert (one.value, two.value) == (pytest.approx(0.45), pytest.approx(0.4))
    assert two.step.gained == pytest.approx(-0.05)
    assert dict(two.networks[0].serves) == {"a": 0.3}
    assert "lower is better" in value_title(problem)


def test_the_budget_that_is_shown():
    found = [None, None, object(), object()]
    assert budget_to_show((1, 1.5, 2, 2.5), [None] * 4, None) == 2.5
    assert budget_to_show((1, 2, 3, 4), [None] * 4, None) == 3
    assert budget_to_show((1, 2, 3, 4), [None, None, None, object()], None) == 4
    assert budget_to_show((1, 2, 3, 4), found, 1) == 1
    assert budget_to_show((2, 3, 4, 5), found, 1) == 2
    assert budget_to_show((1, 2, 3, 4), found, 2.5) == 2
    assert budget_to_show((1, 2, 3, 4), found, 99) == 4
    assert np.isscalar(budget_to_show((0.5, 1), [None] * 2, 0.5))
