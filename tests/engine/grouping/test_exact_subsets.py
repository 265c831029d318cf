import json
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve, solve_all_budgets, solves
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, evaluate
from tests.engine.grouping.references import (
    EXACT,
    KINDS,
    MATRICES,
    Plain,
    by_partitions,
    by_sets_of_networks,
    hundredths,
    narrow_problem,
    random_problem,
)

PUBLISHED = Path(__file__).parents[3] / "data" / "published" / "matrices.json"


def names(count: int) -> tuple[str, ...]:
    return tuple(f"t{number}" for number in range(count))


def members(solution) -> set:
    return {(frozenset(network.tasks), frozenset(network.serves), network.cost) for network in solution.networks}


def every_budget(problem: GroupingProblem) -> list[float]:
    """From half an SNT to one step more than can matter."""
    return [step / 2 for step in range(1, int(2 * problem.budgets()[-1]) + 2)]


def scale(problem: GroupingProblem) -> float:
    """What rounding is measured by: the median of what is known of the scores."""
    if problem.affinity is not None:
        return float(np.median(np.abs(problem.affinity)))
    return float(np.median(np.abs([score for candidate in problem.candidates for score in candidate.scores])))


def assert_values(solutions, best, problem):
    """Feasible where the reference is, and worth the same."""
    assert [solution is None for solution in solutions] == [expected is None for expected in best]
    found = [solution.value for solution in solutions if solution]
    expected = [float(value) for value, _ in filter(None, best)]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale(problem) + 1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tasks", [1, 2, 3, 4, 5, 6])
def test_agrees_with_every_partition_in_every_network(kind, tasks):
    for seed in range(60 if tasks < 6 else 25):
        problem = random_problem(seed, tasks, kind)
        budgets = every_budget(problem)
        solutions = solve_all_budgets(problem, budgets)
        assert_values(solutions, by_partitions(problem, budgets), problem)
        for budget, solution in zip(budgets, solutions, strict=True):
            if solution:
                assert solution.value == evaluate(problem, solution.networks, budget) == solution.bound
                assert solution.gap == 0 and solution.proved_optimal and solution.budget == budget
                assert solution.solver == "exact_subsets" and solution.seconds > 0


@pytest.mark.parametrize("kind", MATRICES)
def test_without_constraints_agrees_with_every_partition_and_is_always_feasible(kind):
    for seed in range(40):
        problem = narrow_problem(seed, 1 + seed % 5, kind)
        solutions = solve_all_budgets(problem)
        assert [solution.budget for solution in solutions] == list(range(1, len(problem.serving) + 1))
        assert_values(solutions, by_partitions(problem, problem.budgets()), problem)


def test_agrees_with_every_set_of_networks_however_it_serves():
    feasible = checked = 0
    for seed in range(400):
        problem = random_problem(seed, 1 + seed % 4)
        plain = Plain(problem)
        networks = sum(plain.can_be_trained(network, cost) for network in plain.networks for cost in plain.costs)
        if comb(networks + len(problem.serving) - 1, len(problem.serving)) > 4000:
            continue  # would take seconds
        budgets = every_budget(problem)
        best = by_sets_of_networks(problem, budgets)
        tolerance = 1e-9 * scale(problem) + 1e-12
        for one, other in zip(best, by_partitions(problem, budgets), strict=True):
            assert one == other or one[0] == pytest.approx(other[0], rel=1e-9, abs=tolerance)
        assert_values(solve_all_budgets(problem, budgets), best, problem)
        feasible += best[-1] is not None
        checked += 1
    assert checked > 340 and 0.2 * checked < feasible < 0.95 * checked


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("tasks", [2, 3, 4, 5])
def test_of_groupings_that_tie_exactly_one_of_the_least_cost_is_given(kind, tasks):
    for seed in range(100, 200):
        problem = random_problem(seed, tasks, kind)
        budgets = every_budget(problem)
        best = by_partitions(problem, budgets, Fraction)
        for expected, solution in zip(best, solve_all_budgets(problem, budgets), strict=True):
            assert (expected is None) == (solution is None)
            if solution:
                assert solution.value == pytest.approx(float(expected[0]), rel=1e-14, abs=1e-14)
                assert hundredths(round(solution.cost, 9)) == expected[1]


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("tasks", [2, 3, 4, 5])
def test_no_auxiliary_is_taken_along_that_adds_nothing(kind, tasks):
    for seed in range(100, 200):
        problem = random_problem(seed, tasks, kind)
        plain = Plain(problem, Fraction)
        for network in {n for solution in solve_all_budgets(problem) if solution for n in solution.networks}:
            block, held = frozenset(network.serves), frozenset(network.tasks)
            cost = hundredths(round(network.cost, 9)) - plain.head * (len(block) - 1)
            for smaller in plain.networks:
                if smaller < held:
                    assert plain.worth(block, smaller, cost) != plain.worth(block, held, cost)


def test_where_no_task_matters_one_network_without_auxiliaries_is_given():
    problem = GroupingProblem(names(6), np.full((6, 6), 0.1), ("t1", "t4"))
    for solution in solve_all_budgets(problem):
        assert solution.networks == (Network(("t1", "t4"), ("t1", "t4")),)


def test_where_no_size_matters_the_cheapest_is_given():
    problem = GroupingProblem(names(3), np.ones((3, 3)), singleton=1.0, capacities=(Capacity(2.0), FULL, HALF_SINGLE))
    solutions = solve_all_budgets(problem)
    assert all(solution.networks == (Network(names(3), names(3), 1.0),) for solution in solutions if solution)
    alone = problem.with_constraints(max_size=1)
    assert [network.cost for network in solve(alone, 6).networks] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("seed", range(120))
def test_more_budget_never_lowers_the_value_and_never_buys_anything_for_nothing(seed):
    problem = random_problem(seed, 2 + seed % 7)
    solutions = solve_all_budgets(problem, every_budget(problem))
    feasible = [solution is not None for solution in solutions]
    assert feasible == sorted(feasible)
    solutions = [solution for solution in solutions if solution]
    for less, more in zip(solutions, solutions[1:], strict=False):
        assert more.networks == less.networks or (more.value > less.value and more.cost > less.cost)


def test_the_tasks_of_standley_et_al_may_each_have_a_network_of_half_the_size():
    problem = GroupingProblem(
        tuple("abc"), -np.ones((3, 3)), singleton=0.0, capacities=(Capacity(0.5, 1, -0.25), Capacity(1))
    )
    nothing, *solutions = solve_all_budgets(problem, [0.5, 1, 1.5, 2, 2.5, 3])
    assert nothing is None
    assert [solution.value for solution in solutions] == pytest.approx([-1, -0.25, -0.5 / 3, -0.25 / 3, 0])


def test_every_head_beyond_the_first_is_paid_for():
    problem = GroupingProblem(tuple("abc"), np.ones((3, 3)), singleton=0.0, head_cost=0.25)
    assert solve(problem, 1) is None
    assert solve(problem, 1.5).networks == (Network(tuple("abc"), tuple("abc"), 1.5),)
    assert solve(problem.with_constraints(apart=[["a", "b"]]), 2) is None
    found = solve(problem.with_constraints(apart=[["a", "b"]]), 2.5)
    assert found.cost == 2.25 and found.budget == 2.5


def test_a_budget_in_tenths_of_an_snt_is_spent_to_the_last_tenth():
    problem = GroupingProblem(names(10), np.ones((10, 10)), singleton=0.0, capacities=(Capacity(0.6), FULL))
    tenths = replace(problem, head_cost=0.1)  # 0.6 + 9 × 0.1 is 1.5, if not in binary
    assert solve(tenths, 1.5).cost == pytest.approx(1.5) and solve(tenths, 1) is None


def test_candidates_of_which_none_fits_beside_the_others_leave_nothing():
    candidates = [Candidate(("a", "b"), (1, 1)), Candidate(("c",), (1,))]
    problem = GroupingProblem(tuple("abc"), candidates=candidates)
    assert solve(problem, 1) is None and solve(problem, 2).value == 1
    assert solve(problem.with_constraints(apart=[["a", "b"]]), 9) is None
    assert solve(problem.with_constraints(max_auxiliaries=0), 9).value == 1


def test_a_serving_task_that_is_excluded_leaves_nothing():
    problem = GroupingProblem(tuple("abc"), np.ones((3, 3)), ("a", "b"), constraints=Constraints(excluded=("a",)))
    assert all(solution is None for solution in solve_all_budgets(problem))


def test_two_tasks_that_are_kept_with_one_auxiliary_need_no_network_in_common():
    affinity = [[0, -9, 0], [-9, 0, 0], [1, 1, 0]]  # a and b harm each other, c helps both
    together = Constraints(together=(("a", "c"), ("b", "c")))
    problem = GroupingProblem(tuple("abc"), affinity, ("a", "b"), constraints=together)
    assert solve(problem, 1).value == -4 and solve(problem, 2).value == 1
    assert solve(problem.with_constraints(apart=[["a", "b"]]), 2).value == 1


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
    pairs = {(frozenset(pair), frozenset(pair), 1.0) for pair in zip(names(14)[::2], names(14)[1::2], strict=True)}
    assert members(solutions[6]) == pairs and solutions[6].value == 1
    assert all(solution.value < 1 for solution in solutions[:6])
    assert all(solution.networks == solutions[6].networks for solution in solutions[7:])
    # Six networks must hold four tasks in one: there each has one friend and two foes.
    assert solutions[5].value == pytest.approx((10 - 4 / 3) / 14)


def test_each_of_fourteen_tasks_finds_its_own_helper_among_three_hundred():
    affinity = -np.ones((300, 300))
    affinity[np.arange(14) + 100, np.arange(14)] = 1.0
    problem = GroupingProblem(names(300), affinity, names(14))
    best = solve(problem, 14)
    helpers = {(frozenset({f"t{n}", f"t{n + 100}"}), frozenset({f"t{n}"}), 1.0) for n in range(14)}
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


def test_the_published_taskonomy_matrix_gives_the_best_of_all_sets_of_networks():
    content = json.loads(PUBLISHED.read_text(encoding="utf-8"))[1]
    problem = GroupingProblem(tuple(content["tasks"]), content["affinity"], content["tasks"][:3])
    expected = [value for value, _ in by_sets_of_networks(problem, problem.budgets())]
    assert [solution.value for solution in solve_all_budgets(problem)] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_one_budget_is_solved_as_among_all_and_past_one_network_for_each_task_nothing_changes(seed):
    problem = random_problem(seed, 1 + seed % 6)
    budgets = problem.budgets()
    last = budgets[-1]
    among = dict(zip(budgets, solve_all_budgets(problem), strict=True))
    for budget in (*budgets, last + 0.5, last + 1, 1000, 10**9):
        alone, expected = solve(problem, budget), among[min(budget, last)]
        assert (alone is None) == (expected is None)
        if alone:
            assert alone.budget == budget
            assert (alone.networks, alone.value, alone.bound) == (expected.networks, expected.value, expected.bound)


@pytest.mark.parametrize("seed", range(60))
def test_below_the_first_of_the_budgets_nothing_is_feasible(seed):
    problem = random_problem(seed, 1 + seed % 6)
    first = problem.budgets()[0]
    below = [step / 2 for step in range(1, int(2 * first))]
    assert solve_all_budgets(problem, below) == [None] * len(below)


def test_a_budget_is_rounded_down_to_half_steps():
    problem = narrow_problem(0, 4, "mixed signs")
    assert solve(problem, 2.49).budget == 2 and solve(problem, 2.7).budget == 2.5
    assert solve(problem, 2.49).networks == solve(problem, 2).networks


@pytest.mark.parametrize("budget", [0, -1, 0.4, "2", float("nan"), float("inf"), True, None])
def test_a_budget_that_buys_nothing_is_refused(budget):
    with pytest.raises(KindredError, match="The budget is"):
        solve(narrow_problem(0, 3), budget)


def test_seventeen_serving_tasks_are_refused_with_the_way_out():
    problem = GroupingProblem(names(17), np.zeros((17, 17)))
    assert not solves(problem) and solves(GroupingProblem(names(17), np.zeros((17, 17)), names(14)))
    with pytest.raises(KindredError, match="17 serving tasks; .* at most 16, so use column_generation"):
        solve_all_budgets(problem)
    with pytest.raises(KindredError, match="17 serving tasks"):
        solve(problem, 2)


def test_costs_on_too_fine_a_grid_are_refused_with_the_way_out():
    problem = GroupingProblem(
        names(14), np.zeros((14, 14)), singleton=0.0, capacities=(Capacity(0.503, 1), Capacity(1.0))
    )
    assert not solves(problem)
    with pytest.raises(KindredError, match="multiples of 0.001 SNT only, too fine a grid .* round the costs"):
        solve(problem, 3)
