"""A good grouping in milliseconds, by simulated annealing over the partitions of the serving tasks.

A state is a partition into blocks within the budget, each with its best network, so that auxiliaries are copied where
they help without a move of their own. Moves: *relocate* a task to another block or a block of its own, *swap* two
tasks, *merge* two blocks. Restarts begin at random, and the best state found is returned. Where networks of several
costs can be had, the blocks that a move changes take the best affordable ones.

No proof comes with it but the bound that holds for any budget: every task at its own best network.

Source: Kirkpatrick, Gelatt and Vecchi, "Optimization by simulated annealing", Science 1983.
"""

from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from engine.grouping.block_values import Arrays, block_value, rules_of, scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.compiling import compiled
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Solution, evaluate
from engine.grouping.stop import Stop

NAME = "local_search"
RESTS_ON = "every task at its own best network, which no budget can beat"
RESTARTS = 4
MOVES = 1_000  # of one restart, for each serving task


def solve(
    problem: GroupingProblem,
    budget: float,
    time_limit: float | None = None,
    stop: Stop | None = None,
    restarts: int = RESTARTS,
    seed: int = 0,
) -> Solution | None:
    """The best grouping found within a budget; ``None`` where none was found.

    The same arguments give the same grouping, unless the time ends it.

    Args:
        time_limit: seconds; a grouping is returned even if they are very few.
        stop: ends the search earlier.
        restarts: how often the search begins anew.
        seed: of its random moves.

    Raises:
        KindredError: if the budget is no positive number.
    """
    budget = check_budget(budget)
    with nullcontext(stop) if stop else Stop(time_limit) as stop:
        blocks = Blocks(problem)
        found = search(blocks, blocks.spendable(budget), stop, restarts, seed)
        if found is None:
            return None
        networks = blocks.networks(found)
        value = evaluate(problem, networks, budget)
        bound = max(value, float(best_alone(blocks).sum()))
        return Solution(problem, budget, networks, value, Certificate(bound, RESTS_ON), NAME, stop.seconds)


def search(
    blocks: Blocks, spend: int, stop: Stop, restarts: int = RESTARTS, seed: int = 0, moves: int = MOVES
) -> list[tuple[list[int], int]] | None:
    """The best partition found: blocks of unit numbers, each with its level of cost."""
    units = len(blocks.units)
    most = min(units, spend // int(blocks.arrays.cost.min())) if spend >= 0 else 0
    if most < 1:
        return None
    best, found = -np.inf, None
    for restart in range(restarts):
        value, assigned, level = _anneal(blocks.arrays, most, spend, moves * (units + 10), seed + restart, stop.flag)
        if value > best + 1e-12 * abs(value) or found is None:
            best, found = value, (assigned, level)
        if stop.due:
            break
    if best == -np.inf:
        return None
    assigned, level = found
    return [
        (np.flatnonzero(assigned == block).tolist(), int(level[block]))
        for block in range(most)
        if (assigned == block).any()
    ]


def best_alone(blocks: Blocks) -> np.ndarray:
    """``[U]``: what every unit is worth in the best network that could hold it, whoever else is served there."""
    arrays = blocks.arrays
    return _best_alone(arrays._replace(most_auxiliaries=arrays.members.shape[1]))


@compiled
def _best_alone(a: Arrays) -> np.ndarray:
    """``[U]``: what every unit is worth as a block of its own at the best level."""
    best = np.full(a.served.shape[0], -np.inf)
    scratch = scratch_for(a)
    none = np.zeros(0, np.int64)
    for unit in range(best.shape[0]):
        for level in range(a.cost.shape[0]):
            best[unit] = max(best[unit], worth(a, none, -1, unit, level, scratch))
    return best


class _Sums(NamedTuple):
    """``[B, T]``, for every block: what each task gives it, how many of its units hold it, and how many bar it."""

    w: np.ndarray
    held: np.ndarray
    barred: np.ndarray


@compiled
def _anneal(a: Arrays, most: int, spend: int, moves: int, seed: int, flag: np.ndarray):
    """One restart.

    Args:
        most: the largest number of blocks.
        spend: what the blocks' levels may cost together.

    Returns:
        The best value, −inf where no feasible partition was met; ``[U]`` the block of each unit; ``[B]`` their levels.
    """
    units = a.served.shape[0]
    scratch = scratch_for(a)
    np.random.seed(seed)
    bad = -4.0 * _reach(a) - 1e-300  # what a block counts that no network serves: worse than any that one does
    held_by = np.empty((most, units), np.int64)
    sums = _Sums(
        np.zeros((most, a.members.shape[1])),
        np.zeros((most, a.members.shape[1]), np.int16),
        np.zeros((most, a.members.shape[1]), np.int16),
    )
    size = np.zeros(most, np.int64)
    assigned = np.empty(units, np.int64)
    level = np.zeros(most, np.int64)
    value = np.zeros(most)
    for unit in range(units):
        block = np.random.randint(most)
        assigned[unit] = block
        held_by[block, size[block]] = unit
        size[block] += 1
    paid = 0
    for block in range(most):
        if size[block] > 0:
            first = spend if most == 1 else a.cost.min()
            level[block], value[block] = _best_level(a, held_by[block, : size[block]], -1, -1, first, bad, scratch)
            paid += a.cost[level[block]]
            _sum_up(a, held_by[block, : size[block]], sums, block)
    total = value.sum()
    best, best_assigned, best_level = -np.inf, assigned.copy(), level.copy()
    if total > bad / 2 and paid <= spend:
        best = total
    warm = _typical_change(a, held_by, size, level, value, assigned, bad, scratch)
    heat = warm
    cooling = (1e-3) ** (1.0 / max(moves, 1))
    for move in range(moves):
        heat *= cooling
        if move & 255 == 0 and flag[0] != 0 and best > -np.inf:
            break
        unit = np.random.randint(units)
        one = assigned[unit]
        other_unit = -1
        kind = np.random.random()
        if kind < 0.75:
            two = np.random.randint(most)
        else:
            other_unit = np.random.randint(units)
            two = assigned[other_unit]
        if two == one:
            continue
        merge = kind > 0.98
        swap = kind >= 0.75 and not merge
        left = spend - paid
        if size[one] > 0:
            left += a.cost[level[one]]
        if size[two] > 0:
            left += a.cost[level[two]]
        if merge:
            new_two_level, new_two = _merged(a, held_by, size, one, two, left, bad, scratch)
            new_one_level, new_one = 0, 0.0
            if new_two_level < 0:
                continue
        else:
            taken = other_unit if swap else -1
            alone = size[one] == 1 and not swap
            if alone and size[two] == 0:
                continue
            new_one_level, new_one = 0, 0.0
            cheapest = a.cost.min()
            rest = left if alone else left - cheapest
            new_two_level, new_two = _changed(a, held_by, size, sums, two, taken, unit, rest, bad, scratch)
            if new_two_level < 0:
                continue
            if not alone:
                rest = left - a.cost[new_two_level]
                new_one_level, new_one = _changed(a, held_by, size, sums, one, unit, taken, rest, bad, scratch)
        change = new_one + new_two - value[one] - value[two]
        if change < 0 and np.random.random() >= np.exp(change / heat):
            continue
        if size[one] > 0:
            paid -= a.cost[level[one]]
        if size[two] > 0:
            paid -= a.cost[level[two]]
        if merge:
            for place in range(size[one]):
                moved = held_by[one, place]
                assigned[moved] = two
                held_by[two, size[two]] = moved
                size[two] += 1
            size[one] = 0
        else:
            _replace(held_by, size, one, unit, other_unit if swap else -1)
            _replace(held_by, size, two, other_unit if swap else -1, unit)
            assigned[unit] = two
            if swap:
                assigned[other_unit] = one
        _sum_up(a, held_by[one, : size[one]], sums, one)
        _sum_up(a, held_by[two, : size[two]], sums, two)
        level[one], value[one] = new_one_level, new_one
        level[two], value[two] = new_two_level, new_two
        if size[one] > 0:
            paid += a.cost[level[one]]
        if size[two] > 0:
            paid += a.cost[level[two]]
        total += change
        if total > best and total > bad / 2 and paid <= spend:
            best = total
            best_assigned[:] = assigned
            best_level[:] = level
    return best, best_assigned, best_level


@compiled
def _best_level(a, block, drop, add, left, bad, scratch):
    """The best level that costs at most ``left``, and the block's value at it; level −1 if none is so cheap."""
    best_level, best = -1, -np.inf
    for level in range(a.cost.shape[0]):
        if a.cost[level] <= left:
            value = worth(a, block, drop, add, level, scratch)
            if value > best or best_level < 0:
                best_level, best = level, value
    return best_level, best if best > -np.inf else bad


@compiled
def _sum_up(a, block, sums, number):
    """What the units of a block add up to, from the beginning, so that no rounding accumulates."""
    sums.w[number] = 0.0
    sums.held[number] = 0
    sums.barred[number] = 0
    for unit in block:
        for t in range(a.gives.shape[1]):
            sums.w[number, t] += a.gives[unit, t]
            sums.held[number, t] += a.members[unit, t]
            sums.barred[number, t] += a.barred[unit, t]


@compiled
def _changed(a, held_by, size, sums, number, drop, add, left, bad, scratch):
    """`_best_level` of a block without ``drop`` and with ``add``, from its sums where there are affinities."""
    block = held_by[number, : size[number]]
    if a.holds.shape[0] > 0:
        return _best_level(a, block, drop, add, left, bad, scratch)
    served, weight, alone = 0, 0.0, -np.inf
    for unit in block:
        if unit != drop:
            served += a.served[unit]
            weight += a.weight[unit]
            alone = a.alone[unit]
    for t in range(scratch.w.shape[0]):
        w, held, barred = sums.w[number, t], sums.held[number, t], sums.barred[number, t]
        if drop >= 0:
            w -= a.gives[drop, t]
            held -= a.members[drop, t]
            barred -= a.barred[drop, t]
        if add >= 0:
            w += a.gives[add, t]
            held += a.members[add, t]
            barred += a.barred[add, t]
        scratch.w[t], scratch.held[t], scratch.barred[t] = w, held > 0, barred > 0
    if add >= 0:
        served += a.served[add]
        weight += a.weight[add]
        alone = a.alone[add]
    best_level, best = -1, -np.inf
    for level in range(a.cost.shape[0]):
        if a.cost[level] <= left:
            rules = rules_of(a, level)
            value = block_value(rules, scratch.w, scratch.held, scratch.barred, served, weight, alone, scratch.open_to)
            if value > best or best_level < 0:
                best_level, best = level, value
    return best_level, best if best > -np.inf else bad


@compiled
def _merged(a, held_by, size, one, two, left, bad, scratch):
    both = np.concatenate((held_by[one, : size[one]], held_by[two, : size[two]]))
    return _best_level(a, both, -1, -1, left, bad, scratch)


@compiled
def _replace(held_by, size, block, drop, add):
    """Take a unit out of a block, put another one in; −1 for none."""
    if drop >= 0:
        for place in range(size[block]):
            if held_by[block, place] == drop:
                size[block] -= 1
                held_by[block, place] = held_by[block, size[block]]
                break
    if add >= 0:
        held_by[block, size[block]] = add
        size[block] += 1


@compiled
def _reach(a):
    """At least the largest magnitude that the value of any partition can have."""
    reach = np.abs(a.gives).sum() + np.abs(a.change).max()
    for unit in range(a.served.shape[0]):
        if a.alone[unit] > -np.inf:
            reach += abs(a.alone[unit])
        most = 0.0
        for c in range(a.holds.shape[0]):
            if a.scores[c, unit] > -np.inf:
                most = max(most, abs(a.scores[c, unit]))
        reach += most
    return reach


@compiled
def _typical_change(a, held_by, size, level, value, assigned, bad, scratch):
    """The mean magnitude of what relocating a unit changes: where the heat begins."""
    units, most = assigned.shape[0], size.shape[0]
    sum_, count = 0.0, 0
    for _ in range(4 * units):
        unit, two = np.random.randint(units), np.random.randint(most)
        one = assigned[unit]
        if one == two or size[one] == 1 or size[two] == 0:
            continue
        change = (
            worth(a, held_by[one, : size[one]], unit, -1, level[one], scratch)
            + worth(a, held_by[two, : size[two]], -1, unit, level[two], scratch)
            - value[one]
            - value[two]
        )
        if abs(change) < -bad / 8:
            sum_ += abs(change)
            count += 1
    return max(sum_ / count if count else 0.0, 1e-300)
