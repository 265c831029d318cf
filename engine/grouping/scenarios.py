"""The best grouping of measured or predicted networks under many scenarios of their losses at once.

What the advisor asks thousands of times a second: were the losses so, which networks would be chosen, and what would
they lose? The same optimum as `engine.grouping.solving.solve` of a problem of candidates without constraints, for every
scenario and every budget, by the same dynamic programme over the subsets of the serving tasks:

1. *The best network for a block* P of tasks at each cost: ``min over networks N ⊇ P of Σ_{t ∈ P} L[N, t]``.
2. *The best partition* of the serving tasks into blocks within the budget.
"""

import math
from collections.abc import Sequence

import numpy as np

from engine.errors import KindredError
from engine.grouping.compiling import compiled
from engine.grouping.problem import GRAIN

MOST_SERVING = 12


class Scenarios:
    """The networks of a choice that is made again and again.

    Args:
        holds: ``[networks, tasks]``, whether a network holds a task, for the tasks that must be served.
        costs: ``[networks]``, in SNT.

    Raises:
        KindredError: if there are more than 12 tasks to serve.
    """

    def __init__(self, holds: np.ndarray, costs: Sequence[float]) -> None:
        networks, tasks = holds.shape
        if tasks > MOST_SERVING:
            raise KindredError(
                f"There are {tasks} tasks to serve; scenarios compare every partition of at most {MOST_SERVING}, so "
                "serve fewer."
            )
        grains = [round(cost / GRAIN) for cost in costs]
        self._grain = math.gcd(*grains)
        self._paid = np.array([grain // self._grain for grain in grains], dtype=np.int64)
        self._members = (holds.astype(np.int64) << np.arange(tasks)).sum(axis=1)
        self._tasks = tasks

    def spendable(self, budget: float) -> int:
        """The budget in whole units of what costs are multiples of."""
        return int(round(budget / GRAIN) // self._grain)

    def values(self, losses: np.ndarray, budgets: Sequence[float]) -> np.ndarray:
        """The least total loss of the served tasks in each scenario, for each budget.

        Args:
            losses: ``[scenarios, networks, tasks]``; a network whose loss is NaN or infinite cannot serve that task.
            budgets: in SNT.

        Returns:
            ``[scenarios, budgets]``; infinite where the budget serves not everyone.
        """
        spends = [min(self.spendable(budget), self._most) for budget in budgets]
        best = _values(np.ascontiguousarray(losses, dtype=np.float64), self._members, self._paid, max(spends))
        return best[:, spends]

    def frequencies(self, losses: np.ndarray, budgets: Sequence[float]) -> np.ndarray:
        """``[networks]``: the share of scenarios and budgets in whose best choice each network is.

        Args:
            losses, budgets: as of ``values``.
        """
        spends = np.array([min(self.spendable(budget), self._most) for budget in budgets], dtype=np.int64)
        return _frequencies(np.ascontiguousarray(losses, dtype=np.float64), self._members, self._paid, spends)

    def choose(self, losses: np.ndarray, budget: float) -> np.ndarray | None:
        """The best choice in one scenario.

        Args:
            losses: ``[networks, tasks]``.

        Returns:
            ``[tasks]``: the network that serves each; None if the budget serves not everyone.
        """
        spend = min(self.spendable(budget), self._most)
        chosen = _choice(np.ascontiguousarray(losses, dtype=np.float64), self._members, self._paid, spend)
        return chosen if (chosen >= 0).all() else None

    @property
    def _most(self) -> int:
        """More than any grouping can cost."""
        return int(self._paid.max()) * self._tasks


@compiled
def _blocks(losses: np.ndarray, members: np.ndarray, paid: np.ndarray, tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """For every cost and set of tasks, the least total loss in one network, and which network that is.

    Returns:
        Two arrays ``[most paid + 1, 2^tasks]``.
    """
    worth = np.full((paid.max() + 1, 1 << tasks), np.inf)
    which = np.full((paid.max() + 1, 1 << tasks), -1)
    for network in range(len(members)):
        whole = members[network]
        served = whole
        while served > 0:  # every set of its tasks
            total = 0.0
            for task in range(tasks):
                if served >> task & 1:
                    total += losses[network, task]
            if total < worth[paid[network], served]:
                worth[paid[network], served] = total
                which[paid[network], served] = network
            served = (served - 1) & whole
    return worth, which


@compiled
def _partitions(worth: np.ndarray, spend: int) -> np.ndarray:
    """``[2^tasks, spend + 1]``: the least loss of every set of tasks at no more than each spending."""
    best = np.full((worth.shape[1], spend + 1), np.inf)
    best[0, :] = 0.0
    for whole in range(1, worth.shape[1]):
        top = 1
        while top * 2 <= whole:
            top *= 2
        lower = whole - top
        rest = lower
        while True:  # the block holds the highest task, and the rest is any set of the others
            for paid in range(1, min(worth.shape[0] - 1, spend) + 1):
                block = worth[paid, whole - rest]
                if block < np.inf:
                    for b in range(paid, spend + 1):
                        total = block + best[rest, b - paid]
                        if total < best[whole, b]:
                            best[whole, b] = total
            if rest == 0:
                break
            rest = (rest - 1) & lower
    return best


@compiled
def _values(losses: np.ndarray, members: np.ndarray, paid: np.ndarray, spend: int) -> np.ndarray:
    found = np.empty((losses.shape[0], spend + 1))
    for scenario in range(losses.shape[0]):
        worth, _ = _blocks(losses[scenario], members, paid, losses.shape[2])
        found[scenario] = _partitions(worth, spend)[-1]
    return found


@compiled
def _frequencies(losses: np.ndarray, members: np.ndarray, paid: np.ndarray, spends: np.ndarray) -> np.ndarray:
    found = np.zeros(len(members))
    for scenario in range(losses.shape[0]):
        worth, which = _blocks(losses[scenario], members, paid, losses.shape[2])
        best = _partitions(worth, spends.max())
        for spend in spends:
            chosen = _traced(worth, which, best, spend)
            for task in range(len(chosen)):
                if chosen[task] >= 0 and not (chosen[:task] == chosen[task]).any():
                    found[chosen[task]] += 1
    return found / (losses.shape[0] * len(spends))


@compiled
def _choice(losses: np.ndarray, members: np.ndarray, paid: np.ndarray, spend: int) -> np.ndarray:
    worth, which = _blocks(losses, members, paid, losses.shape[1])
    return _traced(worth, which, _partitions(worth, spend), spend)


@compiled
def _traced(worth: np.ndarray, which: np.ndarray, best: np.ndarray, spend: int) -> np.ndarray:
    """``[tasks]``: the networks of the best partition; −1 each where there is none."""
    tasks = 0
    while 1 << tasks < worth.shape[1]:
        tasks += 1
    chosen = np.full(tasks, -1)
    whole, left = (1 << tasks) - 1, spend
    if best[whole, left] == np.inf:
        return chosen
    while whole > 0:
        top = 1
        while top * 2 <= whole:
            top *= 2
        lower = whole - top
        rest, least, block, price = lower, np.inf, 0, 0
        while True:
            for cost in range(1, min(worth.shape[0] - 1, left) + 1):
                total = worth[cost, whole - rest] + best[rest, left - cost]
                if total < least:
                    least, block, price = total, whole - rest, cost
            if rest == 0:
                break
            rest = (rest - 1) & lower
        for task in range(tasks):
            if block >> task & 1:
                chosen[task] = which[price, block]
        whole -= block
        left -= price
    return chosen
