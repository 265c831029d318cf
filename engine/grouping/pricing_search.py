"""The blocks that are worth more than their prices, by depth-first search over served, auxiliary or out for every task.

The bound of the search. Tasks are decided in a fixed order; let D be the tasks held so far with the served ones P,
π(P) their prices, Q the affinities among D onto P, and R the tasks not yet decided. Suppose it is known that no block
within R has a profit above m (it was searched before, as R is the end of the order). For the mean, a network of n tasks
with r of them from R has ``(n − 1) · profit = Q + Σ over R of cross terms + Q_R − (n − 1)(π(P) + π(P_R))``, where the
affinities within R are at most ``Q_R ≤ (r − 1)(π(P_R) + m)``. What is left is a sum over the tasks of R, each free to
take its best role. So no block from here exceeds the profit p if

``Q − (|D| − 1)(π(P) + p) + max(0, Σ_{R} max(0, best cross term − π(P) − p + m) − m) ≤ 0``.

For m to be small, the ends of the order are searched to a lower profit than the whole, which costs little as they are
small.

Source: Russian dolls search: Verfaillie, Lemaître and Schiex, AAAI 1996. The bound is ours.
"""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from engine.grouping.block_values import Arrays, scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.compiling import compiled
from engine.grouping.pricing import LISTED, Priced, of_candidates
from engine.grouping.stop import Stop

NODES = 1_000_000  # of the first attempt of a search; each further one takes four times as many
STARTS = 64  # units from which promising blocks are climbed to in one round
KEPT = 400  # blocks that one search returns


class SearchPricing:
    """Pricing by depth-first search over all tasks.

    What is kept together and what a unit asks for is left out of the search, so that its bound also covers blocks that
    break those conditions; a block that it returns keeps to all.
    """

    quick = False

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._turn = 0
        problem, arrays = blocks.problem, blocks.arrays
        excluded = {problem.position[task] for task in problem.constraints.excluded}
        pinned = {task for task, _ in problem.constraints.pinned}
        self._pinned = {unit for unit, tasks in enumerate(blocks.units) if pinned & set(tasks)}
        self._tasks = np.array([t for t in range(len(problem.tasks)) if t not in excluded])
        unit_of = {problem.position[task]: unit for unit, tasks in enumerate(blocks.units) for task in tasks}
        self._unit_of = np.array([unit_of.get(t, -1) for t in self._tasks])
        share = dict(zip(problem.serving, np.array(problem.weights or [1.0] * len(problem.serving)), strict=True))
        whole = sum(share.values())
        self._weight = np.array([share.get(problem.tasks[t], 0.0) / whole for t in self._tasks])
        gives = problem.affinity[np.ix_(self._tasks, self._tasks)].T * self._weight[:, None]
        np.fill_diagonal(gives, 0.0)
        self._gives = gives
        self._served = (self._unit_of >= 0) & ~np.isin(self._unit_of, list(self._pinned))
        self._alone = np.array(
            [
                weight * problem.alone(problem.tasks[t]) if unit >= 0 else -np.inf
                for t, unit, weight in zip(self._tasks, self._unit_of, self._weight, strict=True)
            ]
        )
        self._conflict = arrays.conflict[np.ix_(self._tasks, self._tasks)]

    def promising(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> tuple[np.ndarray, np.ndarray]:
        rows, levels = [], []
        for level, low in enumerate(least):
            found, profit = _climb(self._blocks.arrays, prices, level, self._starts(), stop.flag)
            good = np.unique(found[profit > low], axis=0)
            rows.append(good)
            levels += [level] * len(good)
        return np.concatenate(rows), np.array(levels, dtype=np.int64)

    def _starts(self) -> np.ndarray:
        """The units to begin with: all, or where they are many, some more at every call."""
        units = len(self._blocks.units)
        self._turn = (self._turn + STARTS) % units
        return (self._turn + np.arange(min(units, STARTS))) % units

    def prove(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> Priced | None:
        highest, rows, levels = least.copy(), [], []
        for level in range(len(least)):
            result = self._search(prices, level, least[level], KEPT, False, stop)
            if result is None:
                return None
            highest[level], found = result
            rows.append(found)
            levels += [level] * len(found)
        return Priced(highest, np.concatenate(rows), np.array(levels, dtype=np.int64))

    def above(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> tuple[np.ndarray, np.ndarray] | None:
        rows, levels = [], []
        for level in range(len(least)):
            result = self._search(prices, level, least[level], LISTED, True, stop)
            if result is None or len(result[1]) >= LISTED:
                return None
            rows.append(result[1])
            levels += [level] * len(result[1])
        return np.concatenate(rows), np.array(levels, dtype=np.int64)

    def _search(
        self, prices: np.ndarray, level: int, least: float, most: int, every: bool, stop: Stop
    ) -> tuple[float, np.ndarray] | None:
        """The highest profit at a level, or ``least``, and blocks above ``least``; ``None`` if time ran out.

        Which order is quick is not known beforehand, so that several take turns with ever more nodes.
        """
        arrays = self._blocks.arrays
        per_task = np.where(self._served, prices[self._unit_of] / arrays.served[self._unit_of], 0.0)
        price = per_task - arrays.change[level] * self._weight
        nodes = NODES
        ways = self._ways(price)
        pinned_profit, pinned = self._of_pinned(prices, level, least)
        while True:
            for order, slope in ways:
                found = np.zeros((most, len(order)), np.int8)
                limits = np.array([arrays.most_tasks[level], arrays.most_auxiliaries, nodes, int(every)])
                profit, count, complete = _depth_first(
                    self._gives[np.ix_(order, order)],
                    self._served[order],
                    price[order],
                    self._alone[order],
                    self._conflict[np.ix_(order, order)],
                    arrays.mean,
                    least,
                    slope,
                    limits,
                    found,
                    stop.flag,
                )
                if complete:
                    rows = self._units(found[: min(count, most)], order, level)
                    return max(profit, pinned_profit), np.concatenate([pinned, rows])
                if every and count >= most:
                    return None
                if stop.due:
                    return None
            nodes *= 4

    def _ways(self, price: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """Orders of the tasks, each with how fast the profit sought rises from their end to their beginning."""
        net = self._gives - np.where(self._served, price, 0.0)[:, None]
        both = net + net.T
        np.fill_diagonal(both, 0.0)
        distance = both.max() - both
        np.fill_diagonal(distance, 0.0)
        clusters = leaves_list(linkage(squareform((distance + distance.T) / 2, checks=False), "average"))
        degree = np.argsort(-np.maximum(both, 0.0).sum(axis=1), kind="stable")
        return [(clusters, 1.0), (degree, 1.0), (np.argsort(price, kind="stable"), 1.5), (clusters, 1.5)]

    def _units(self, found: np.ndarray, order: np.ndarray, level: int) -> np.ndarray:
        """Blocks of tasks as blocks of units; those that the constraints rule out are dropped."""
        units = np.zeros((len(found), len(self._blocks.units)), dtype=bool)
        served, task = np.nonzero(found == 2)
        units[served, self._unit_of[order][task]] = True
        units = np.unique(units, axis=0)
        scratch = scratch_for(self._blocks.arrays)
        good = [worth(self._blocks.arrays, np.flatnonzero(row), -1, -1, level, scratch) > -np.inf for row in units]
        return units[np.array(good, dtype=bool)]

    def _of_pinned(self, prices: np.ndarray, level: int, least: float) -> tuple[float, np.ndarray]:
        """The highest profit and the blocks above ``least`` in the networks that units are pinned to."""
        arrays = self._blocks.arrays
        if not self._pinned:
            return least, np.zeros((0, len(prices)), dtype=bool)
        holds = np.unique(arrays.members[sorted(self._pinned)], axis=0)
        inside = (arrays.members[None] <= holds[:, None]).all(axis=2)
        size = holds.sum(axis=1)[:, None]
        scores = holds @ arrays.gives.T / (np.maximum(size - 1, 1) if arrays.mean else 1)
        scores = np.where(size == 1, arrays.alone, scores) + arrays.change[level] * arrays.weight
        scores = np.where(inside, scores, -np.inf)
        listed = arrays._replace(holds=holds, scores=scores, level=np.full(len(holds), level))
        found, _, profit, bound = of_candidates(listed, prices)
        return max(least, bound.max()), found[profit > least]


@compiled
def _climb(a: Arrays, prices, level, starts, flag):
    """From each start, the block ``[starts, U]`` that single units joining or leaving lead to, and its profit."""
    units = a.served.shape[0]
    scratch = scratch_for(a)
    found = np.zeros((starts.shape[0], units), np.bool_)
    profit = np.full(starts.shape[0], -np.inf)
    block = np.empty(units, np.int64)
    for start in range(starts.shape[0]):
        found[start, starts[start]] = True
        block[0] = starts[start]
        size = 1
        paid = prices[starts[start]]
        here = worth(a, block[:1], -1, -1, level, scratch) - paid
        while True:
            best, mover = here, -1
            if flag[0] != 0:
                return found, profit
            for unit in range(units):
                if not found[start, unit]:
                    there = worth(a, block[:size], -1, unit, level, scratch) - paid - prices[unit]
                elif size > 1:
                    there = worth(a, block[:size], unit, -1, level, scratch) - paid + prices[unit]
                else:
                    continue
                if there > best + 1e-12 * abs(best) or (best == -np.inf and there > best):
                    best, mover = there, unit
            if mover < 0:
                break
            found[start, mover] = not found[start, mover]
            here, size, paid = best, 0, 0.0
            for unit in range(units):
                if found[start, unit]:
                    block[size] = unit
                    paid += prices[unit]
                    size += 1
        profit[start] = here
    return found, profit


@compiled
def _depth_first(gives, served, price, alone, conflict, mean, least, slope, limits, found, flag):
    """The highest profit of any block, in the way that the module's text describes.

    Args:
        gives: ``[T, T]``, what each task (column) gives to each served one (row), in the order of decision.
        served: ``[T]``, which tasks can be served; ``price`` and ``alone`` are theirs.
        least: the profit that is sought to be exceeded.
        slope: how fast the profit sought rises from the end of the order: 1 evenly, 1.5 up to two thirds.
        limits: the most tasks, auxiliaries and nodes, and whether every block above ``least`` is wanted.
        found: ``[n, T]``, takes the blocks above ``least``: 0 out, 1 auxiliary, 2 served.

    Returns:
        The highest profit, or ``least`` if none is higher; how many blocks were above it; whether all was searched.
    """
    tasks = gives.shape[0]
    most_tasks, most_auxiliaries, most_nodes, every = limits[0], limits[1], limits[2], limits[3] != 0
    given = gives.T.copy()
    w = np.zeros((tasks + 1, tasks))  # what each undecided task gives to those served, by depth
    gain = np.zeros((tasks + 1, tasks))  # what each undecided task gains from those held
    within = np.zeros(tasks + 1)  # Q
    paid = np.zeros(tasks + 1)  # π(P)
    size = np.zeros(tasks + 1, np.int64)
    serves = np.zeros(tasks + 1, np.int64)
    role = np.zeros(tasks + 1, np.int8)
    known = np.zeros(tasks + 1)  # the highest profit within the tasks from here on: m
    nodes, count = 0, 0
    for first in range(tasks - 1, -1, -1):
        share = 1.0 if first == 0 else min(1.0, slope * (tasks - first) / tasks)
        best = max(known[first + 1], least * share)  # blocks up to this profit need not be found
        if every:
            best = min(best, least)
        highest = max(known[first + 1], best)  # no block within the tasks from `first` on has a higher profit
        for start in (2, 1):
            if start == 2 and not served[first]:
                continue
            role[first] = start
            depth = first + 1
            within[depth], size[depth] = 0.0, 1
            paid[depth] = price[first] if start == 2 else 0.0
            serves[depth] = 1 if start == 2 else 0
            for t in range(depth, tasks):
                w[depth, t] = gives[first, t] if start == 2 else 0.0
                gain[depth, t] = given[first, t]
            if start == 2:
                profit = alone[first] - price[first]
                if not mean:  # the bound of the sum takes the affinities within a single task, 0, for its value
                    highest = max(highest, -price[first])
                if most_tasks >= 1 and profit > least:
                    if count < found.shape[0]:
                        found[count, :] = 0
                        found[count, first] = 2
                    count += 1
                highest = max(highest, profit)
                if profit > best:
                    best = min(profit, max(best, least)) if every else profit
            if depth == tasks or 1 - serves[depth] > most_auxiliaries:
                continue
            entered = True
            while depth > first:
                if entered:
                    nodes += 1
                    if nodes & 1023 == 0 and (flag[0] != 0 or nodes > most_nodes or (every and count > found.shape[0])):
                        return least, count, False
                    if _hopeless(mean, depth, w, gain, within, paid, size, served, price, known, best):
                        entered = False
                        depth -= 1
                        continue
                    role[depth] = 3
                role[depth] -= 1
                if role[depth] == 2 and not served[depth]:
                    role[depth] = 1
                if role[depth] < 0:
                    depth -= 1
                    entered = False
                    continue
                entered = False
                if role[depth] > 0:
                    if size[depth] >= most_tasks:
                        continue
                    if role[depth] == 1 and size[depth] + 1 - serves[depth] > most_auxiliaries:
                        continue
                    clash = False
                    for t in range(first, depth):
                        if role[t] > 0 and conflict[depth, t]:
                            clash = True
                    if clash:
                        continue
                now, depth = depth, depth + 1
                within[depth], paid[depth] = within[now], paid[now]
                size[depth], serves[depth] = size[now], serves[now]
                if role[now] == 0:
                    for t in range(depth, tasks):
                        w[depth, t] = w[now, t]
                        gain[depth, t] = gain[now, t]
                else:
                    size[depth] += 1
                    within[depth] += w[now, now]
                    for t in range(depth, tasks):
                        gain[depth, t] = gain[now, t] + given[now, t]
                    if role[now] == 2:
                        serves[depth] += 1
                        within[depth] += gain[now, now]
                        paid[depth] += price[now]
                        for t in range(depth, tasks):
                            w[depth, t] = w[now, t] + gives[now, t]
                    else:
                        for t in range(depth, tasks):
                            w[depth, t] = w[now, t]
                    if serves[depth] > 0:
                        profit = within[depth] / (size[depth] - 1 if mean else 1) - paid[depth]
                        if profit > least and (every or profit > best):
                            place = count if every else count % found.shape[0]
                            if place < found.shape[0]:
                                found[place, :] = 0
                                for t in range(first, depth):
                                    found[place, t] = role[t]
                            count += 1
                        highest = max(highest, profit)
                        if profit > best:
                            best = min(profit, max(best, least)) if every else profit
                entered = depth < tasks
                if not entered:
                    depth -= 1
        known[first] = max(best, highest)
    return known[0], count, True


@compiled
def _hopeless(mean, depth, w, gain, within, paid, size, served, price, known, best):
    """Whether no block from here has a profit above ``best``; the bound in the module's text."""
    tasks = w.shape[1]
    rest = known[depth]
    if not mean:
        hope = within[depth] - paid[depth] + rest
        for t in range(depth, tasks):
            role = max(w[depth, t], 0.0)
            hope += max(role, gain[depth, t] + w[depth, t]) if served[t] else role
        return hope <= best
    bar = paid[depth] + best - rest
    held = size[depth]
    hope = 0.0
    for t in range(depth, tasks):
        role = w[depth, t]
        other = gain[depth, t] + w[depth, t] - held * price[t]
        if served[t] and other > role:
            role = other
        role -= bar
        hope += role if role > 0.0 else 0.0
    hope -= rest
    sure = within[depth] - (held - 1) * (paid[depth] + best)
    return sure + (hope if hope > 0.0 else 0.0) <= 1e-13 * abs(sure)
