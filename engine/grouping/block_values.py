"""What any set of serving tasks is worth when one network serves them: the closed form that every solver rests on.

Only the partition of the serving tasks into *blocks*, each served by one network, has to be searched: networks may
overlap, so that each block chooses its network freely. With ``w(s) = Σ_{t ∈ P, t ≠ s} Z[s, t]`` (weighted), what task s
gives to the block P, the scores of P in a network N ⊇ P add up to ``Σ_{s ∈ N} w(s) / (|N| − 1)`` for the mean, as all
of P share the denominator, and to ``Σ_{s ∈ N} w(s)`` for the sum. So auxiliaries join in descending order of w, for the
mean as long as w exceeds the value reached, for the sum as long as w is positive: work linear in the number of tasks.

Serving tasks that are kept together are one *unit*; blocks are sets of units. All numbers are those of the value: a
score times the task's weight over the sum of the weights.
"""

from typing import NamedTuple

import numpy as np

from engine.grouping.compiling import compiled

TIE = 1e-12  # what an auxiliary must add to join, as a part of what all tasks give: less is rounding, not choice


class Arrays(NamedTuple):
    """A grouping problem as compiled code takes it: U units, T tasks, L levels of cost, C candidates.

    Attributes:
        gives: ``[U, T]``, what each task gives to each unit, members of the unit to each other included.
        members: ``[U, T]``, the tasks that a network which serves the unit must hold.
        barred: ``[U, T]``, the tasks that such a network must not hold.
        served: ``[U]``, how many serving tasks the unit has.
        weight: ``[U]``, their share of the value.
        alone: ``[U]``, what the unit is worth alone in its network, where it is a single task; −inf where forbidden.
        conflict: ``[T, T]``, the pairs that are kept apart; ``conflicts`` tells whether there are any.
        mean: whether the aggregate is the mean.
        most_auxiliaries: the largest number of tasks a network holds without serving them.
        most_tasks: ``[L]``, the largest number of tasks in a network of that level.
        change: ``[L]``, what a score changes by.
        cost: ``[L]``, in whole units of `Blocks.step`, a block's heads left out.
        holds: ``[C, T]``, the candidates' tasks; none where scores come from affinities.
        scores: ``[C, U]``, the sum of the unit's scores, −inf where it is not held.
        level: ``[C]``, of each candidate.
    """

    gives: np.ndarray
    members: np.ndarray
    barred: np.ndarray
    served: np.ndarray
    weight: np.ndarray
    alone: np.ndarray
    conflict: np.ndarray
    conflicts: bool
    mean: bool
    most_auxiliaries: int
    most_tasks: np.ndarray
    change: np.ndarray
    cost: np.ndarray
    holds: np.ndarray
    scores: np.ndarray
    level: np.ndarray


@compiled
def best_network(a: Arrays, block: np.ndarray, level: int) -> tuple[float, np.ndarray]:
    """The best network that serves a block.

    Args:
        block: the numbers of its units.
        level: its level of cost.

    Returns:
        What the block's scores add up to, −inf where no network serves it; and ``[T]``, the tasks it holds.
    """
    tasks = a.members.shape[1]
    w = np.zeros(tasks)
    held = np.zeros(tasks, np.bool_)
    barred = np.zeros(tasks, np.bool_)
    served = 0
    weight = 0.0
    for unit in block:
        w += a.gives[unit]
        held |= a.members[unit]
        barred |= a.barred[unit]
        served += a.served[unit]
        weight += a.weight[unit]
    if a.holds.shape[0] > 0:
        best, found = -np.inf, -1
        for c in range(a.holds.shape[0]):
            if a.level[c] == level and candidate_serves(a, c, served, held, barred):
                total, tie = 0.0, 0.0
                for unit in block:
                    total += a.scores[c, unit]
                    tie += TIE * abs(a.scores[c, unit])
                if total > best + tie or (
                    found >= 0 and total >= best - tie and a.holds[c].sum() < a.holds[found].sum()
                ):
                    best, found = max(total, best), c
        return (best, a.holds[found].copy()) if found >= 0 else (best, held)
    open_to = np.empty(tasks)
    alone = a.alone[block[0]]
    value = block_value(rules_of(a, level), w, held, barred, served, weight, alone, open_to)
    if value == -np.inf:
        return value, held
    size, total, tie = _measure(w, held)
    most = min(a.most_tasks[level] - size, a.most_auxiliaries - (size - served))
    if a.conflicts:
        _, open_to = _without_clashes(a.mean, a.conflict, open_to, size, total, most, alone, tie)
    _, count = _auxiliaries(a.mean, open_to, size, total, most, alone, tie)
    return value, held | _top(open_to, count)


class Scratch(NamedTuple):
    """Room for `worth` to work in, ``[T]`` each, made once by `scratch_for`."""

    w: np.ndarray
    open_to: np.ndarray
    held: np.ndarray
    barred: np.ndarray


@compiled
def scratch_for(a):
    """Room for `worth` to work in."""
    tasks = a.members.shape[1]
    return Scratch(np.empty(tasks), np.empty(tasks), np.empty(tasks, np.bool_), np.empty(tasks, np.bool_))


@compiled
def worth(a, block, drop, add, level, scratch):
    """What a block is worth in its best network at a level, without unit ``drop`` and with ``add``; −1 for none."""
    w, held, barred = scratch.w, scratch.held, scratch.barred
    tasks = w.shape[0]
    w[:] = 0.0
    held[:] = False
    barred[:] = False
    served, weight, alone = 0, 0.0, -np.inf
    for place in range(block.shape[0] + 1):
        unit = block[place] if place < block.shape[0] else add
        if unit == drop or unit < 0:
            continue
        for t in range(tasks):
            w[t] += a.gives[unit, t]
            held[t] |= a.members[unit, t]
            barred[t] |= a.barred[unit, t]
        served += a.served[unit]
        weight += a.weight[unit]
        alone = a.alone[unit]
    if a.holds.shape[0] == 0:
        return block_value(rules_of(a, level), w, held, barred, served, weight, alone, scratch.open_to)
    best = -np.inf
    for c in range(a.holds.shape[0]):
        if a.level[c] == level:
            total = 0.0
            for place in range(block.shape[0] + 1):
                unit = block[place] if place < block.shape[0] else add
                if unit != drop and unit >= 0:
                    total += a.scores[c, unit]
            if total > best and candidate_serves(a, c, served, held, barred):
                best = total
    return best


@compiled
def candidate_serves(a, c, served, held, barred):
    """Whether candidate c may serve ``served`` tasks that ask it to hold ``held`` and not to hold ``barred``."""
    size = 0
    for t in range(held.shape[0]):
        if a.holds[c, t]:
            if barred[t]:
                return False
            size += 1
            if a.conflicts:
                for other in range(t):
                    if a.holds[c, other] and a.conflict[t, other]:
                        return False
        elif held[t]:
            return False
    return size - served <= a.most_auxiliaries and size <= a.most_tasks[a.level[c]]


@compiled
def block_value(rules, w, held, barred, served, weight, alone, open_to):
    """What a block is worth in its best network at a level, from the sums over its units; −inf where there is none.

    Args:
        rules: of the level, as `rules_of` takes them from the arrays, which are too many to hand on for every block.
        w: ``[T]``, what each task gives to the block.
        held, barred: ``[T]``, the tasks that its network must and must not hold.
        served, weight: how many tasks the block serves, and their share of the value.
        alone: what the block is worth alone, if it is a single task.
        open_to: ``[T]``, is overwritten: w of the tasks that may join as auxiliaries, −inf for the others.
    """
    clash = False
    for t in range(w.shape[0]):
        clash |= held[t] & barred[t]
    if clash:
        return -np.inf
    for t in range(w.shape[0]):
        open_to[t] = -np.inf if held[t] | barred[t] else w[t]
    mean, most_tasks, most_auxiliaries, change, conflicts, conflict = rules
    size, total, tie = _measure(w, held)
    most = min(most_tasks - size, most_auxiliaries - (size - served))
    if most < 0:
        return -np.inf
    if conflicts:
        value, _ = _without_clashes(mean, conflict, open_to, size, total, most, alone, tie)
    else:
        value, _ = _auxiliaries(mean, open_to, size, total, most, alone, tie)
    return value + change * weight


@compiled
def rules_of(a, level):
    """What `block_value` needs to know of a level."""
    return a.mean, a.most_tasks[level], a.most_auxiliaries, a.change[level], a.conflicts, a.conflict


@compiled
def _measure(w, held):
    """How many tasks a block holds, what they give it, and what an auxiliary must add to join."""
    size, total, magnitude = 0, 0.0, 0.0
    for t in range(w.shape[0]):
        magnitude += abs(w[t])
        size += 1 if held[t] else 0
        total += w[t] if held[t] else 0.0
    return size, total, TIE * magnitude


@compiled
def _auxiliaries(mean, open_to, size, total, most, alone, tie):
    """The best value with at most ``most`` auxiliaries, and how many join: the first in descending order.

    Args:
        open_to: ``[T]``, what each task that may join gives to the block; −inf for the others.
        size, total: how many tasks the block holds already, and what they give.
        alone: the value of a block of one task without auxiliaries.
        tie: what an auxiliary must add to join.
    """
    first = alone
    if size > 1:
        first = total / (size - 1) if mean else total
    if most == 0:
        return first, 0
    if size == 1:
        value, count = _helpers_of_one(mean, open_to, most, tie)
    else:
        value, count = _prefix(mean, open_to, size, total, most, first, tie)
    if count > 0 and (value > first + tie or first == -np.inf):
        return value, count
    return first, 0


@compiled
def _helpers_of_one(mean, open_to, most, tie):
    """One or more auxiliaries of a single task. The mean over the others is highest with the best one alone."""
    top = open_to.max()
    if top == -np.inf:
        return top, 0
    if mean or top <= 0:
        return top, 1
    return _prefix(mean, open_to, 1, 0.0, most, 0.0, tie)


@compiled
def _prefix(mean, open_to, size, total, most, first, tie):
    """Auxiliaries in descending order as long as each raises the value, from the value ``first`` without any."""
    bar = first if mean else 0.0
    count, extra = 0, 0.0
    while True:  # the bar rises to the value of all that lie above it, until it rises no more
        least = bar + tie
        count, extra = 0, 0.0
        for t in range(open_to.shape[0]):
            above = open_to[t] > least  # without a branch, so that several tasks are compared at once
            count += 1 if above else 0
            extra += open_to[t] if above else 0.0
        if not mean or count == 0:
            break
        raised = (total + extra) / (size - 1 + count)
        if raised <= least:
            break
        bar = raised
    if count <= most:
        if not mean:
            return total + extra, count
        return (total + extra) / (size - 1 + count), count
    value = first
    sum_ = total
    last, place = np.inf, -1
    count = 0
    while count < most:
        pick = _next(open_to, last, place)
        if pick < 0:
            break
        more = (sum_ + open_to[pick]) / (size + count) if mean else sum_ + open_to[pick]
        if not more > value + tie:
            break
        value = more
        sum_ += open_to[pick]
        last, place = open_to[pick], pick
        count += 1
    return value, count


@compiled
def _next(open_to, last, place):
    """The task after the one at ``place`` in descending order, those that tie in their own order; −1 at the end."""
    pick = -1
    for t in range(open_to.shape[0]):
        here = open_to[t]
        if (here < last or (here == last and t > place)) and here > -np.inf and (pick < 0 or here > open_to[pick]):
            pick = t
    return pick


@compiled
def _top(open_to, count):
    """``[T]``: the first ``count`` in descending order."""
    joined = np.zeros(open_to.shape[0], np.bool_)
    last, place = np.inf, -1
    for _ in range(count):
        place = _next(open_to, last, place)
        last = open_to[place]
        joined[place] = True
    return joined


@compiled
def _without_clashes(mean, conflict, open_to, size, total, most, alone, tie):
    """`_auxiliaries` where pairs are kept apart: while the best choice holds such a pair, try without each.

    Returns:
        The value, and what it may choose from so that it holds no such pair.
    """
    best, best_open = -np.inf, open_to
    left = [open_to]
    while len(left) > 0:
        choice = left.pop()
        value, count = _auxiliaries(mean, choice, size, total, most, alone, tie)
        if value <= best:
            continue
        one, two = _clash(conflict, _top(choice, count))
        if one < 0:
            best, best_open = value, choice
            continue
        for t in (one, two):
            without = choice.copy()
            without[t] = -np.inf
            left.append(without)
    return best, best_open


@compiled
def _clash(conflict, joined):
    for one in range(joined.shape[0]):
        if joined[one]:
            for two in range(one):
                if joined[two] and conflict[one, two]:
                    return two, one
    return -1, -1
