"""The best grouping and its proof for many serving tasks, by column generation over blocks.

The master programme chooses blocks so that every unit is served once within the budget, as a linear programme over the
blocks found so far. Its duals price every unit and every step of the budget. `engine.grouping.pricing` looks for blocks
that are worth more than their prices: they become columns. Once it proves that there are none, the prices bound the
value of any grouping, and they are the certificate.

- *Bound at every round.* Blocks are looked for above prices that are raised by what the gap sought allows, so that a
  loose bound is proved early and cheaply, and a ladder of gaps leads from 20 % to 0.
- *Central prices.* The programme is solved by an interior-point method without crossover, as its prices lie in the
  middle of all optimal ones and leave more blocks clearly below their price, which is what makes proofs quick.
- *To the end.* Where the optimum of the linear programme is no grouping, a better one than the best known can only
  consist of blocks whose slack is less than the gap. They are listed, and chosen from by integer programming.

Source: Gilmore and Gomory, Operations Research 1961; bounds and central prices: Lübbecke and Desrosiers, "Selected
topics in column generation", Operations Research 2005.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import cached_property

import highspy
import numpy as np
from scipy.sparse import csr_array

from engine.grouping import local_search
from engine.grouping.block_values import scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.highs import quiet_highs
from engine.grouping.pricing import MOST_IN_TABLE, CandidatePricing, Pricing, TablePricing
from engine.grouping.pricing_search import SearchPricing
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Prices, Progress, Solution, evaluate, relative_gap
from engine.grouping.stop import Stop

NAME = "column_generation"
LADDER = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.0)  # gaps that are proved one after another
ROUNDING = 1e-9  # a bound is met from so near, as a part of the value
FIRST_MOVES = 16_000  # of the local search for the first grouping, about 10 milliseconds at 40 units
TRIES = 2
MANY = 50  # units: with more, one try takes four times as many moves, about 70 milliseconds at 100 units
RESTS_ON_PRICES = "no network is worth more than the prices of the tasks it serves and of what it costs"


def solve(
    problem: GroupingProblem, budget: float, time_limit: float | None = None, stop: Stop | None = None, gap: float = 0.0
) -> Solution | None:
    """The best grouping within a budget with the bound proved in the time given; ``None`` where none was found.

    Args:
        time_limit: seconds; without one, until the gap is proved.
        stop: ends it earlier.
        gap: is enough, as a part of the value.

    Raises:
        KindredError: if the budget is no positive number.
    """
    solution = None
    with nullcontext(stop) if stop else Stop(time_limit) as stop:
        for solution in ColumnGeneration(problem).improve(check_budget(budget), stop):
            if solution.gap <= gap:
                break
    return solution


class ColumnGeneration:
    """The columns and prices found for a problem, kept from budget to budget.

    Prices bound the value as a linear function of the budget, so that those proved for one budget bound every other.
    """

    def __init__(self, problem: GroupingProblem) -> None:
        self.problem = problem
        self.blocks = Blocks(problem)
        self.cost = self.blocks.arrays.cost.astype(float)
        # prices of the units and of one step of the budget; the first: every unit at what it is worth at best
        self.proved: list[tuple[np.ndarray, float]] = [(local_search.best_alone(self.blocks), 0.0)]
        self.columns: dict[tuple[bytes, int], float] = {}
        self._scratch = scratch_for(self.blocks.arrays)

    @cached_property
    def pricing(self) -> Pricing:
        """The way through all blocks that suits the problem."""
        if self.problem.affinity is None:
            return CandidatePricing(self.blocks)
        return TablePricing(self.blocks) if len(self.blocks.units) <= MOST_IN_TABLE else SearchPricing(self.blocks)

    def improve(self, budget: float, stop: Stop) -> Iterator[Solution]:
        """Ever better groupings or bounds, the first at once; ends when proved, at the stop, or where it is stuck."""
        search = _Search(self, budget, stop)
        if not search.begin():
            return
        yield search.solution()
        for rung in LADDER:
            going = True
            while going and not (stop.due or search.met or search.gap <= rung):
                before = search.bound, search.value
                going = search.climb(rung)
                if (search.bound, search.value) != before:
                    yield search.solution()
        if not (stop.due or search.met) and search.close():
            yield search.solution()

    def add(self, units: np.ndarray, levels: np.ndarray) -> int:
        """Take blocks ``[n, U]`` as columns.

        Returns:
            How many are new.
        """
        known = len(self.columns)
        for row, level in zip(units, levels, strict=True):
            key = row.tobytes(), int(level)
            if key not in self.columns:
                value = worth(self.blocks.arrays, np.flatnonzero(row), -1, -1, int(level), self._scratch)
                if value > -np.inf:
                    self.columns[key] = value
        return len(self.columns) - known


class _Search:
    """The way to the best grouping for one budget."""

    def __init__(self, generation: ColumnGeneration, budget: float, stop: Stop) -> None:
        self._of = generation
        self._budget = budget
        self._spend = generation.blocks.spendable(budget)
        self._stop = stop
        self._chosen: list[tuple[list[int], int]] = []
        self._trace: list[Progress] = []
        self._relaxed = np.inf  # the optimum of the master programme over the columns so far
        self._rests_on = RESTS_ON_PRICES
        self._prices = generation.proved[0]
        self.value, self.bound = -np.inf, np.inf
        for prices, step in generation.proved:
            self._lower(prices.sum() + step * self._spend, prices, step)

    @property
    def gap(self) -> float:
        return relative_gap(max(self.bound, self.value), self.value)

    @property
    def met(self) -> bool:
        """Whether value and bound meet, but for rounding."""
        return self.bound - self.value <= ROUNDING * max(abs(self.value), abs(self.bound))

    def begin(self) -> bool:
        """Find a first grouping; whether there is one."""
        units = len(self._of.blocks.units)
        tries, moves = (TRIES, FIRST_MOVES) if units <= MANY else (1, 4 * FIRST_MOVES)
        moves = max(moves // (units + 10), 20)
        for seed in range(tries):
            found = local_search.search(self._of.blocks, self._spend, self._stop, 1, seed, moves)
            if found is not None:
                self._take(found)
            if self._stop.due:
                break
        return bool(self._chosen)

    def climb(self, rung: float) -> bool:
        """One round: price the columns, and add blocks that are worth more, or prove a bound.

        Args:
            rung: the gap that is sought.

        Returns:
            Whether it is worth going on.
        """
        of, spend = self._of, self._spend
        units, levels, values = self._table()
        prices, step, self._relaxed = _relaxation(units, of.cost[levels], values, spend)
        if not of.pricing.quick:
            seen = of.pricing.promising(prices, step * of.cost + ROUNDING * abs(step), self._stop)
            if of.add(*seen):
                return True
            self._round_off(units, levels, values, prices, step)
        else:
            rung = 0.0
        sought = (self.value + rung * abs(self.value) - prices.sum()) / spend if spend else 0.0
        sought = max(sought, step + ROUNDING * abs(step))
        least = sought * of.cost
        proof = of.pricing.prove(prices, least, self._stop)
        if proof is None:
            return False
        priced_step, step = step, max(0.0, float((proof.profit / of.cost).max()))
        before = self.bound
        self._lower(float(prices.sum() + step * spend), prices, step)
        of.proved.append((prices, step))
        added = of.add(proof.blocks, proof.levels)
        if not added and of.pricing.quick:
            self._round_off(units, levels, values, prices, priced_step)
        return bool(added) or self.bound < before

    def close(self) -> bool:
        """Prove the best grouping from the blocks whose slack is small enough to be in a better one."""
        of = self._of
        prices, step = self._prices
        slack = prices.sum() + step * self._spend - self.value
        listed = of.pricing.above(prices, step * of.cost - slack * (1 + ROUNDING), self._stop)
        if listed is None:
            return False
        of.add(*listed)
        chosen_from = {(row.tobytes(), int(level)) for row, level in zip(*listed, strict=True)}
        chosen_from |= {(_row(len(prices), block).tobytes(), level) for block, level in self._chosen}
        units, levels, values = self._table(sorted(chosen_from & of.columns.keys()))
        if not self._choose(units, levels, values, self._stop.left):
            return False
        self.bound = self.value
        self._rests_on = (
            f"{RESTS_ON_PRICES}; every grouping of the {len(listed[0])} blocks near their price was compared"
        )
        return True

    def solution(self) -> Solution:
        """What is known by now."""
        of, problem = self._of, self._of.problem
        networks = of.blocks.networks(self._chosen)
        value = evaluate(problem, networks, self._budget)
        bound = value if self.met else max(value, float(self.bound))
        snt = self._prices[1] / float(of.blocks.step)
        each = {
            task: price / len(unit) - snt * problem.head_cost
            for unit, price in zip(of.blocks.units, self._prices[0].tolist(), strict=True)
            for task in unit
        }
        prices = Prices(tuple(each[task] for task in problem.serving), snt)
        self._trace.append(Progress(self._stop.seconds, value, bound))
        certificate = Certificate(bound, self._rests_on, prices)
        return Solution(
            problem, self._budget, networks, value, certificate, NAME, self._stop.seconds, tuple(self._trace)
        )

    def _lower(self, bound: float, prices: np.ndarray, step: float) -> None:
        if bound < self.bound:
            self.bound, self._prices, self._rests_on = bound, (prices, step), RESTS_ON_PRICES

    def _take(self, chosen: list[tuple[list[int], int]]) -> None:
        """A grouping: its blocks become columns, and it is kept if it is the best."""
        of = self._of
        rows = [_row(len(of.blocks.units), block) for block, _ in chosen]
        of.add(np.array(rows), np.array([level for _, level in chosen]))
        value = sum(of.columns[row.tobytes(), level] for row, (_, level) in zip(rows, chosen, strict=True))
        if value > self.value + 1e-13 * abs(value):
            self.value, self._chosen = value, chosen

    def _table(self, keys: list[tuple[bytes, int]] | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns as ``[n, U]`` units, levels and values."""
        keys = list(self._of.columns) if keys is None else keys
        units = np.frombuffer(b"".join(row for row, _ in keys), dtype=bool).reshape(len(keys), -1)
        return units, np.array([level for _, level in keys]), np.array([self._of.columns[key] for key in keys])

    def _round_off(
        self, units: np.ndarray, levels: np.ndarray, values: np.ndarray, prices: np.ndarray, step: float
    ) -> None:
        """Look for a better grouping of the columns, if the linear programme leaves room for one.

        Those whose slack is above what it leaves can be in no better one, and most are.
        """
        room = self._relaxed - self.value
        if room > ROUNDING * abs(self.value):
            slack = units @ prices + step * self._of.cost[levels] - values
            near = slack <= room * (1 + ROUNDING) + ROUNDING * np.abs(values).max()
            self._choose(units[near], levels[near], values[near], 1.0)

    def _choose(self, units: np.ndarray, levels: np.ndarray, values: np.ndarray, seconds: float) -> bool:
        """The best grouping of the columns given; whether it is proved best among them."""
        seconds = min(seconds, self._stop.left)
        picked, proved = _best_choice(units, self._of.cost[levels], values, self._spend, seconds, self._stop)
        if picked is not None:
            self._take([(np.flatnonzero(units[each]).tolist(), int(levels[each])) for each in picked])
        return proved


def _row(units: int, block: list[int]) -> np.ndarray:
    row = np.zeros(units, dtype=bool)
    row[block] = True
    return row


def _relaxation(units: np.ndarray, cost: np.ndarray, values: np.ndarray, spend: int) -> tuple[np.ndarray, float, float]:
    """Central prices of the units and of a step of the budget, and the optimum of the linear programme."""
    scale = np.abs(values).max() or 1.0
    solver = _programme(units, cost, values / scale, spend)
    solver.setOptionValue("presolve", "off")  # what it postsolves without crossover has no duals
    solver.setOptionValue("solver", "ipm")
    solver.setOptionValue("run_crossover", "off")
    solver.setOptionValue("ipm_optimality_tolerance", 1e-11)
    solver.run()
    if not solver.getSolution().dual_valid:
        solver.setOptionValue("solver", "simplex")
        solver.run()
    duals = -scale * np.array(solver.getSolution().row_dual)
    return duals[:-1], max(float(duals[-1]), 0.0), -scale * solver.getInfo().objective_function_value


def _best_choice(
    units: np.ndarray, cost: np.ndarray, values: np.ndarray, spend: int, seconds: float, stop: Stop
) -> tuple[np.ndarray | None, bool]:
    """The columns of the best grouping, by integer programming; whether it is proved."""
    scale = np.abs(values).max() or 1.0
    solver = _programme(units, cost, values / scale, spend)
    count = len(values)
    solver.changeColsIntegrality(count, np.arange(count), np.full(count, highspy.HighsVarType.kInteger))
    if np.isfinite(seconds):
        solver.setOptionValue("time_limit", max(seconds, 0.01))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.0)
    solver.cbMipInterrupt += lambda event: event.interrupt(stop.due)
    solver.run()
    proved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    solution = solver.getSolution()
    if not solution.value_valid:
        return None, proved
    return np.flatnonzero(np.array(solution.col_value) > 0.5), proved


def _programme(units: np.ndarray, cost: np.ndarray, values: np.ndarray, spend: int) -> highspy.Highs:
    """Choose columns so that every unit is served once within the budget; HiGHS minimises."""
    count, rows = units.shape
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = count, rows + 1
    programme.col_cost_ = -values
    programme.col_lower_, programme.col_upper_ = np.zeros(count), np.full(count, highspy.kHighsInf)
    programme.row_lower_ = np.append(np.ones(rows), -highspy.kHighsInf)
    programme.row_upper_ = np.append(np.ones(rows), float(spend))
    matrix = csr_array(np.column_stack([units, cost]).astype(float))
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.num_col_, programme.a_matrix_.num_row_ = count, rows + 1
    transposed = csr_array(matrix.T)
    programme.a_matrix_.start_, programme.a_matrix_.index_ = transposed.indptr, transposed.indices
    programme.a_matrix_.value_ = transposed.data
    solver = quiet_highs()
    solver.passModel(programme)
    return solver
