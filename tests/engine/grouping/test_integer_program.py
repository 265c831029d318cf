import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import exact_subsets, integer_program
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from tests.engine.grouping.references import MATRICES, random_problem

KINDS = list(MATRICES)


@pytest.mark.parametrize("seed", range(220))
def test_agrees_with_the_search_through_subsets(seed):
    problem = random_problem(seed, 2 + seed % 5, KINDS[seed % len(KINDS)])
    budget = 1 + seed % 3
    found, exact = integer_program.solve(problem, budget), exact_subsets.solve(problem, budget)
    more = exact_subsets.solve(problem, len(problem.serving)).value - exact_subsets.solve(problem, 1).value
    tolerance = 1e-6 * more + 1e-15 * abs(exact.value)  # of what a larger budget can gain at all
    assert found.value == pytest.approx(exact.value, rel=0, abs=tolerance)
    assert found.value == evaluate(problem, found.networks, budget) == found.bound
    assert found.proved_optimal and found.gap == 0
    assert found.solver == "integer_program" and found.budget == budget and found.seconds > 0


@pytest.mark.parametrize("seed", range(20, 24))
def test_a_grouping_that_is_better_by_a_hair_is_not_dropped(seed):
    rng = np.random.default_rng(seed)
    affinity = rng.integers(-2, 3, (5, 5)) + 1e-4 * rng.normal(size=(5, 5))
    problem = GroupingProblem(tuple("abcde"), affinity)
    exact = exact_subsets.solve(problem, 2).value
    assert integer_program.solve(problem, 2).value == pytest.approx(exact, rel=0, abs=1e-6)


def test_a_budget_above_the_number_of_tasks_buys_one_network_each_at_most():
    problem = random_problem(3, 4, "mixed signs")
    assert integer_program.solve(problem, 50).value == pytest.approx(exact_subsets.solve(problem, 4).value)


def test_a_time_limit_that_is_met_leaves_a_feasible_grouping_and_an_honest_bound():
    names = tuple("abcdefghij")
    problem = GroupingProblem(names, np.random.default_rng(0).normal(size=(10, 10)))
    hurried, exact = integer_program.solve(problem, 3, time_limit=0.01), exact_subsets.solve(problem, 3)
    assert hurried.value == evaluate(problem, hurried.networks, 3)
    assert hurried.value <= exact.value + 1e-9
    assert hurried.bound >= exact.value - 1e-9
    assert not hurried.proved_optimal and 0 < hurried.gap <= 2


def test_task_names_never_reach_the_solver():
    names = ('a b"<script>', "c + d >= 2", "[\n]")
    problem = GroupingProblem(names, np.random.default_rng(0).normal(size=(3, 3)))
    found = integer_program.solve(problem, 2)
    assert found.value == pytest.approx(exact_subsets.solve(problem, 2).value)


def test_cbc_says_nothing(capfd):
    integer_program.solve(random_problem(0, 4), 2)
    assert capfd.readouterr() == ("", "")


def test_eleven_tasks_are_refused_with_the_way_out():
    names = tuple("abcdefghijk")
    with pytest.raises(KindredError, match="11 tasks; .* at most 10, .* use the solver exact_subsets"):
        integer_program.solve(GroupingProblem(names, np.zeros((11, 11))), 2)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_a_time_limit_that_is_no_time_is_refused(limit):
    with pytest.raises(KindredError, match="The time limit is .* give a positive number"):
        integer_program.solve(random_problem(0, 3), 1, time_limit=limit)


def test_a_budget_below_one_is_refused():
    with pytest.raises(KindredError, match="the least feasible budget is 1"):
        integer_program.solve(random_problem(0, 3), 0)
