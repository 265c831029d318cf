from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from engine.grouping.block_values import best_network
from engine.grouping.blocks import Blocks
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, evaluate
from engine.grouping.tables import block_table
from tests.engine.grouping.references import EXACT, KINDS, Plain, hundredths, random_problem


def every_block(blocks: Blocks):
    """``(bit mask, units, serving tasks)`` of every block."""
    for mask in range(1, 1 << len(blocks.units)):
        units = [unit for unit in range(len(blocks.units)) if mask >> unit & 1]
        yield mask, units, frozenset(task for unit in units for task in blocks.units[unit])


def best(blocks: Blocks, units: list[int], level: int) -> tuple[float, frozenset]:
    value, held = best_network(blocks.arrays, np.array(units, dtype=np.int64), level)
    return value, frozenset(task for task, inside in zip(blocks.problem.tasks, held, strict=True) if inside)


def all_networks(plain: Plain, block: frozenset, cost: int) -> dict[frozenset, object]:
    """What the block adds to the value in every network that may serve it at that cost."""
    weight = sum(plain.weight.values())
    worth = {network: plain.worth(block, network, cost) for network in plain.networks}
    return {network: each / weight for network, each in worth.items() if each is not None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tasks", [1, 2, 3, 4, 5, 6])
def test_the_best_network_of_a_block_is_the_best_of_all_networks(kind, tasks):
    for seed in range(25 if tasks < 6 else 10):
        problem = random_problem(seed, tasks, kind)
        blocks, plain = Blocks(problem), Plain(problem)
        for _, units, block in every_block(blocks):
            for level, cost in enumerate(plain.costs):
                options = all_networks(plain, block, cost)
                value, network = best(blocks, units, level)
                if not options:
                    assert value == -np.inf
                    continue
                assert value == pytest.approx(max(options.values()), rel=1e-9, abs=1e-9)
                assert options[network] == pytest.approx(value, rel=1e-9, abs=1e-9)


LIMITS = [
    {"max_size": 3},
    {"max_auxiliaries": 1},
    {"max_auxiliaries": 0},
    {"apart": [["t0", "t1", "t2"], ["t3", "t4"]]},
    {"apart": [["t0", "t5"], ["t1", "t5"], ["t2", "t5"], ["t2", "t3"]]},
    {"apart": [["t0", "t1", "t2", "t3", "t4", "t5"]]},
    {"apart": [["t1", "t4"]], "max_size": 3, "max_auxiliaries": 2},
    {"together": [["t0", "t4"], ["t1", "t2"]], "apart": [["t3", "t5"]]},
    {"together": [["t0", "t1"]], "apart": [["t1", "t5"]], "max_auxiliaries": 2},
    {"together": [["t0", "t1"], ["t1", "t2"]], "max_size": 2},
    {"pinned": {"t0": ["t0", "t3", "t4"], "t1": ["t1"]}, "apart": [["t3", "t5"]]},
    {"excluded": ["t5"], "apart": [["t3", "t4"]]},
]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("aggregate", ["mean", "sum"])
@pytest.mark.parametrize("singleton", ["forbid", "diagonal", 0.5])
def test_the_best_network_keeps_to_each_limit_and_to_all_at_once(limits, aggregate, singleton):
    for seed in range(3):
        affinity = np.random.default_rng(seed).normal(size=(6, 6))
        problem = GroupingProblem(
            tuple(f"t{number}" for number in range(6)),
            affinity,
            ("t2", "t0", "t1"),
            aggregate,
            singleton,
            weights={"t0": 2},
            capacities=(Capacity(0.5, 2, -0.1), FULL),
            constraints=Constraints(**limits),
        )
        blocks, plain = Blocks(problem), Plain(problem)
        for _, units, block in every_block(blocks):
            for level, cost in enumerate(plain.costs):
                options = all_networks(plain, block, cost)
                value, network = best(blocks, units, level)
                assert value == pytest.approx(max(options.values(), default=-np.inf))
                if options:
                    assert options[network] == pytest.approx(value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tasks", [1, 3, 5, 7])
def test_the_table_holds_the_best_network_of_every_block(kind, tasks):
    for seed in range(15):
        blocks = Blocks(random_problem(seed, tasks, kind))
        table = block_table(blocks.arrays)
        assert table.shape == (len(blocks.arrays.cost), 1 << len(blocks.units)) and (table[:, 0] == -np.inf).all()
        for mask, units, _ in every_block(blocks):
            for level in range(len(table)):
                value, _ = best(blocks, units, level)
                rounding = 1e-13 * (np.abs(blocks.arrays.gives).sum() + 1)
                assert table[level, mask] == pytest.approx(value, rel=1e-12, abs=rounding)


def halves(problem: GroupingProblem) -> GroupingProblem:
    """The same problem without weights, for 1, 2 or 4 serving tasks: shares of the value that floats hold exactly."""
    pinned = dict(problem.constraints.pinned)
    serving = problem.serving[: 1 << (len(problem.serving).bit_length() - 1)]
    conditions = replace(problem.constraints, pinned=tuple((t, n) for t, n in pinned.items() if t in serving))
    singleton = problem.singleton
    if isinstance(singleton, tuple):
        singleton = tuple((task, score) for task, score in singleton if task in serving)
    return replace(problem, serving=serving, weights=None, singleton=singleton, constraints=conditions)


def assert_no_smaller_network_ties(problem: GroupingProblem) -> None:
    """No network that is worth as much is smaller; where tasks are kept apart, none within it is."""
    blocks, plain = Blocks(problem), Plain(problem, Fraction)
    for _, units, block in every_block(blocks):
        for level, cost in enumerate(plain.costs):
            options = all_networks(plain, block, cost)
            value, network = best(blocks, units, level)
            assert (value == -np.inf) == (not options)
            if options:
                ties = [other for other, worth in options.items() if worth == max(options.values())]
                assert network in ties
                assert not any(other < network for other in ties)
                assert problem.constraints.apart or len(network) == min(map(len, ties))


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("tasks", [2, 3, 4, 5, 6, 7])
def test_of_networks_that_tie_a_small_one_is_taken(kind, tasks):
    for seed in range(20):
        assert_no_smaller_network_ties(halves(random_problem(seed, tasks, kind)))


@pytest.mark.parametrize(
    ("seed", "tasks", "kind"),
    [
        (137, 6, "integers with ties"),
        (48, 7, "integers with ties"),
        (89, 6, "candidates with ties"),
        (148, 5, "candidates with ties"),
        (3, 7, "candidates with ties"),
    ],
)
def test_rounding_makes_no_network_larger(seed, tasks, kind):
    """Shares of the value such as thirds, which floats round, so that sums that tie differ by their last bits."""
    assert_no_smaller_network_ties(random_problem(seed, tasks, kind))


@pytest.mark.parametrize("seed", range(60))
def test_the_networks_of_blocks_are_groupings_of_the_same_value(seed):
    """A random partition into blocks is worth the sum of its table's entries, whatever evaluates it."""
    rng = np.random.default_rng(seed)
    problem = random_problem(seed, 1 + seed % 7)
    blocks = Blocks(problem)
    table = block_table(blocks.arrays)
    for _ in range(10):
        of = rng.integers(0, len(blocks.units), len(blocks.units))
        parts = [(np.flatnonzero(of == block).tolist(), int(rng.integers(len(table)))) for block in set(of.tolist())]
        worth = sum(table[level, sum(1 << unit for unit in part)] for part, level in parts)
        if worth > -np.inf:
            networks = blocks.networks(parts)
            scale = 1 + np.abs(blocks.arrays.gives).max()
            assert evaluate(problem, networks) == pytest.approx(worth, rel=1e-9, abs=1e-9 * scale)
            first = [problem.serving.index(network.serves[0]) for network in networks]
            assert first == sorted(first)
            paid = sum(int(blocks.arrays.cost[level]) for _, level in parts)
            cost = sum(network.cost for network in networks)
            assert blocks.spendable(cost) == paid == blocks.spendable(cost + 0.5 * float(blocks.step))


@pytest.mark.parametrize("seed", range(40))
def test_no_budget_buys_what_its_steps_do_not(seed):
    problem = random_problem(seed, 1 + seed % 6)
    blocks = Blocks(problem)
    heads = hundredths(problem.head_cost) * len(problem.serving)
    step = blocks.step * 100
    assert [cost * step for cost in blocks.arrays.cost.tolist()] == [
        hundredths(cost) - hundredths(problem.head_cost) for cost in problem.costs
    ]
    for budget in (0.5, 1, 1.5, 2, 2.5, 5):
        assert blocks.spendable(budget) == (hundredths(budget) - heads) // step


def test_the_step_is_the_greatest_that_all_costs_are_multiples_of():
    def step(*costs, head=0.0):
        sizes = tuple(Capacity(cost) for cost in costs)
        return Blocks(GroupingProblem(("a", "b"), np.ones((2, 2)), capacities=sizes, head_cost=head)).step

    assert step(1) == 1 and step(0.5, 1) == step(1, 1.5) == Fraction(1, 2)
    assert step(1, head=0.1) == Fraction(9, 10) and step(0.5, 1, head=0.1) == Fraction(1, 10)
    assert step(0.333, 1) == Fraction(1, 1000)


def test_serving_tasks_that_are_kept_together_are_one_unit_in_the_order_of_the_problem():
    def units(**conditions):
        serving = ("d", "a", "c", "b")
        problem = GroupingProblem(tuple("abcdef"), np.ones((6, 6)), serving, constraints=Constraints(**conditions))
        return Blocks(problem).units

    assert units() == [("d",), ("a",), ("c",), ("b",)]
    assert units(together=[["a", "b"]]) == [("d",), ("a", "b"), ("c",)]
    assert units(together=[["a", "b"], ["b", "d"]]) == [("d", "a", "b"), ("c",)]
    assert units(together=[["a", "b"], ["c", "d"], ["d", "b"]]) == [("d", "a", "c", "b")]
    assert units(together=[["a", "e"], ["e", "f"]]) == units()


def test_tasks_that_are_kept_with_the_same_auxiliary_are_units_of_their_own():
    problem = GroupingProblem(
        tuple("abc"), np.ones((3, 3)), ("a", "b"), constraints=Constraints(together=(("a", "c"), ("b", "c")))
    )
    assert Blocks(problem).units == [("a",), ("b",)]


def test_auxiliaries_join_as_long_as_they_raise_the_mean():
    column = np.array([0, 5, 4, 3, -1, 4.5])  # what each gives to t0; t1 is served too and asks for nothing
    affinity = np.zeros((6, 6))
    affinity[:, 0] = column
    problem = GroupingProblem(tuple(f"t{number}" for number in range(6)), affinity, ("t0", "t1"), "mean")
    blocks = Blocks(problem)
    assert best(blocks, [0], 0) == (2.5, {"t0", "t1"})
    assert best(blocks, [0, 1], 0) == (2.5, {"t0", "t1"})
    added = Blocks(replace(problem, aggregate="sum"))
    assert best(added, [0, 1], 0) == (8.25, {"t0", "t1", "t2", "t3", "t5"})
    few = Blocks(replace(problem, aggregate="sum").with_constraints(max_auxiliaries=2))
    assert best(few, [0, 1], 0) == (6.75, {"t0", "t1", "t2", "t5"})


def test_of_two_tasks_kept_apart_the_better_one_joins_unless_two_others_outweigh_it():
    affinity = np.zeros((5, 5))
    affinity[:, 0] = [0, 5, 3, 3, 1]  # t1 against t2 and t3
    apart = Constraints(apart=(("t1", "t2"), ("t1", "t3")))
    problem = GroupingProblem(tuple(f"t{number}" for number in range(5)), affinity, ("t0",), "sum", constraints=apart)
    assert best(Blocks(problem), [0], 0) == (7, {"t0", "t2", "t3", "t4"})
    assert best(Blocks(problem.with_constraints(max_auxiliaries=1)), [0], 0) == (5, {"t0", "t1"})
    assert best(Blocks(replace(problem, aggregate="mean")), [0], 0) == (5, {"t0", "t1"})


def test_the_smallest_of_the_candidates_that_tie_is_taken_and_costs_what_it_costs():
    candidates = [Candidate(tuple("abc"), (2, 2, 2)), Candidate(tuple("ab"), (2, 2)), Candidate(("a",), (9,), 0.5)]
    blocks = Blocks(GroupingProblem(tuple("abc"), candidates=candidates, head_cost=0.1))
    assert blocks.network([0, 1], 1) == Network(("a", "b"), ("a", "b"), 1.1)
    assert blocks.network([0], 0) == Network(("a",), ("a",), 0.5)
    assert best(blocks, [0, 1], 0)[0] == -np.inf


def test_a_single_task_takes_the_size_that_is_made_for_it():
    problem = GroupingProblem(tuple("ab"), np.ones((2, 2)), singleton=0.25, capacities=(HALF_SINGLE, FULL))
    blocks = Blocks(problem)
    assert best(blocks, [0], 0) == (0.125, {"a"}) and best(blocks, [0], 1) == (0.5, {"a", "b"})
    assert best(blocks, [0, 1], 0)[0] == -np.inf and best(blocks, [0, 1], 1) == (1, {"a", "b"})
