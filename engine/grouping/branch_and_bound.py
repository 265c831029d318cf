"""The best grouping by branch and bound over the networks, as in the papers: a reference to read, in plain Python.

The units (serving tasks, or those kept together) are assigned one after another, each to an open block or to a new one
at one of the levels of cost. A node of the search is the blocks opened so far. Other units may still join them, and
adding one to a block may raise or lower what the others score there, so that a node is bounded by what can never be
exceeded, whoever joins:

- an open block P by ``most(P) = max over networks N ⊇ P of Σ_{u ∈ P} score(u, N)``,
- an unassigned unit u by its best score in any place left to it: in a network that holds it and some open block,
  or in any network at all, as long as the budget pays for one more.

Both only fall on the way down. A node is left where they add up to no more than the best grouping known, and where the
networks opened cost more than the budget. Depth first, the most promising child first: the first way down is a greedy
grouping, and the highest bound of the nodes that wait bounds all that is not yet searched.

Source: the method is that of Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?",
ICML 2020, and Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021, whose
code branches over networks from a list of all of them, and bounds by the best that each task reaches in those left.
Here the networks are not listed: a block takes its best one.
"""

from contextlib import nullcontext
from functools import cache

import numpy as np

from engine.grouping.block_values import scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Progress, Solution, evaluate
from engine.grouping.stop import Stop

NAME = "branch_and_bound"
TIE = 1e-12  # a grouping is better if it is by more than this part of the value: rounding, not choice
FIRST = 1_000  # nodes that are looked at even if the time is up before, to find a grouping
PROVED = "every assignment of the serving tasks was searched, or cannot exceed the best one by its bound"
UNPROVED = "the highest bound of the nodes that were not yet searched when the time was up"

Node = tuple[tuple[int, int], ...]  # the open blocks, each as a bit mask of units and a level of cost


def solve(
    problem: GroupingProblem, budget: float, time_limit: float | None = None, stop: Stop | None = None
) -> Solution | None:
    """The best grouping within a budget; ``None`` where none is feasible, or none was found in the time given.

    Args:
        time_limit: seconds; when they pass, the best grouping so far is returned, with the bound proved by then.
        stop: ends the search earlier.

    Raises:
        KindredError: if the budget is no positive number.
    """
    budget = check_budget(budget)
    with nullcontext(stop) if stop else Stop(time_limit) as stop:
        blocks = Blocks(problem)
        bounds = _Bounds(blocks, blocks.spendable(budget))
        value, best, trace = -np.inf, (), []
        waiting = [(bounds.of(()), ())]
        looked_at = 0
        while waiting and not (stop.due and (best or looked_at >= FIRST)):
            bound, node = waiting.pop()
            looked_at += 1
            if bound <= value + TIE * abs(value):
                continue
            if bounds.assigned(node) == bounds.units:
                found = bounds.value(node)
                if found > value:
                    value, best = found, node
                    trace.append((stop.seconds, value, max((bound for bound, _ in waiting), default=value)))
                continue
            children = [(min(bound, bounds.of(child)), child) for child in bounds.children(node)]
            waiting += sorted(child for child in children if child[0] > value)
        if not best:
            return None
        networks = blocks.networks([(_bits(mask), level) for mask, level in best])
        exact = evaluate(problem, networks, budget)
        left = max((bound for bound, _ in waiting), default=-np.inf)
        proved = left <= value + TIE * abs(value)
        certificate = Certificate(exact, PROVED) if proved else Certificate(max(exact, left), UNPROVED)
        trace = [*trace[:-1], (stop.seconds, exact, certificate.bound)]
        trace = tuple(Progress(at, found, max(found, bound)) for at, found, bound in trace)
        return Solution(problem, budget, networks, exact, certificate, NAME, stop.seconds, trace)


class _Bounds:
    """What the nodes of the search can still reach within a spending. All values are remembered by block and level."""

    def __init__(self, blocks: Blocks, spend: int) -> None:
        arrays = blocks.arrays
        scratch = scratch_for(arrays)
        self.units = len(blocks.units)
        self.cost = arrays.cost.tolist()
        self.spend = spend
        # Whoever is not yet served may be by the time the block is complete, so no auxiliaries are counted.
        free = arrays._replace(most_auxiliaries=arrays.members.shape[1])
        onto = [_onto(free, unit) for unit in range(self.units)]

        def best(given: object, mask: int, level: int) -> float:
            return worth(given, np.array(_bits(mask)), -1, -1, level, scratch)

        self.worth = cache(lambda mask, level: best(arrays, mask, level))
        self.most = cache(lambda mask, level: best(free, mask, level))
        self.most_of = cache(lambda unit, mask, level: best(onto[unit], mask | 1 << unit, level))

    def assigned(self, node: Node) -> int:
        """How many units are: those with the lowest numbers."""
        return sum(mask.bit_count() for mask, _ in node)

    def affordable(self, node: Node) -> list[int]:
        """The levels at which one more block can be opened."""
        left = self.spend - sum(self.cost[level] for _, level in node)
        return [level for level, cost in enumerate(self.cost) if cost <= left]

    def children(self, node: Node) -> list[Node]:
        """The next unit in every open block, and in a new one."""
        bit = 1 << self.assigned(node)
        joined = [(*node[:place], (mask | bit, level), *node[place + 1 :]) for place, (mask, level) in enumerate(node)]
        return joined + [(*node, (bit, level)) for level in self.affordable(node)]

    def of(self, node: Node) -> float:
        """No grouping that comes of the node has a higher value; −inf where none can."""
        places = [*node, *((0, level) for level in self.affordable(node))]
        total = sum(self.most(mask, level) for mask, level in node)
        for unit in range(self.assigned(node), self.units):
            if total == -np.inf:
                break
            total += max((self.most_of(unit, mask, level) for mask, level in places), default=-np.inf)
        return total

    def value(self, node: Node) -> float:
        """The value of a node whose units are all assigned; −inf where a block is served by no network."""
        return sum(self.worth(mask, level) for mask, level in node)


def _onto(arrays: object, unit: int) -> object:
    """The same problem in which no unit but this one counts: a block is worth what the unit scores in it."""
    only = np.arange(len(arrays.served)) == unit
    return arrays._replace(
        gives=arrays.gives * only[:, None],
        weight=arrays.weight * only,
        scores=np.where(only | np.isinf(arrays.scores), arrays.scores, 0.0),
    )


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
