"""What every block of serving tasks is worth, as a table over bit masks of units."""

import numpy as np

from engine.grouping.block_values import Arrays, block_value, candidate_serves, rules_of
from engine.grouping.compiling import compiled


@compiled
def block_table(a: Arrays) -> np.ndarray:
    """What every block is worth in its best network at every level of cost.

    Returns:
        ``[L, 2^U]``, by the bit mask of the block's units; −inf for the empty block and where no network serves it.
    """
    units, tasks = a.gives.shape
    value = np.full((a.cost.shape[0], 1 << units), -np.inf)
    if a.holds.shape[0] > 0:
        _from_candidates(a, value)
        return value
    low = units // 2
    low_w, low_held, low_barred = _sums(a, 0, low)
    high_w, high_held, high_barred = _sums(a, low, units)
    served, weight = _counts(a)
    w, open_to = np.empty(tasks), np.empty(tasks)
    held, barred = np.empty(tasks, np.bool_), np.empty(tasks, np.bool_)
    for mask in range(1, 1 << units):
        under, above = mask & ((1 << low) - 1), mask >> low
        for t in range(tasks):
            w[t] = low_w[under, t] + high_w[above, t]
        for t in range(tasks):
            held[t] = low_held[under, t] | high_held[above, t]
            barred[t] = low_barred[under, t] | high_barred[above, t]
        alone = -np.inf
        if mask & (mask - 1) == 0:
            for unit in range(units):
                if mask == 1 << unit:
                    alone = a.alone[unit]
        for level in range(a.cost.shape[0]):
            value[level, mask] = block_value(
                rules_of(a, level), w, held, barred, served[mask], weight[mask], alone, open_to
            )
    return value


@compiled
def _sums(a, first, last):
    """For every set of the units ``first`` to ``last``: what each task gives it, what it holds and what it bars."""
    count = 1 << (last - first)
    tasks = a.gives.shape[1]
    w = np.zeros((count, tasks))
    held = np.zeros((count, tasks), np.bool_)
    barred = np.zeros((count, tasks), np.bool_)
    for unit in range(first, last):
        bit = 1 << (unit - first)
        for mask in range(bit):
            for t in range(tasks):
                w[mask | bit, t] = w[mask, t] + a.gives[unit, t]
                held[mask | bit, t] = held[mask, t] | a.members[unit, t]
                barred[mask | bit, t] = barred[mask, t] | a.barred[unit, t]
    return w, held, barred


@compiled
def _counts(a):
    """``[2^U]``: how many tasks each block serves, and their share of the value."""
    units = a.gives.shape[0]
    served = np.zeros(1 << units, np.int64)
    weight = np.zeros(1 << units)
    for unit in range(units):
        bit = 1 << unit
        for mask in range(bit):
            served[mask | bit] = served[mask] + a.served[unit]
            weight[mask | bit] = weight[mask] + a.weight[unit]
    return served, weight


@compiled
def _from_candidates(a, value):
    """Every candidate offers itself to every block of units that it holds."""
    units, tasks = a.members.shape
    total = np.empty(1 << units)
    masks = np.empty(1 << units, np.int64)
    for c in range(a.holds.shape[0]):
        count = 1
        total[0], masks[0] = 0.0, 0
        for unit in range(units):
            if a.scores[c, unit] > -np.inf:
                for place in range(count):
                    total[count + place] = total[place] + a.scores[c, unit]
                    masks[count + place] = masks[place] | (1 << unit)
                count *= 2
        for place in range(1, count):
            mask = masks[place]
            if total[place] > value[a.level[c], mask]:
                served = 0
                held = np.zeros(tasks, np.bool_)
                barred = np.zeros(tasks, np.bool_)
                for unit in range(units):
                    if mask >> unit & 1:
                        served += a.served[unit]
                        held |= a.members[unit]
                        barred |= a.barred[unit]
                if candidate_serves(a, c, served, held, barred):
                    value[a.level[c], mask] = total[place]
