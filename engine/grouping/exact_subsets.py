"""The best grouping for every budget at once, by dynamic programming over the subsets of the serving tasks.

A grouping splits the k serving tasks into blocks, each served by one network. Networks may overlap, so each
block chooses its network freely, and the search falls into two parts:

1. *The best network for a block.* For every block P ⊆ serving tasks, the best network N ⊇ P, in closed form.
2. *The best partition.* Over the partitions of the serving tasks into b blocks, for all b together.

Both parts try every case, so that the result is optimal. Time O(2^k T log T + k 3^k) for T tasks.

Source: the problem of Fifty et al., NeurIPS 2021, and Standley et al., ICML 2020, who search it by branch and
bound; the partition by subsets is the classical dynamic programme (Yeh, "A dynamic programming approach to
the complete set partitioning problem", BIT 1986).
"""

import time
from dataclasses import replace
from functools import lru_cache

import numpy as np

from engine.errors import KindredError
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Network, Solution, evaluate

NAME = "exact_subsets"
MOST_SERVING = 14
MOST_TASKS = 200
TIE = 1e-12  # values tie that differ by at most this part of the scores' mean magnitude: rounding, not choice
RESTS_ON = "every partition of the serving tasks was compared, each block with its best network"


def solve_all_budgets(problem: GroupingProblem) -> list[Solution]:
    """The optimal grouping for each budget 1, 2, … up to the number of serving tasks.

    Of groupings that tie, one with the fewest networks; the same problem always gives the same result.
    ``seconds`` is the time for all budgets together, as they are solved in one pass.

    Raises:
        KindredError: with more than 14 serving tasks or 200 tasks.
    """
    return _solve_up_to(problem, len(problem.serving))


def solve(problem: GroupingProblem, budget: int) -> Solution:
    """The optimal grouping of at most ``budget`` networks, of those that tie one with the fewest.

    A budget above the number of serving tasks gives the same grouping as that number.

    Raises:
        KindredError: if the budget is not a whole number of at least 1, or as in `solve_all_budgets`.
    """
    budget = check_budget(budget)
    return replace(_solve_up_to(problem, min(budget, len(problem.serving)))[-1], budget=budget)


def _solve_up_to(problem: GroupingProblem, most_networks: int) -> list[Solution]:
    started = time.perf_counter()
    _check_size(problem)
    blocks = _Blocks(problem)
    chosen: list[tuple[tuple[Network, ...], float]] = []
    for partition in _best_partitions(blocks.value, most_networks):
        networks = tuple(sorted(map(blocks.network, partition), key=lambda n: problem.serving.index(n.serves[0])))
        value = evaluate(problem, networks)
        if chosen and value <= chosen[-1][1] + TIE * _mean_magnitude(problem, networks):
            networks, value = chosen[-1]
        chosen.append((networks, value))
    seconds = time.perf_counter() - started
    return [
        Solution(problem, budget, networks, value, Certificate(value, RESTS_ON), NAME, seconds)
        for budget, (networks, value) in enumerate(chosen, start=1)
    ]


class _Blocks:
    """Every block P of serving tasks, written as a bit mask, with the best network that holds it.

    With ``w_P(s) = Σ_{t ∈ P, t ≠ s} Z[s, t]``, what task s gives to the block, the block's scores in a
    network N ⊇ P add up to ``Σ_{s ∈ N} w_P(s) / (|N| − 1)`` for the mean, as all of P share the denominator,
    and to ``Σ_{s ∈ N} w_P(s)`` for the sum. For a given number of auxiliaries, those with the largest w_P are
    best. So the best network is a prefix of the outsiders in descending order of w_P, and every prefix is
    tried.

    Attributes:
        value: ``[2^k]``, the block's sum of scores in its best network; −inf for the empty block.
    """

    def __init__(self, problem: GroupingProblem) -> None:
        self.problem = problem
        auxiliary = [task for task in problem.tasks if task not in set(problem.serving)]
        self.tasks = (*problem.serving, *auxiliary)
        served = len(problem.serving)
        order = [problem.position[task] for task in self.tasks]
        gives = problem.affinity[np.ix_(order, order[:served])].T.copy()
        self.alone = np.diagonal(gives).copy()
        np.fill_diagonal(gives, 0.0)
        self.w = np.zeros((1 << served, len(self.tasks)))
        for bit in range(served):
            np.add(self.w[: 1 << bit], gives[bit], out=self.w[1 << bit : 2 << bit])
        rows = (1 << 17) // len(self.tasks)  # 1 MB of w at a time, which stays in the processor's cache
        masks = np.arange(1 << served)
        self.value = np.concatenate([self._totals(masks[start : start + rows]).max(axis=1) for start in masks[::rows]])
        self.value[0] = -np.inf

    def network(self, block: int) -> Network:
        """The block's best network; of those that tie, the one with the fewest auxiliaries."""
        problem = self.problem
        totals = self._totals(np.array([block]))[0]
        best = totals.max()
        auxiliaries = int(np.argmax(totals >= best - TIE * abs(best)))
        in_block = {task for bit, task in enumerate(problem.serving) if block >> bit & 1}
        outsiders = [task for task in np.argsort(-self.w[block], kind="stable") if self.tasks[task] not in in_block]
        members = in_block | {self.tasks[task] for task in outsiders[:auxiliaries]}
        return Network(
            tuple(task for task in problem.tasks if task in members),
            tuple(task for task in problem.serving if task in in_block),
        )

    def _totals(self, masks: np.ndarray) -> np.ndarray:
        """``[block, auxiliaries]``: a block's sum of scores with its 0, 1, 2 … best auxiliaries; or −inf."""
        served = len(self.problem.serving)
        held = (masks[:, None] >> np.arange(served) & 1).astype(bool)
        size = held.sum(axis=1)
        w = self.w[masks]
        totals = np.empty((len(masks), len(self.tasks) + 1))
        totals[:, 0] = np.where(held, w[:, :served], 0.0).sum(axis=1)
        w[:, :served][held] = -np.inf
        np.negative(w, out=w)
        w.sort(axis=1)
        np.subtract(totals[:, :1], np.cumsum(w, axis=1, out=w), out=totals[:, 1:])
        if self.problem.aggregate == "mean":
            others = size[:, None] - 1 + np.arange(len(self.tasks) + 1)
            totals /= np.maximum(others, 1)
        alone = size == 1
        if self.problem.singleton == "forbid":
            totals[alone, 0] = -np.inf
        elif self.problem.singleton == "diagonal":
            totals[alone, 0] = (held[alone] * self.alone).sum(axis=1)
        else:
            totals[alone, 0] = self.problem.singleton
        return totals


def _best_partitions(value: np.ndarray, most_blocks: int) -> list[list[int]]:
    """For each b = 1, 2, … ``most_blocks``, the best partition of all tasks into exactly b blocks.

    ``best[b][S] = max over P of value[P] + best[b − 1][S \\ P]``, where P ⊆ S holds the highest task of S, so
    that no partition is met twice. The block of the highest task of all is chosen last, which leaves ``best``
    to the subsets S of the other k − 1 tasks.

    Args:
        value: ``[2^k]``, what each block is worth.
    """
    half = len(value) // 2
    tasks = half.bit_length()  # k
    rest, kept, start = _subsets(max(tasks - 2, 0))
    gain = [value[(1 << top) + kept[: 3**top]] for top in range(tasks - 1)]
    best = np.full((most_blocks, half), -np.inf)
    best[0, 0] = 0.0
    for blocks in range(1, most_blocks):
        after = best[blocks - 1][rest]
        for top in range(tasks - 1):
            worth = gain[top] + after[: 3**top]
            best[blocks, 1 << top : 2 << top] = np.maximum.reduceat(worth, start[: 1 << top])

    def trace(blocks: int) -> list[int]:
        remaining = int(np.argmax(value[: half - 1 : -1] + best[blocks - 1]))
        partition = [2 * half - 1 - remaining]
        for left in range(blocks - 2, -1, -1):
            top = remaining.bit_length() - 1
            lower = remaining - (1 << top)
            row = slice(start[lower], start[lower] + (1 << lower.bit_count()))
            choice = np.argmax(value[(1 << top) + kept[row]] + best[left][rest[row]])
            remaining = int(rest[row][choice])
            partition.append((1 << top) + int(kept[row][choice]))
        return partition

    return [trace(blocks) for blocks in range(1, most_blocks + 1)]


@lru_cache(maxsize=MOST_SERVING)
def _subsets(tasks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pair of a set L of ``tasks`` tasks and a subset of L, as bit masks, in ascending order of L.

    The pairs of the first j tasks come first, so that a shorter list is a prefix of a longer one.

    Returns:
        The subset and its complement in L, ``[3^tasks]`` each; and where the pairs of each L start,
        ``[2^tasks]``.
    """
    rest = kept = size = np.zeros(1, dtype=np.intp)
    for bit in range(tasks):
        rest = np.concatenate([rest, np.column_stack([rest, rest + (1 << bit)]).ravel()])
        kept = np.concatenate([kept, np.column_stack([kept + (1 << bit), kept]).ravel()])
        size = np.concatenate([size, size + 1])
    start = np.concatenate([[0], np.cumsum(1 << size)[:-1]])
    return rest, kept, start


def _mean_magnitude(problem: GroupingProblem, networks: tuple[Network, ...]) -> float:
    scores = [abs(problem.score(task, network.tasks)) for network in networks for task in network.serves]
    return sum(scores) / len(scores)


def _check_size(problem: GroupingProblem) -> None:
    if len(problem.serving) > MOST_SERVING:
        raise KindredError(
            f"There are {len(problem.serving)} serving tasks; the exact solver serves at most "
            f"{MOST_SERVING}, so name at most {MOST_SERVING} as serving tasks and leave the others as "
            "auxiliaries."
        )
    if len(problem.tasks) > MOST_TASKS:
        raise KindredError(
            f"There are {len(problem.tasks)} tasks; the exact solver takes at most {MOST_TASKS}, so leave some out."
        )
