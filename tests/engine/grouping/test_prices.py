import time
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.constraints import Constraints
from engine.grouping.prices import prices
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from engine.grouping.solving import solve
from tests.engine.grouping.references import random_problem, subsets


def problem_of(tasks=6, seed=0, **constraints):
    names = tuple(f"t{number}" for number in range(tasks))
    affinity = np.random.default_rng(seed).normal(size=(tasks, tasks))
    return GroupingProblem(names, affinity, singleton=0.0, constraints=Constraints(**constraints))


EVERY = {
    "together": (("t0", "t1"), ("t1", "t2")),
    "apart": (("t3", "t4"),),
    "excluded": ("t5",),
    "pinned": (("t4", ("t4", "t0")),),
    "max_size": 3,
    "max_auxiliaries": 1,
}


@pytest.mark.parametrize("seed", range(20))
def test_a_price_is_what_solving_anew_without_the_condition_gains(seed):
    """The slow reference: the problem without it, from its definition, solved apart."""
    problem = random_problem(seed, 5)
    try:
        solution = solve(problem, 4)
    except KindredError:
        return
    found = list(prices(solution))
    conditions = problem.constraints.conditions()
    assert [price.condition for price in found] == [*conditions, *([None] if len(conditions) > 1 else [])]
    for price in found:
        held = Constraints() if price.condition is None else problem.constraints.without(price.condition)
        without = replace(problem, constraints=held)
        gain = solve(without, 4).value - solution.value
        assert price.proved
        assert price.gained == price.at_most == pytest.approx(max(gain, 0.0), abs=1e-9)
        assert evaluate(without, price.without.networks, 4) == price.without.value


@pytest.mark.parametrize("seed", range(4))
def test_prices_are_never_negative_and_all_together_cost_at_least_as_much_as_any(seed):
    solution = solve(problem_of(seed=seed, **EVERY), 5)
    *each, together = prices(solution)
    assert len(each) == 7 and together.condition is None
    assert all(price.gained >= 0 for price in each)
    assert together.gained >= max(price.gained for price in each)


@pytest.mark.parametrize("seed", range(4))
def test_a_condition_that_does_not_bind_costs_exactly_nothing(seed):
    free = solve(problem_of(seed=seed), 3)
    together = tuple(network.serves[:2] for network in free.networks if len(network.serves) > 1)
    held = solve(problem_of(seed=seed, together=together, max_size=6), 3)
    assert together and held.value == pytest.approx(free.value)
    assert {price.gained for price in prices(held)} == {0.0}


def test_two_tasks_kept_together_cost_what_they_lose_in_closed_form():
    """Alone each scores 0; together they hurt each other by 1 and by 3."""
    problem = GroupingProblem(
        ("a", "b"), np.array([[0.0, -1], [-3, 0]]), singleton=0.0, constraints=Constraints(together=(("a", "b"),))
    )
    (price,) = prices(solve(problem, 2))
    assert price.gained == price.at_most == 2 and price.proved
    assert price.condition.entry == ("a", "b")


def test_without_conditions_there_is_nothing_to_price():
    assert not list(prices(solve(problem_of(), 3)))


def test_with_many_tasks_prices_keep_to_their_allowance_and_are_bounds():
    tasks = 30
    names = tuple(f"t{number}" for number in range(tasks))
    affinity = np.random.default_rng(0).normal(size=(tasks, tasks))
    held = Constraints(together=(("t0", "t1"),), apart=(("t2", "t3"),), max_size=8)
    solution = solve(GroupingProblem(names, affinity, constraints=held), 6, 0.3)
    began = time.perf_counter()
    found = list(prices(solution, 1.0))
    assert time.perf_counter() - began < 4 and len(found) == 4
    for price in found:
        assert 0 <= price.gained <= price.at_most
        assert not price.proved or price.gained == price.at_most


def test_every_subset_of_conditions_is_priced_alike_whatever_their_order():
    for chosen in subsets(("together", "apart", "max_size")):
        one = solve(problem_of(**{name: EVERY[name] for name in chosen}), 4)
        other = solve(problem_of(**{name: EVERY[name] for name in reversed(chosen)}), 4)
        assert [price.gained for price in prices(one)] == [price.gained for price in prices(other)]
