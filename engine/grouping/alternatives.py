"""The next best groupings, and what keeps two tasks together or apart."""

from dataclasses import dataclass

import numpy as np

from engine.errors import KindredError
from engine.grouping.column_generation import ColumnGeneration
from engine.grouping.compiling import compiled
from engine.grouping.feasibility import refuse
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Solution, evaluate
from engine.grouping.solving import solve
from engine.grouping.stop import Stop

MOST_UNITS = 62  # bits of a mask
MOST = 10_000  # groupings that are looked through
WIDEN = 1.5  # how much further to look where too few were found
RESTS_ON = "no other grouping within the budget but those before it is worth more"


def alternatives(
    problem: GroupingProblem, budget: float, most: int = 10, within: float | None = None, time_limit: float = 10.0
) -> list[Solution]:
    """The best groupings within a budget, in descending order of value, the best first.

    Two groupings differ if they serve different tasks together; each has its best networks. By the prices that prove
    the best one, every grouping worth nearly as much consists of blocks worth nearly their price: those are listed, and
    their combinations enumerated, so that none is missed.

    Args:
        most: how many.
        within: only those that are worth at most this part of the best value less; any where ``None``.
        time_limit: seconds; where they do not suffice, fewer may come.

    Raises:
        KindredError: if there is no grouping, or more than 62 serving tasks.
    """
    if most < 1:
        raise KindredError(f"{most} groupings are asked for; ask for at least 1.")
    budget = check_budget(budget)
    with Stop(time_limit) as stop:
        generation = ColumnGeneration(problem)
        best = None
        for best in generation.improve(budget, stop):  # noqa: B007  the last one, and the prices that prove it
            pass
        if best is None:
            raise refuse(problem, budget)
        if len(generation.blocks.units) > MOST_UNITS:
            raise KindredError(
                f"There are {len(problem.serving)} serving tasks; alternatives are listed for at most {MOST_UNITS}, so "
                "serve fewer, or keep some together."
            )
        scale = abs(best.value) or 1.0
        loss = (1e-4 if within is None else within) * scale
        found: list[Solution] = []
        while True:
            more = _within(generation, problem, budget, best.value - loss, stop)
            if more is None:
                break
            found = more
            if within is not None or len(found) >= most or loss > 10 * scale or stop.due:
                break
            loss *= WIDEN
    return found[:most] or [best]


def _within(
    generation: ColumnGeneration, problem: GroupingProblem, budget: float, least: float, stop: Stop
) -> list[Solution] | None:
    """All groupings worth at least ``least``, best first; ``None`` if they are too many or time ran out."""
    blocks = generation.blocks
    spend = blocks.spendable(budget)
    prices, step = min(generation.proved, key=lambda proof: proof[0].sum() + proof[1] * spend)
    slack = prices.sum() + step * spend - least
    slack += 1e-9 * abs(slack)
    listed = generation.pricing.above(prices, step * generation.cost - slack, stop)
    if listed is None:
        return None
    rows, levels = listed
    generation.add(rows, levels)
    each = np.array(
        [generation.columns[row.tobytes(), int(level)] for row, level in zip(rows, levels, strict=True)], dtype=float
    )
    masks = rows @ (1 << np.arange(rows.shape[1]))
    own = np.maximum(prices @ rows.T + step * generation.cost[levels] - each, 0.0)
    order = np.argsort(own, kind="stable")
    covers, count = _covers(
        masks[order], own[order], blocks.arrays.cost[levels[order]], rows.shape[1], spend, step, slack, stop.flag
    )
    if count > MOST or stop.due:
        return None
    found: dict[tuple, Solution] = {}
    for cover in covers[:count]:
        chosen = [order[place] for place in cover if place >= 0]
        networks = blocks.networks([(np.flatnonzero(rows[c]).tolist(), int(levels[c])) for c in chosen])
        value = evaluate(problem, networks, budget)
        served = tuple(network.serves for network in networks)
        if value >= least and (served not in found or value > found[served].value):
            found[served] = Solution(
                problem, budget, networks, value, Certificate(value, RESTS_ON), "alternatives", stop.seconds
            )
    return sorted(found.values(), key=lambda solution: -solution.value)


@compiled
def _covers(masks, slack, cost, units, spend, step, most_slack, flag):
    """Every choice of blocks that serves each unit once, within the budget and the slack, depth first.

    Returns:
        ``[n, U]`` the blocks of each choice, −1 where no more; and how many there are, more than fit if too many.
    """
    limit = 10_000
    found = np.full((limit, units), -1, np.int64)
    count = 0
    whole = (1 << units) - 1
    place = np.zeros(units + 1, np.int64)
    taken = np.zeros(units + 1, np.int64)
    covered = np.zeros(units + 1, np.int64)
    lost = np.zeros(units + 1)
    paid = np.zeros(units + 1, np.int64)
    depth, nodes = 0, 0
    while depth >= 0:
        nodes += 1
        if nodes & 4095 == 0 and flag[0] != 0:
            return found, limit + 1
        if covered[depth] == whole:
            if lost[depth] + step * (spend - paid[depth]) <= most_slack:
                if count < limit:
                    for level in range(depth):
                        found[count, level] = taken[level]
                count += 1
                if count > limit:
                    return found, count
            depth -= 1
            continue
        if place[depth] == masks.shape[0]:
            depth -= 1
            continue
        block = place[depth]
        place[depth] += 1
        first = 1
        while covered[depth] & first:
            first <<= 1
        if lost[depth] + slack[block] > most_slack:  # the blocks come in ascending order of their slack
            depth -= 1
            continue
        if masks[block] & first == 0 or masks[block] & covered[depth] != 0 or paid[depth] + cost[block] > spend:
            continue
        taken[depth] = block
        covered[depth + 1] = covered[depth] | masks[block]
        lost[depth + 1] = lost[depth] + slack[block]
        paid[depth + 1] = paid[depth] + cost[block]
        depth += 1
        place[depth] = 0
    return found, count


@dataclass(frozen=True)
class Explanation:
    """Why two serving tasks are together or apart.

    Attributes:
        together: whether one network serves both in the grouping.
        forced: the best grouping where it is the other way round; ``None`` if there is none.
        change: what the value changes by then, at most 0 where the grouping is the best; ``None`` if there is none.
    """

    together: bool
    forced: Solution | None
    change: float | None


def explain(solution: Solution, one: str, other: str, time_limit: float | None = 10.0) -> Explanation:
    """What the grouping would lose if two serving tasks were kept apart, where they are together, or the reverse.

    Raises:
        KindredError: if one of them is not served, or they are the same.
    """
    problem = solution.problem
    for task in (one, other):
        if task not in problem.serving:
            raise KindredError(f"{task!r} is no serving task; choose from {', '.join(problem.serving)}.")
    if one == other:
        raise KindredError(f"{one!r} is named twice; name two different tasks.")
    together = any({one, other} <= set(network.serves) for network in solution.networks)
    field = "apart" if together else "together"
    groups = (*getattr(problem.constraints, field), (one, other))
    try:
        forced = solve(problem.with_constraints(**{field: groups}), solution.budget, time_limit)
    except KindredError:
        return Explanation(together, None, None)
    return Explanation(together, forced, forced.value - solution.value)
