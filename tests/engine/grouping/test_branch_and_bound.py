from math import fsum

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import branch_and_bound, exact_subsets
from engine.grouping.blocks import Blocks
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from engine.grouping.stop import Stop
from tests.engine.grouping.references import by_partitions, hundredths, narrow_problem, random_problem


def normal(tasks: int, aggregate: str = "mean", seed: int = 0) -> GroupingProblem:
    affinity = np.random.default_rng(seed).normal(size=(tasks, tasks))
    return GroupingProblem(tuple(f"t{number}" for number in range(tasks)), affinity, aggregate=aggregate)


def budget_of(problem: GroupingProblem, seed: int) -> float:
    budgets = problem.budgets()
    return budgets[seed * 7 % len(budgets)]


@pytest.mark.parametrize("seed", range(250))
def test_agrees_with_a_search_through_all_partitions(seed):
    problem = random_problem(seed, 1 + seed % 5)
    budget = budget_of(problem, seed)
    best = by_partitions(problem, [budget])[0]
    found = branch_and_bound.solve(problem, budget)
    assert (found is None) == (best is None)
    if found is not None:
        assert found.value == pytest.approx(best[0], rel=1e-9, abs=1e-9)
        assert found.value == evaluate(problem, found.networks, budget) == found.bound
        assert fsum(network.cost for network in found.networks) <= budget + 1e-9 and hundredths(budget) >= best[1]
        assert found.proved_optimal and found.gap == 0
        assert found.solver == "branch_and_bound" and found.budget == budget and found.seconds > 0


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_the_search_through_subsets(seed):
    problem = (random_problem, narrow_problem)[seed % 2](seed, 6 + seed % 4)
    budget = budget_of(problem, seed)
    found, exact = branch_and_bound.solve(problem, budget), exact_subsets.solve(problem, budget)
    assert (found is None) == (exact is None)
    if found is not None:
        assert found.value == pytest.approx(exact.value, rel=1e-9, abs=1e-9)
        assert found.proved_optimal


@pytest.mark.parametrize("seed", range(60))
def test_the_bound_of_a_node_is_never_exceeded_below_it_and_never_rises_on_the_way_down(seed):
    problem = random_problem(seed, 2 + seed % 4)
    blocks = Blocks(problem)
    bounds = branch_and_bound._Bounds(blocks, blocks.spendable(budget_of(problem, seed)))

    def best_below(node: branch_and_bound.Node) -> float:
        bound = bounds.of(node)
        slack = 1e-9 * max(1.0, abs(bound)) if bound > -np.inf else 0.0
        if bounds.assigned(node) == bounds.units:
            best = bounds.value(node)
        else:
            children = bounds.children(node)
            assert all(bounds.of(child) <= bound + slack for child in children)
            best = max(map(best_below, children), default=-np.inf)
        assert best <= bound + slack
        return best

    best_below(())


@pytest.mark.parametrize("aggregate", ["mean", "sum"])
def test_a_time_limit_leaves_a_grouping_and_a_bound_that_holds(aggregate):
    problem = normal(15, aggregate)
    exact = exact_subsets.solve(problem, 4).value
    for limit in (1e-4, 0.02, 0.1):
        hurried = branch_and_bound.solve(problem, 4, time_limit=limit)
        assert hurried.value == evaluate(problem, hurried.networks, 4)
        assert hurried.value - 1e-9 <= exact <= hurried.bound + 1e-9
        assert hurried.seconds < limit + 1.0
        assert 0 <= hurried.gap <= 2 and hurried.proved_optimal == (hurried.gap == 0)
    assert "when the time was up" in branch_and_bound.solve(problem, 4, time_limit=1e-4).certificate.rests_on


def test_a_stop_that_was_called_ends_it_and_its_time_limit_counts():
    problem = normal(15)
    with Stop() as stop:
        stop.now()
        hurried = branch_and_bound.solve(problem, 4, time_limit=-1, stop=stop)
    assert not hurried.proved_optimal and hurried.bound > hurried.value


def test_the_trace_rises_to_the_value_and_its_bounds_hold():
    found = branch_and_bound.solve(normal(12), 3)
    seconds, values = [at.seconds for at in found.trace], [at.value for at in found.trace]
    assert seconds == sorted(seconds) and values == sorted(values) and len(found.trace) > 1
    assert values[-1] == found.value and found.trace[-1].bound == found.bound
    assert all(at.bound >= found.value - 1e-12 for at in found.trace)


def test_swapping_the_names_of_the_tasks_changes_nothing():
    problem = normal(9)
    order = np.random.default_rng(1).permutation(9)
    names = tuple(problem.tasks[place] for place in order)
    turned = GroupingProblem(names, problem.affinity[np.ix_(order, order)])
    one, other = branch_and_bound.solve(problem, 3), branch_and_bound.solve(turned, 3)
    assert one.value == pytest.approx(other.value, rel=1e-12)
    assert {frozenset(network.tasks) for network in one.networks} == {
        frozenset(network.tasks) for network in other.networks
    }


def test_what_is_no_budget_or_time_is_refused():
    with pytest.raises(KindredError, match="half steps"):
        branch_and_bound.solve(normal(3), 0)
    with pytest.raises(KindredError, match="The time limit is"):
        branch_and_bound.solve(normal(3), 1, time_limit=0)
