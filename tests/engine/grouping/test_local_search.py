import numpy as np
import pytest

from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.local_search import solve
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from tests.engine.grouping.references import random_problem
from tests.engine.grouping.test_column_generation import structured


@pytest.mark.parametrize("seed", range(40))
def test_the_grouping_is_feasible_and_the_bound_holds(seed):
    problem = random_problem(2000 + seed, 2 + seed % 5)
    for budget, best in zip(problem.budgets(), solve_all_budgets(problem), strict=True):
        found = solve(problem, budget, restarts=2)
        if best is None:
            assert found is None
        elif found is not None:
            assert evaluate(problem, found.networks, budget) == found.value <= found.bound
            assert found.bound >= best.value - 1e-9 * abs(best.value)


@pytest.mark.parametrize("seed", range(5))
def test_twelve_structured_tasks_are_solved_to_the_optimum(seed):
    problem = structured(12, seed)
    for best in solve_all_budgets(problem)[1:6]:
        assert solve(problem, best.budget).value == pytest.approx(best.value, rel=0.01)


def test_the_same_seed_gives_the_same_grouping():
    problem = structured(30)
    assert solve(problem, 4, seed=3).networks == solve(problem, 4, seed=3).networks


def test_two_hundred_tasks_take_a_second_at_most():
    assert solve(structured(200), 6, time_limit=0.5).seconds < 2


def test_two_clear_clusters_are_found():
    block = np.kron(np.eye(2), np.ones((5, 5))) * 2 - 1
    names = tuple(f"t{number}" for number in range(10))
    found = solve(GroupingProblem(names, block), 2)
    assert sorted(network.serves for network in found.networks) == [names[:5], names[5:]] and found.value == 1
