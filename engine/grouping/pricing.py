"""The blocks that are worth more than their prices, and the proof that no others are: what column generation asks for.

Given a price for every unit, the *profit* of a block is its value less the prices of its units. A block is worth a
column of the master programme if its profit exceeds what its network costs. Three ways to look through all blocks, by
what the problem allows:

- `TablePricing`: up to 20 units every block is in a table, and one pass over it is exact.
- `CandidatePricing`: a listed network serves best just the units that are worth more than their price there.
- `engine.grouping.pricing_search`: depth-first over served, auxiliary or out for every task.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.grouping.block_values import Arrays, candidate_serves
from engine.grouping.blocks import Blocks
from engine.grouping.compiling import compiled
from engine.grouping.stop import Stop
from engine.grouping.tables import block_table

MOST_IN_TABLE = 20  # units
LISTED = 50_000  # blocks that a list may hold

Block = tuple[bytes, int]  # the units as the bytes of a [U] mask, and a level of cost


@dataclass(frozen=True)
class Priced:
    """Attributes:
    profit: ``[L]``, at least the highest profit of any block at each level: proved.
    blocks: ``[n, U]`` the units of blocks with a high profit.
    levels: ``[n]``, their levels.
    """

    profit: np.ndarray
    blocks: np.ndarray
    levels: np.ndarray


class Pricing(Protocol):
    """A way to look through all blocks.

    Attributes:
        quick: whether a proof takes no longer than to look for a few.
    """

    quick: bool

    def promising(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> tuple[np.ndarray, np.ndarray]:
        """Some blocks ``[n, U]`` and their levels ``[n]`` whose profit exceeds ``least[level]``; only if not quick."""

    def prove(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> Priced | None:
        """All levels' highest profit, or ``least`` where no block exceeds that; ``None`` if time ran out."""

    def above(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> tuple[np.ndarray, np.ndarray] | None:
        """Every block whose profit exceeds ``least[level]``; ``None`` if there are too many or time ran out."""


class TablePricing:
    """Pricing by a pass over all blocks."""

    quick = True

    def __init__(self, blocks: Blocks) -> None:
        self._units = len(blocks.units)
        self._table = block_table(blocks.arrays)

    def prove(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> Priced:
        best, masks = _scan(self._table, prices, least)
        levels, units = np.nonzero(masks)
        found = np.unique(np.stack([masks[levels, units], levels]), axis=1)
        return Priced(np.maximum(best, least), self._bits(found[0]), found[1])

    def above(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> tuple[np.ndarray, np.ndarray] | None:
        masks, levels, count = _list(self._table, prices, least, LISTED)
        return None if count > LISTED else (self._bits(masks[:count]), levels[:count])

    def _bits(self, masks: np.ndarray) -> np.ndarray:
        return (masks[:, None] >> np.arange(self._units) & 1).astype(bool)


@compiled
def _price_of(prices):
    """``[2^U]``: the sum of the prices of each block."""
    total = np.zeros(1 << prices.shape[0])
    for unit in range(prices.shape[0]):
        for mask in range(1 << unit):
            total[mask | 1 << unit] = total[mask] + prices[unit]
    return total


@compiled
def _scan(table, prices, least):
    """``[L]`` the highest profit; ``[L, U]`` for each unit the block of the highest, if that is above ``least``."""
    price = _price_of(prices)
    units = prices.shape[0]
    best = np.full(table.shape[0], -np.inf)
    masks = np.zeros((table.shape[0], units), np.int64)
    for level in range(table.shape[0]):
        highest = np.full(units, least[level])
        low = least[level]
        for mask in range(1, table.shape[1]):
            profit = table[level, mask] - price[mask]
            if profit > best[level]:
                best[level] = profit
            if profit > low:
                for unit in range(units):
                    if mask >> unit & 1 and profit > highest[unit]:
                        highest[unit] = profit
                        masks[level, unit] = mask
                low = highest.min()
    return best, masks


@compiled
def _list(table, prices, least, most):
    price = _price_of(prices)
    masks, levels, count = np.zeros(most, np.int64), np.zeros(most, np.int64), 0
    for level in range(table.shape[0]):
        for mask in range(1, table.shape[1]):
            if table[level, mask] - price[mask] > least[level]:
                if count < most:
                    masks[count], levels[count] = mask, level
                count += 1
    return masks, levels, count


class CandidatePricing:
    """Pricing over the listed networks: each serves the units that are worth more there than their price."""

    quick = True

    def __init__(self, blocks: Blocks) -> None:
        self._arrays = blocks.arrays

    def prove(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> Priced:
        found, levels, profit, bound = of_candidates(self._arrays, prices)
        highest = least.copy()
        np.maximum.at(highest, self._arrays.level, bound)
        good = profit > least[levels]
        return Priced(highest, found[good], levels[good])

    def above(self, prices: np.ndarray, least: np.ndarray, stop: Stop) -> tuple[np.ndarray, np.ndarray] | None:
        found, levels, count = _list_of_candidates(self._arrays, prices, least, LISTED)
        return None if count > LISTED else (found[:count], levels[:count])


@compiled
def of_candidates(a: Arrays, prices: np.ndarray):
    """For each candidate the block ``[C, U]`` that it serves best, its level and profit, and a bound on all its blocks.

    Where the best choice breaks a constraint, units leave it one by one, the least profitable first; the bound stays.
    """
    candidates, units = a.scores.shape
    tasks = a.members.shape[1]
    found = np.zeros((candidates, units), np.bool_)
    profit, bound = np.full(candidates, -np.inf), np.full(candidates, -np.inf)
    for c in range(candidates):
        gain = a.scores[c] - prices
        best, most = -np.inf, 0.0
        for unit in range(units):
            if gain[unit] > 0:
                found[c, unit] = True
                most += gain[unit]
            best = max(best, gain[unit])
        bound[c] = most if most > 0 else best
        if most <= 0 and best > -np.inf:
            found[c, np.argmax(gain)] = True
        while found[c].any():
            held, barred = np.zeros(tasks, np.bool_), np.zeros(tasks, np.bool_)
            served, total = 0, 0.0
            least, worst = np.inf, -1
            for unit in range(units):
                if found[c, unit]:
                    held |= a.members[unit]
                    barred |= a.barred[unit]
                    served += a.served[unit]
                    total += gain[unit]
                    if gain[unit] < least:
                        least, worst = gain[unit], unit
            if candidate_serves(a, c, served, held, barred):
                profit[c] = total
                break
            found[c, worst] = False
    return found, a.level, profit, bound


@compiled
def _list_of_candidates(a: Arrays, prices, least, most):
    candidates, units = a.scores.shape
    tasks = a.members.shape[1]
    rows, levels, count = np.zeros((most, units), np.bool_), np.zeros(most, np.int64), 0
    block = np.zeros(units, np.bool_)
    for c in range(candidates):
        gain = a.scores[c] - prices
        hope = np.zeros(units + 1)  # what the units from here on can still add
        for unit in range(units - 1, -1, -1):
            hope[unit] = hope[unit + 1] + max(gain[unit], 0.0)
        block[:] = False
        unit, total = 0, 0.0
        while True:  # depth first; True is tried before False
            if unit < units and total + hope[unit] > least[a.level[c]]:
                if gain[unit] > -np.inf:
                    block[unit] = True
                    total += gain[unit]
                unit += 1
                continue
            if unit == units and total > least[a.level[c]] and block.any():
                held, barred, served = np.zeros(tasks, np.bool_), np.zeros(tasks, np.bool_), 0
                for each in range(units):
                    if block[each]:
                        held |= a.members[each]
                        barred |= a.barred[each]
                        served += a.served[each]
                if candidate_serves(a, c, served, held, barred):
                    if count < most:
                        rows[count], levels[count] = block, a.level[c]
                    count += 1
            unit -= 1
            while unit >= 0 and not block[unit]:
                unit -= 1
            if unit < 0 or count > most:
                break
            block[unit] = False
            total -= gain[unit]
            unit += 1
    return rows, levels, count
