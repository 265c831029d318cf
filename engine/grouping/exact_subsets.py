"""The best grouping for every budget at once, by dynamic programming over the subsets of the serving tasks.

A grouping splits the serving tasks into blocks, each served by one network, and the search falls into two parts:

1. *The best network for a block*, for every block and every cost that a network can have: `engine.grouping.blocks`.
2. *The best partition*: over the partitions of the serving tasks into blocks, for all budgets together.

Both parts try every case, so that the result is optimal. Time O(2^k T + B 3^k) for k serving tasks among T and B steps
of the budget.

Source: the problem of Fifty et al., NeurIPS 2021, and Standley et al., ICML 2020, who search it by branch and
bound; the partition by subsets is the classical dynamic programme (Yeh, "A dynamic programming approach to
the complete set partitioning problem", BIT 1986).
"""

import time
from collections.abc import Sequence

import numpy as np

from engine.errors import KindredError
from engine.grouping.blocks import Blocks
from engine.grouping.compiling import compiled
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Network, Solution, evaluate
from engine.grouping.stop import Stop
from engine.grouping.tables import block_table

NAME = "exact_subsets"
MOST_SERVING = 16
MOST_WORK = 2e9  # steps of the dynamic programme: about two seconds
TIE = 1e-12  # values tie that differ by at most this part of the scores' mean magnitude: rounding, not choice
RESTS_ON = "every partition of the serving tasks was compared, each block with its best network"


def solves(problem: GroupingProblem) -> bool:
    """Whether the problem is small enough."""
    return len(problem.serving) <= MOST_SERVING and _work(Blocks(problem)) <= MOST_WORK


def solve_all_budgets(problem: GroupingProblem, budgets: Sequence[float] | None = None) -> list[Solution | None]:
    """The optimal grouping for each budget; ``None`` where no grouping keeps within it.

    Of groupings that tie, one of the least cost; the same problem always gives the same result.
    ``seconds`` is the time for all budgets together, as they are solved in one pass.

    Args:
        budgets: in SNT, ascending; those of :meth:`GroupingProblem.budgets` where left out.

    Raises:
        KindredError: if the problem is too large.
    """
    started = time.perf_counter()
    blocks = Blocks(problem)
    _check_size(blocks)
    budgets = problem.budgets() if budgets is None else budgets
    chosen = _choose(blocks, [blocks.spendable(budget) for budget in budgets])
    seconds = time.perf_counter() - started
    return [
        found and Solution(problem, budget, found[0], found[1], Certificate(found[1], RESTS_ON), NAME, seconds)
        for budget, found in zip(budgets, chosen, strict=True)
    ]


def solve(
    problem: GroupingProblem, budget: float, time_limit: float | None = None, stop: Stop | None = None
) -> Solution | None:
    """The optimal grouping within a budget, of those that tie one of the least cost; ``None`` if there is none.

    Args:
        time_limit, stop: are not looked at, as the work is small and known beforehand.

    Raises:
        KindredError: if the budget is no positive number, or the problem is too large.
    """
    return solve_all_budgets(problem, [check_budget(budget)])[0]


def best_partitions(blocks: Blocks, spend: int) -> tuple[np.ndarray, list[list[tuple[int, int]]]]:
    """The best partition for each spending, without rounding or ties looked at: the plain numbers, for many replicates.

    Args:
        spend: the largest budget, in whole units of ``blocks.step``.

    Returns:
        ``[spend + 1]``, the best value at each exact spending, −inf where there is none; and its blocks, each as a
        bit mask of units and a level of cost.
    """
    value = block_table(blocks.arrays)
    cost = blocks.arrays.cost
    _drop_dominated(value)
    best = _partition_values(value, cost, spend)
    traced = _trace_all(value, cost, best)
    return best[-1], [[(int(mask), int(level)) for mask, level in row if mask] for row in traced]


def _choose(blocks: Blocks, spends: list[int]) -> list[tuple[tuple[Network, ...], float] | None]:
    """For each spending, the networks and value of the best grouping that costs no more."""
    problem = blocks.problem
    most = min(max(spends, default=0), len(blocks.units) * int(blocks.arrays.cost.max()))
    if most < 0:
        return [None] * len(spends)
    values, partitions = best_partitions(blocks, most)
    found: list[tuple[tuple[Network, ...], float] | None] = []
    last = None
    for value, partition in zip(values, partitions, strict=True):
        if value > -np.inf and (last is None or value > last[1] - TIE * abs(last[1])):
            networks = blocks.networks([(_bits(mask), level) for mask, level in partition])
            exact = evaluate(problem, networks)
            if last is None or exact > last[1] + TIE * _mean_magnitude(problem, networks):
                last = networks, exact
        found.append(last)
    return [found[min(spend, most)] if spend >= 0 else None for spend in spends]


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


@compiled
def _drop_dominated(value: np.ndarray) -> None:
    """Strike the blocks that are worth no more at a higher cost."""
    for level in range(1, value.shape[0]):
        for mask in range(value.shape[1]):
            for cheaper in range(level):
                if value[level, mask] <= value[cheaper, mask]:
                    value[level, mask] = -np.inf


@compiled
def _partition_values(value: np.ndarray, cost: np.ndarray, spend: int) -> np.ndarray:
    """The best partition of every set of units at every exact spending.

    ``best[S, b] = max over P and levels l of value[l, P] + best[S \\ P, b − cost[l]]``, where P ⊆ S holds the highest
    unit of S, so that no partition is met twice.

    Args:
        value: ``[L, 2^U]``, what each block is worth at each level of cost.

    Returns:
        ``[2^(U−1) + 1, spend + 1]``: of the sets without the highest unit of all, and last of all units.
    """
    half = value.shape[1] // 2
    best = np.full((half + 1, spend + 1), -np.inf)
    best[0, 0] = 0.0
    for number in range(1, half + 1):
        whole = number if number < half else 2 * half - 1
        top = 1
        while top * 2 <= whole:
            top *= 2
        lower = whole - top
        row = best[number]
        rest = lower
        while True:  # rest runs over the subsets of lower
            block = whole - rest
            for level in range(value.shape[0]):
                worth = value[level, block]
                if worth == -np.inf:
                    continue
                paid = cost[level]
                before = best[rest]
                for b in range(paid, spend + 1):
                    total = worth + before[b - paid]
                    row[b] = total if total > row[b] else row[b]
            if rest == 0:
                break
            rest = (rest - 1) & lower
    return best


@compiled
def _trace_all(value: np.ndarray, cost: np.ndarray, best: np.ndarray) -> np.ndarray:
    """``[spend + 1, U, 2]``: the blocks (mask, level) of the best partition at each spending; mask 0 where no more."""
    half = value.shape[1] // 2
    units = 1
    while 1 << units < 2 * half:
        units += 1
    traced = np.zeros((best.shape[1], units, 2), np.int64)
    for spend in range(best.shape[1]):
        if best[half, spend] == -np.inf:
            continue
        whole, left, place = 2 * half - 1, spend, 0
        while whole > 0:
            top = 1
            while top * 2 <= whole:
                top *= 2
            lower = whole - top
            most = -np.inf
            rest = lower
            chosen, chosen_level = 0, 0
            while True:
                for level in range(value.shape[0]):
                    worth = value[level, whole - rest]
                    if worth > -np.inf and cost[level] <= left:
                        total = worth + best[rest, left - cost[level]]
                        if total > most:
                            most, chosen, chosen_level = total, rest, level
                if rest == 0:
                    break
                rest = (rest - 1) & lower
            traced[spend, place, 0] = whole - chosen
            traced[spend, place, 1] = chosen_level
            place += 1
            whole = chosen
            left -= cost[chosen_level]
    return traced


def _mean_magnitude(problem: GroupingProblem, networks: tuple[Network, ...]) -> float:
    scores = [
        abs(problem.score(task, network.tasks, problem.capacity_of(len(network.serves), network.cost)))
        for network in networks
        for task in network.serves
    ]
    return sum(scores) / len(scores)


def _work(blocks: Blocks) -> float:
    units = len(blocks.units)
    return 3.0 ** (units - 1) * units * float(blocks.arrays.cost.max())


def _check_size(blocks: Blocks) -> None:
    problem = blocks.problem
    if len(problem.serving) > MOST_SERVING:
        raise KindredError(
            f"There are {len(problem.serving)} serving tasks; the solver exact_subsets serves at most "
            f"{MOST_SERVING}, so use column_generation or local_search, or serve fewer tasks."
        )
    if _work(blocks) > MOST_WORK:
        raise KindredError(
            f"The costs of the networks are multiples of {float(blocks.step):g} SNT only, too fine a grid for "
            f"exact_subsets with {len(problem.serving)} serving tasks; round the costs, or use column_generation."
        )
