import json
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.exact_subsets import solve, solve_all_budgets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, evaluate
from tests.engine.grouping.references import (
    MATRICES,
    by_partitions,
    by_sets_of_networks,
    plain,
    random_problem,
)

PUBLISHED = Path(__file__).parents[3] / "data" / "published" / "matrices.json"


def names(count: int) -> tuple[str, ...]:
    return tuple(f"t{number}" for number in range(count))


def members(solution) -> set:
    return {(frozenset(network.tasks), frozenset(network.serves)) for network in solution.networks}


def assert_values(solutions, expected, problem):
    tolerance = 1e-9 * np.abs(np.median(problem.affinity)) + 1e-12
    assert [solution.value for solution in solutions] == pytest.approx(expected, rel=1e-9, abs=tolerance)


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize("tasks", [1, 2, 3, 4, 5])
def test_agrees_with_every_partition_in_every_network(kind, tasks):
    for seed in range(16):
        problem = random_problem(seed, tasks, kind)
        assert_values(solve_all_budgets(problem), by_partitions(plain(problem)), problem)


@pytest.mark.parametrize("kind", MATRICES)
def test_agrees_with_every_set_of_networks(kind):
    for seed in range(10):
        problem = random_problem(seed, 4, kind)
        assert_values(solve_all_budgets(problem), by_sets_of_networks(plain(problem)), problem)


@pytest.mark.parametrize("seed", range(150))
def test_of_groupings_that_tie_exactly_one_with_the_fewest_networks_is_given(seed):
    problem = random_problem(seed, 2 + seed % 4, "integers with ties")
    best = by_partitions(plain(problem, Fraction))
    for solution in solve_all_budgets(problem):
        value = best[solution.budget - 1]
        assert solution.value == pytest.approx(float(value), rel=1e-14, abs=1e-14)
        assert len(solution.networks) == 1 + best.index(value)


def test_where_no_task_matters_one_network_without_auxiliaries_is_given():
    problem = GroupingProblem(names(6), np.full((6, 6), 0.1), ("t1", "t4"))
    for solution in solve_all_budgets(problem):
        assert solution.networks == (Network(("t1", "t4"), ("t1", "t4")),)


@pytest.mark.parametrize("seed", range(60))
def test_every_solution_is_feasible_proved_and_worth_what_it_says(seed):
    problem = random_problem(seed, 1 + seed % 9)
    solutions = solve_all_budgets(problem)
    assert [solution.budget for solution in solutions] == list(range(1, len(problem.serving) + 1))
    for solution in solutions:
        assert solution.value == evaluate(problem, solution.networks, solution.budget) == solution.bound
        assert solution.gap == 0 and solution.proved_optimal
        assert solution.solver == "exact_subsets" and solution.seconds > 0


@pytest.mark.parametrize("seed", range(60))
def test_more_budget_never_lowers_the_value_and_never_buys_a_network_for_nothing(seed):
    solutions = solve_all_budgets(random_problem(seed, 2 + seed % 8))
    for less, more in zip(solutions, solutions[1:], strict=False):
        assert more.value > less.value or more.networks == less.networks


@pytest.mark.parametrize("seed", range(40))
def test_permuting_the_tasks_permutes_the_grouping(seed):
    problem = random_problem(seed, 2 + seed % 7, "mixed signs")
    order = np.random.default_rng(seed).permutation(len(problem.tasks))
    tasks = tuple(problem.tasks[task] for task in order)
    serving = tuple(task for task in tasks if task in problem.serving)
    permuted = replace(problem, tasks=tasks, affinity=problem.affinity[np.ix_(order, order)], serving=serving)
    for before, after in zip(solve_all_budgets(problem), solve_all_budgets(permuted), strict=True):
        assert after.value == before.value
        assert members(after) == members(before)


@pytest.mark.parametrize("seed", range(40))
def test_a_task_more_to_train_with_never_lowers_the_value_and_a_harmful_one_is_left_out(seed):
    problem = random_problem(seed, 2 + seed % 6, "mixed signs")
    tasks = len(problem.tasks)
    rng = np.random.default_rng(1000 + seed)
    for harm in (0.0, 1e3):
        affinity = rng.normal(size=(tasks + 1, tasks + 1)) - harm
        affinity[:tasks, :tasks] = problem.affinity
        wider = replace(problem, tasks=(*problem.tasks, "more"), affinity=affinity)
        for before, after in zip(solve_all_budgets(problem), solve_all_budgets(wider), strict=True):
            assert after.value >= before.value - 1e-12
            if harm:
                assert after.networks == before.networks


@given(st.integers(0, 10**6), st.integers(2, 7), st.integers(-300, 300))
def test_scaling_every_number_by_a_power_of_two_scales_the_value_and_keeps_the_networks(seed, tasks, power):
    problem = random_problem(seed, tasks, "mixed signs")
    factor = 2.0**power
    singleton = problem.singleton if isinstance(problem.singleton, str) else problem.singleton * factor
    scaled = replace(problem, affinity=problem.affinity * factor, singleton=singleton)
    for before, after in zip(solve_all_budgets(problem), solve_all_budgets(scaled), strict=True):
        assert after.value == before.value * factor and after.networks == before.networks


def test_no_random_grouping_of_a_large_problem_beats_the_bound():
    rng = np.random.default_rng(0)
    problem = GroupingProblem(names(30), rng.normal(size=(30, 30)), names(10))
    bounds = [solution.bound for solution in solve_all_budgets(problem)]
    for _ in range(3000):
        block_of = rng.integers(rng.integers(1, 11), size=10)
        networks = []
        for block in np.unique(block_of):
            serves = tuple(np.array(problem.serving)[block_of == block])
            auxiliaries = tuple(rng.choice(problem.tasks[10:], size=rng.integers(1, 5), replace=False))
            networks.append(Network(serves + auxiliaries, serves))
        assert evaluate(problem, networks) <= bounds[len(networks) - 1]


def test_fourteen_tasks_in_seven_pairs_that_help_each_other_only():
    friends = np.arange(14) // 2
    affinity = np.where(friends[:, None] == friends[None, :], 1.0, -1.0)
    solutions = solve_all_budgets(GroupingProblem(names(14), affinity))
    pairs = {(frozenset(pair), frozenset(pair)) for pair in zip(names(14)[::2], names(14)[1::2], strict=True)}
    assert members(solutions[6]) == pairs and solutions[6].value == 1
    assert all(solution.value < 1 for solution in solutions[:6])
    assert all(solution.networks == solutions[6].networks for solution in solutions[7:])
    # Six networks must hold four tasks in one: there each has one friend and two foes.
    assert solutions[5].value == pytest.approx((10 - 4 / 3) / 14)


def test_each_of_fourteen_tasks_finds_its_own_helper_among_two_hundred():
    affinity = -np.ones((200, 200))
    affinity[np.arange(14) + 100, np.arange(14)] = 1.0
    problem = GroupingProblem(names(200), affinity, names(14))
    best = solve(problem, 14)
    helpers = {(frozenset({f"t{n}", f"t{n + 100}"}), frozenset({f"t{n}"})) for n in range(14)}
    assert best.value == 1 and members(best) == helpers


@pytest.mark.parametrize("published", [0, 2])
def test_two_networks_for_the_published_celeba_matrices_are_the_best_of_all_pairs_of_networks(published):
    content = json.loads(PUBLISHED.read_text(encoding="utf-8"))[published]
    problem = GroupingProblem(tuple(content["tasks"]), content["affinity"])
    tasks = range(len(problem.tasks))
    networks = [network for size in tasks for network in combinations(tasks, size + 1)]
    score = np.full((len(networks), len(tasks)), -np.inf)
    for row, network in enumerate(networks):
        for task in network if len(network) > 1 else ():
            score[row, task] = np.mean([problem.affinity[source, task] for source in network if source != task])
    best = max(np.maximum(score[row], score[row:]).mean(axis=1).max() for row in range(len(networks)))
    assert solve(problem, 2).value == pytest.approx(best, rel=1e-12)


def test_the_published_taskonomy_matrix_gives_the_best_of_all_sets_of_three_networks():
    content = json.loads(PUBLISHED.read_text(encoding="utf-8"))[1]
    problem = GroupingProblem(tuple(content["tasks"]), content["affinity"], content["tasks"][:3])
    expected = by_sets_of_networks(plain(problem))
    assert [solution.value for solution in solve_all_budgets(problem)] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_one_budget_is_solved_as_among_all_and_above_the_serving_tasks_stays_the_same(seed):
    problem = random_problem(seed, 2 + seed % 6)
    solutions = solve_all_budgets(problem)
    for budget in range(1, len(problem.serving) + 4):
        alone, among = solve(problem, budget), solutions[min(budget, len(solutions)) - 1]
        assert alone.budget == budget
        assert (alone.networks, alone.value, alone.bound) == (among.networks, among.value, among.bound)


@pytest.mark.parametrize("budget", [0, -1, 1.5, "2"])
def test_a_budget_that_buys_nothing_is_refused(budget):
    with pytest.raises(KindredError, match="The budget is"):
        solve(random_problem(0, 3), budget)


def test_fifteen_serving_tasks_are_refused_with_the_way_out():
    with pytest.raises(KindredError, match="15 serving tasks; .* at most 14 .* leave the others as auxiliaries"):
        solve_all_budgets(GroupingProblem(names(15), np.zeros((15, 15))))
    with pytest.raises(KindredError, match="15 serving tasks"):
        solve(GroupingProblem(names(15), np.zeros((15, 15))), 2)


def test_more_than_two_hundred_tasks_are_refused():
    with pytest.raises(KindredError, match="201 tasks; the exact solver takes at most 200"):
        solve(GroupingProblem(names(201), np.zeros((201, 201)), ("t0",)), 1)
