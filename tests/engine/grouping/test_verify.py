import ast
from dataclasses import replace
from math import fsum, inf, nan
from pathlib import Path

import numpy as np
import pytest

from engine.grouping import exact_subsets, verify, verify_blocks
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.constraints import Constraints
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Network, Prices, Solution
from tests.engine.grouping.references import Plain, by_partitions, hundredths, random_problem, subsets


def solved(seed: int, tasks: int) -> tuple[Solution, float]:
    """The optimum of the first random problem from the seed on that has one, and the mean magnitude of its scores."""
    for other in range(seed, seed + 100_000, 1000):
        problem = random_problem(other, tasks)
        budgets = problem.budgets()
        solution = exact_subsets.solve(problem, budgets[seed * 7 % len(budgets)])
        if solution is not None:
            return solution, magnitude(solution)
    raise AssertionError("no random problem has a grouping")


def magnitude(solution: Solution) -> float:
    problem, scores = solution.problem, []
    for network in solution.networks:
        capacity = problem.capacity_of(len(network.serves), network.cost)
        scores += [abs(problem.score(task, network.tasks, capacity)) for task in network.serves]
    return fsum(scores) / len(scores) or 1.0


def with_bound(solution: Solution, bound: float, prices: Prices | None = None) -> Solution:
    return replace(solution, certificate=Certificate(bound, "", prices))


def profits(problem: GroupingProblem, prices: Prices) -> list[tuple[frozenset, float]]:
    """Every block, and by how much it exceeds its prices, by the definitions."""
    plain = Plain(problem)
    total = fsum(plain.weight.values())
    price = dict(zip(problem.serving, prices.task, strict=True))
    return [
        (block, worth / total - prices.snt * cost / 100 - fsum(price[task] for task in block))
        for block in map(frozenset, subsets(problem.serving))
        for cost, worth in plain.best_by_cost(block).items()
    ]


@pytest.mark.parametrize("seed", range(150))
def test_an_optimum_is_confirmed_and_anything_less_refuted(seed):
    solution, size = solved(seed, 1 + seed % 6)
    verdict = verify.verify(solution)
    assert verdict.holds and verdict.feasible and verdict.bound == "confirmed", verdict.text
    assert verdict.value == pytest.approx(solution.value, rel=0, abs=1e-9 * size)
    assert verify.verify(with_bound(solution, solution.value + size)).holds  # loose, but true
    assert verify.verify(with_bound(solution, inf)).holds
    low = verify.verify(with_bound(solution, solution.value - 1e-6 * size))
    assert low.bound == "refuted" and low.feasible and low.value_agrees and not low.holds


@pytest.mark.parametrize("seed", range(100))
def test_a_bound_below_the_optimum_is_refuted_though_the_grouping_keeps_below_it(seed):
    solution, size = solved(seed, 2 + seed % 5)
    problem = solution.problem
    worse = next((other for budget in problem.budgets() if (other := exact_subsets.solve(problem, budget))), None)
    worse = worse.at(solution.budget)
    if worse.value < solution.value - 1e-6 * size:
        verdict = verify.verify(with_bound(worse, (worse.value + solution.value) / 2))
        assert verdict.feasible and verdict.value_agrees and verdict.bound == "refuted"
        assert verify.verify(with_bound(worse, solution.value)).holds


@pytest.mark.parametrize("seed", range(200))
def test_prices_are_confirmed_just_where_no_block_exceeds_them(seed):
    """Random prices, most of them far from any dual solution, raised until they hold, or just not."""
    solution, size = solved(seed, 1 + seed % 6)
    rng = np.random.default_rng(seed)
    problem, count = solution.problem, len(solution.problem.serving)
    prices = Prices(tuple((size * rng.normal(size=count)).tolist()), size * abs(rng.normal()) * (seed % 3 > 0))
    enough = max(over / len(block) for block, over in profits(problem, prices))  # for every task
    for more, verdict in ((1e-6, "confirmed"), (-1e-6, "refuted")):
        raised = Prices(tuple(price + enough + more * size for price in prices.task), prices.snt)
        found = verify.verify(with_bound(solution, max(raised.bound(solution.budget), solution.value), raised))
        assert found.bound == verdict, found.text


@pytest.mark.parametrize("seed", range(120))
def test_from_prices_down_to_the_optimum_and_no_further(seed):
    """Loose prices prove little, and the blocks that they leave are combined to prove the rest."""
    solution, size = solved(seed, 1 + seed % 6)
    problem = solution.problem
    count, rng = len(problem.serving), np.random.default_rng(seed)
    prices = Prices(tuple((0.3 * size * rng.normal(size=count)).tolist()), 0.3 * size * (seed % 2))
    over = max(0.0, max(over for _, over in profits(problem, prices)))
    prices = replace(prices, task=tuple(price + over for price in prices.task))
    assert verify.verify(with_bound(solution, solution.value, prices)).holds
    low = verify.verify(with_bound(solution, solution.value - 1e-6 * size, prices))
    assert low.bound == "refuted"


def test_a_price_bound_counts_only_what_networks_can_cost_together():
    """Networks of 1 and 0.75 SNT: of a budget of 3 SNT two of them can spend 2 SNT at most."""
    names = ("a", "b")
    candidates = (Candidate(("a",), (1.0,)), Candidate(("b",), (1.0,)), Candidate(names, (0.0, 0.0), 0.75))
    problem = GroupingProblem(names, candidates=candidates)
    solution = exact_subsets.solve(problem, 3)
    prices = Prices((0.0, 0.0), 0.5)
    assert solution.value == 1.0 and prices.bound(3) == 1.5
    assert "bound the value by 1.0" in verify.verify(with_bound(solution, 1.0, prices)).text


NAMES = ("a", "b", "c", "d")
RULED = GroupingProblem(
    NAMES,
    np.arange(16.0).reshape(4, 4),
    ("a", "b", "c"),
    singleton=1.0,
    capacities=(HALF_SINGLE, FULL),
    head_cost=0.25,
    constraints=Constraints(together=(("a", "b"),), apart=(("a", "c"),), max_size=3, max_auxiliaries=1),
)
AB, C = Network(("a", "b", "d"), ("a", "b"), 1.25), Network(("c", "d"), ("c",), 1.0)


def check(*networks: Network, budget: float = 2.5, problem: GroupingProblem = RULED) -> verify.Verdict:
    return verify.verify(Solution(problem, budget, networks, 0.0, Certificate(100.0, ""), "", 0.0))


def test_a_value_worked_out_by_hand():
    verdict = check(AB, C)
    assert verdict.feasible and verdict.value == pytest.approx(((4 + 12) / 2 + (1 + 13) / 2 + 14) / 3)
    assert not verdict.value_agrees and not verdict.holds and "not 0.0" in verdict.text
    assert verdict.bound == "confirmed"  # nothing is worth 100


@pytest.mark.parametrize(
    "networks, wrong",
    [
        ((AB,), "'c' is not served"),
        ((AB, C, C), "'c' is served twice"),
        ((replace(AB, cost=1.0), C), "a cost that it cannot have"),
        ((replace(AB, tasks=("a", "b", "d", "d")), C), "names a task twice"),
        ((replace(AB, tasks=("a", "d")), C), "holds or serves a task that it cannot"),
        ((AB, Network(("c", "x"), ("c",))), "holds or serves a task that it cannot"),
        ((AB, Network(("c", "d"), ("c", "d"), 1.25)), "holds or serves a task that it cannot"),
        ((AB, Network(("c", "d", "b"), ("c",))), "holds too many tasks"),
        ((AB, Network(("c", "a"), ("c",))), "kept apart"),
        ((Network(("a", "d"), ("a",)), Network(("b", "d"), ("b",), 1.0), C), "kept together"),
        ((AB, C, Network(("d",), (), 0.5)), "cost more than the budget"),
    ],
)
def test_a_grouping_that_breaks_a_rule_is_found_out(networks, wrong):
    verdict = check(*networks)
    assert not verdict.feasible and not verdict.holds and np.isnan(verdict.value) and wrong in verdict.text


def test_exclusion_pins_forbidden_singletons_and_missing_candidates_are_found_out():
    matrix = np.ones((4, 4))
    excluded = GroupingProblem(NAMES, matrix, ("a", "b"), constraints=Constraints(excluded=("d",)))
    assert "task that it cannot" in check(Network(("a", "b", "d"), ("a", "b")), problem=excluded).text
    pinned = GroupingProblem(NAMES, matrix, ("a", "b"), constraints=Constraints(pinned={"a": ("a", "c")}))
    assert "pinned" in check(Network(("a", "b", "c"), ("a", "b")), problem=pinned).text
    assert "cannot be had" in check(Network(("a",), ("a",)), problem=GroupingProblem(NAMES, matrix, ("a",))).text
    listed = GroupingProblem(NAMES, None, ("a",), candidates=(Candidate(("a", "b"), (1.0, 1.0)),))
    assert "cannot be had" in check(Network(("a", "c"), ("a",)), problem=listed).text


@pytest.mark.parametrize("prices", [(nan, 0.0), (0.0,), (inf, 0.0), (0.0, 0.0, 0.0)])
def test_prices_that_are_none_are_refuted(prices):
    solution = exact_subsets.solve(GroupingProblem(("a", "b"), -np.ones((2, 2))), 2)
    assert verify.verify(with_bound(solution, 0.0, Prices(prices, 0.0))).bound == "refuted"
    assert verify.verify(with_bound(solution, 0.0, Prices((0.0, 0.0), -1.0))).bound == "refuted"
    assert verify.verify(with_bound(solution, 0.0, Prices((0.0, 0.0), 0.0))).holds
    assert verify.verify(with_bound(solution, nan)).bound == "refuted"


def test_many_serving_tasks_need_prices_and_time():
    count = 30
    problem = GroupingProblem(
        tuple(f"t{i}" for i in range(count)), np.random.default_rng(0).normal(size=(count, count))
    )
    everyone = Network(problem.tasks, problem.tasks)
    value = float(np.mean([problem.score(task, problem.tasks) for task in problem.tasks]))
    solution = Solution(problem, 1, (everyone,), value, Certificate(10.0, ""), "", 0.0)
    assert verify.verify(solution).bound == "not confirmed in time"
    dear = Prices((10.0 / count,) * count, 0.0)
    assert verify.verify(with_bound(solution, 10.0, dear)).holds
    assert verify.verify(with_bound(solution, 0.1, dear), time_limit=0.2).bound == "not confirmed in time"


def test_the_values_agree_with_a_search_through_all_partitions():
    for seed in range(20):
        solution, size = solved(seed, 4)
        value, cost = by_partitions(solution.problem, [solution.budget])[0]
        assert verify.verify(solution).value == pytest.approx(value, rel=0, abs=1e-9 * size)
        assert cost <= hundredths(solution.budget)


def test_it_shares_no_code_with_the_solvers():
    imported = {
        node.module
        for file in (verify.__file__, verify_blocks.__file__)
        for node in ast.walk(ast.parse(Path(file).read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    ours = {module.removeprefix("engine.grouping.") for module in imported if module.startswith("engine")}
    assert ours == {"problem", "solution", "stop", "verify_blocks"}
