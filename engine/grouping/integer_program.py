"""The best grouping as a 0-1 programme, solved through PuLP by CBC or HiGHS.

A set partitioning: with one column x for every block P of units and every level of cost,

    minimise   Σ loss[P, level] · x[P, level]
    so that    Σ_{P ∋ u} x[P, level] = 1 for every unit u: one network serves it,
               Σ cost[level] · x[P, level] ≤ what can be spent,

where ``loss[P, level] = Σ_{u ∈ P} best[u] − value[level, P]`` is what the units of P lose against each one's own best
network. The costs are whole numbers, and the heads, which every grouping pays alike, are left out.

Source: set partitioning by integer programming: Balas and Padberg, "Set Partitioning: A Survey", SIAM Review 1976.
Fifty et al., NeurIPS 2021, name binary integer programming as a way to select networks, a problem they take from
Standley et al., ICML 2020.
"""

import re
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pulp

from engine.errors import KindredError
from engine.grouping.block_values import scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.highs import quiet_highs
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Progress, Solution, evaluate
from engine.grouping.stop import Stop
from engine.grouping.tables import block_table

NAME = "integer_program"
BACKENDS = ("cbc", "highs")
MOST_UNITS = 16
FINER = 0.01  # a grouping that loses less than this part of the scale makes the scale too coarse: solve again
PRINTED = 1e-3  # to which CBC rounds the bound that it prints
TOLERANCE = 1e-6  # of the scale, added to a bound that a backend reports
PROVED = "the branch and bound of {} ended, to its tolerance of 1e-6 of what the serving tasks lose in a known grouping"
UNPROVED = "the bound of {} when the time was up, to its tolerance"
LOOSEST = "every task at its own best network, which no budget can beat; the time of {} was up"

Columns = tuple[np.ndarray, np.ndarray, np.ndarray]  # the level, the bit mask of units and the loss of each


def solve(
    problem: GroupingProblem,
    budget: float,
    time_limit: float | None = None,
    stop: Stop | None = None,
    backend: str = "cbc",
) -> Solution | None:
    """The best grouping within a budget, by integer programming; ``None`` where none is feasible, or none was found.

    The tolerances of both backends are absolute, so losses are divided by that of a known grouping, which drops the
    columns that alone lose more; and where the grouping found loses far less, it takes its place in a second programme.

    Args:
        problem: at most 16 units to serve, as the columns double with each.
        time_limit: seconds. When they pass, the best grouping found is returned, with a bound that holds but may be
            loose. With 16 units it takes some seconds more, as the columns are still made and written, and HiGHS looks
            at the time but rarely.
        stop: ends it earlier, but not while a backend is at work, which only knows the time that was left.
        backend: ``"cbc"``, the one that ships with PuLP, or ``"highs"``.

    Raises:
        KindredError: if there are too many units, the backend is unknown, or the budget is no positive number.
    """
    budget = check_budget(budget)
    if backend not in BACKENDS:
        raise KindredError(f"There is no backend {backend!r}; choose {' or '.join(map(repr, BACKENDS))}.")
    with nullcontext(stop) if stop else Stop(time_limit) as stop:
        blocks = Blocks(problem)
        if len(blocks.units) > MOST_UNITS:
            raise KindredError(
                f"There are {len(blocks.units)} tasks to serve, each on its own; the integer programme lists every set "
                f"of them and takes at most {MOST_UNITS}, so serve fewer or use the solver column_generation."
            )
        spend = blocks.spendable(budget)
        best, loss = _losses(blocks)
        chosen, scale = _in_two(loss, blocks.arrays.cost, spend)
        optimal, lower = False, -np.inf
        while not optimal and not (stop.due and chosen):
            columns = _columns(loss, scale if chosen else np.inf)
            status, found, reported = _choose(columns, blocks, spend, scale, backend, stop)
            if status == pulp.LpSolutionInfeasible and not chosen:
                return None
            lower = max(lower, (reported - TOLERANCE) * scale)
            if not found:
                break
            lost = float(sum(loss[level, mask] for level, mask in found))
            if status != pulp.LpSolutionOptimal:
                chosen = found if not chosen or lost < scale else chosen
                break
            chosen = found
            optimal = lost >= FINER * scale or lost <= 0
            scale = lost or scale
        if not chosen:
            return None
        networks = blocks.networks([(_bits(mask), level) for level, mask in chosen])
        value = evaluate(problem, networks, budget)
        if optimal:
            certificate = Certificate(value, PROVED.format(backend))
        else:
            why = UNPROVED if lower > 0 else LOOSEST
            certificate = Certificate(max(value, best - max(lower, 0.0)), why.format(backend))
        trace = (Progress(stop.seconds, value, certificate.bound),)
        return Solution(problem, budget, networks, value, certificate, NAME, stop.seconds, trace)


def _losses(blocks: Blocks) -> tuple[float, np.ndarray]:
    """What all units are worth at their own best networks; ``[L, 2^U]`` what each block loses against it.

    The loss is 0 for the empty block, and infinite where no network serves the block or a cheaper level is as good.
    """
    arrays = blocks.arrays
    free = arrays._replace(most_auxiliaries=arrays.members.shape[1])  # others may be served beside the unit
    scratch, levels = scratch_for(arrays), range(len(arrays.cost))
    units = [np.array([unit]) for unit in range(len(blocks.units))]
    best = [max(worth(free, unit, -1, -1, level, scratch) for level in levels) for unit in units]
    together = np.zeros(1)
    for own in best:
        together = np.concatenate([together, together + own])
    with np.errstate(invalid="ignore"):
        loss = np.maximum(together - block_table(arrays), 0.0)
    loss[np.isnan(loss)] = np.inf
    cheapest = np.minimum.accumulate(loss, axis=0)
    loss[1:][loss[1:] >= cheapest[:-1]] = np.inf
    loss[:, 0] = 0.0
    return sum(best), loss


def _in_two(loss: np.ndarray, cost: np.ndarray, spend: int) -> tuple[list[tuple[int, int]], float]:
    """The best grouping of at most two networks, and what it loses; none, and the largest loss, where it has none."""
    best, chosen = np.inf, []
    for one, first in enumerate(loss):
        for two, second in enumerate(loss):
            both = first + second[::-1]  # the mask that is left is the complement
            both[0] = np.inf if cost[two] > spend else both[0]  # two serves all
            both[1:-1] = np.inf if cost[one] + cost[two] > spend else both[1:-1]
            both[-1] = np.inf if cost[one] > spend else both[-1]
            mask = int(both.argmin())
            if both[mask] < best:
                rest = len(both) - 1 - mask
                best, chosen = float(both[mask]), [(level, part) for level, part in ((one, mask), (two, rest)) if part]
    return chosen, (best if chosen else float(loss[np.isfinite(loss)].max())) or 1.0


def _columns(loss: np.ndarray, most: float) -> Columns:
    levels, masks = np.nonzero(np.isfinite(loss) & (loss <= most * (1 + TOLERANCE)))
    levels, masks = levels[masks > 0], masks[masks > 0]
    return levels, masks, loss[levels, masks]


def _choose(
    columns: Columns, blocks: Blocks, spend: int, scale: float, backend: str, stop: Stop
) -> tuple[int, list[tuple[int, int]], float]:
    """How the solution is meant, in PuLP's terms; the columns chosen; and a bound from below on what is lost."""
    levels, masks, loss = columns
    holds = masks[:, None] >> np.arange(len(blocks.units)) & 1
    if not holds.any(axis=0).all() or spend < 0:
        return pulp.LpSolutionInfeasible, [], 0.0
    program = pulp.LpProblem("grouping", pulp.LpMinimize)
    x = [program.add_variable(f"x{number}", cat="Binary") for number in range(len(masks))]
    cost = blocks.arrays.cost[levels].tolist()
    program += pulp.LpAffineExpression(zip(x, (loss / scale).tolist(), strict=True))
    for unit in holds.T:
        program += pulp.lpSum(x[place] for place in np.flatnonzero(unit)) == 1
    program += pulp.LpAffineExpression(zip(x, cost, strict=True)) <= spend
    reported = _run(program, backend, None if np.isinf(stop.left) else max(stop.left, 0.01))
    found = []
    if program.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        found = [(int(levels[place]), int(masks[place])) for place, column in enumerate(x) if column.value() > 0.5]
    return program.sol_status, found, reported


def _run(program: pulp.LpProblem, backend: str, seconds: float | None) -> float:
    """Solve the programme; a bound from below on its objective, 0 where the backend tells none."""
    if backend == "highs":
        quiet_highs()
        finest = {"mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9}
        # Neither step pays for so few rows and so many columns, nor looks at the time while it runs.
        without = {"presolve": "off", "mip_heuristic_run_feasibility_jump": False}
        program.solve(pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=0, gapAbs=0, **finest, **without))
        return max(0.0, float(program.solverModel.getInfo().mip_dual_bound))
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        cbc = pulp.COIN_CMD(
            path=pulp.PULP_CBC_CMD.pulp_cbc_path,  # the one that ships with PuLP
            msg=False,
            timeLimit=seconds,
            gapRel=0,
            logPath=str(log),
            options=["increment 0"],  # above 0, the default, it may drop a grouping that is better by less than that
        )
        program.solve(cbc)
        told = re.findall(r"^Lower bound: +(\S+)$", log.read_text(), re.MULTILINE)
    return max(0.0, float(told[-1]) - PRINTED) if told else 0.0


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
