"""Checking a solution without trusting any solver: feasibility and value from the raw numbers, the bound by search.

Shares no code with the solvers and rests on no closed form. Every network is enumerated with every set of serving
tasks it may serve, in a depth-first search over the tasks' roles: served, auxiliary or out. A bound is confirmed

- *by its prices*: where no network is worth more than the prices of what it serves and of what it costs;
- *from there down to a lower bound* D below what the prices prove: a better grouping could only consist of blocks
  whose slack against the prices adds up to less than D. All blocks with so little slack are listed and combined;
- *without prices*: by a dynamic programme over the subsets of up to 14 serving tasks.
"""

from dataclasses import dataclass
from math import fsum, inf, isfinite, isnan, nan

import numpy as np

from engine.grouping.solution import Solution
from engine.grouping.stop import Stop
from engine.grouping.verify_blocks import Profits, RawProblem, blocks_above

CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "not confirmed in time"
MOST_SERVING = 14  # of the dynamic programme


@dataclass(frozen=True)
class Verdict:
    """What a check of a solution found.

    Attributes:
        feasible: whether the networks keep to the budget and every rule.
        value: recomputed; NaN where they do not.
        value_agrees: whether the solution says so too.
        bound: ``"confirmed"``, ``"refuted"`` or ``"not confirmed in time"``. A bound is refuted by a grouping that
            exceeds it, the solution's own among them, and by prices that do not hold. A loose one may be confirmed.
        text: why, in words.
    """

    feasible: bool
    value: float
    value_agrees: bool
    bound: str
    text: str

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong and the bound is confirmed."""
        return self.feasible and self.value_agrees and self.bound == CONFIRMED


def verify(solution: Solution, time_limit: float = 60.0) -> Verdict:
    """Check a solution to a relative 1e-9 of its numbers.

    Args:
        time_limit: seconds that the check of the bound may take.
    """
    raw, shown = RawProblem(solution.problem), solution.problem.shown
    wrong, scores = raw.scores(solution.networks, solution.budget)
    tolerance = 1e-9 * (fsum(map(abs, scores)) if scores else raw.largest) + 1e-14 * raw.largest
    with Stop(time_limit) as stop:
        try:
            bound, text = _check_bound(raw, solution, tolerance, stop)
        except TimeoutError:
            bound, text = UNDECIDED, "The time, or the room for a million blocks, did not suffice to look through all."
    if wrong:
        return Verdict(False, nan, False, bound, f"{wrong} {text}")
    value = fsum(scores)
    agrees = bool(abs(value - solution.value) <= tolerance)
    if not agrees:
        text = f"The value is {shown(value)!r}, not {shown(solution.value)!r}. {text}"
    if value > solution.bound + tolerance:
        bound, text = (
            REFUTED,
            f"The grouping itself is worth {shown(value)!r}, beyond the bound {shown(solution.bound)!r}. {text}",
        )
    return Verdict(True, value, agrees, bound, text)


def _check_bound(raw: RawProblem, solution: Solution, tolerance: float, stop: Stop) -> tuple[str, str]:
    shown = raw.problem.shown
    prices, claimed, spend = solution.certificate.prices, float(solution.bound), raw.spendable(solution.budget)
    if isnan(claimed):
        return REFUTED, "The bound is no number."
    if prices is None:
        if len(raw.serving) > MOST_SERVING:
            return UNDECIDED, f"There are no prices, and too many groupings of more than {MOST_SERVING} serving tasks."
        best = _best_grouping(raw, blocks_above(raw, None, -inf, 0.0, stop), spend, stop)
        text = f"The best of all groupings is worth {shown(best)!r}; the bound is {shown(claimed)!r}."
        return (CONFIRMED if best <= claimed + tolerance else REFUTED), text
    if len(prices.task) != len(raw.serving) or not all(map(isfinite, (*prices.task, prices.snt))) or prices.snt < 0:
        return REFUTED, "There must be a finite price for every serving task, and one of an SNT that is not negative."
    for served, _ in blocks_above(raw, prices, tolerance, tolerance, stop):
        names = ", ".join(task for task, place in raw.serving.items() if served >> place & 1)
        return REFUTED, f"The prices do not hold: a network that serves {names} is worth more."
    proved = fsum((*prices.task, prices.snt * float(spend * raw.step + raw.head * len(raw.serving))))
    if claimed >= proved - tolerance:
        return CONFIRMED, f"No network is better than its prices, which bound the value by {shown(proved)!r}."
    listed = blocks_above(raw, prices, claimed - proved, tolerance, stop)
    if _exceeds(raw, listed, spend, prices.snt * float(raw.step), proved - claimed - tolerance, stop):
        return REFUTED, f"A grouping is better than the bound {shown(claimed)!r}."
    return (
        CONFIRMED,
        f"No grouping of the {len(listed)} blocks near their prices is better than {shown(claimed)!r}.",
    )


def _best_grouping(raw: RawProblem, value: Profits, spend: int, stop: Stop) -> float:
    """By dynamic programming: ``best[S, b]`` of the serving tasks S for b steps of cost."""
    table = np.full((len(raw.paid), 1 << len(raw.serving)), -inf)
    for (served, level), worth in value.items():
        table[level, served] = worth
    best = np.full((table.shape[1], max(spend, 0) + 1), -inf)
    best[0] = 0.0
    for whole in range(1, len(best)):
        if stop.due:
            raise TimeoutError
        top = 1 << whole.bit_length() - 1
        rest = np.zeros(1, dtype=np.int64)  # all subsets of the others; top is in the block
        for bit in range(top.bit_length() - 1):
            rest = np.concatenate([rest, rest | 1 << bit]) if whole >> bit & 1 else rest
        for level, paid in enumerate(raw.paid):
            if paid <= spend:
                totals = table[level, whole ^ rest][:, None] + best[rest, : best.shape[1] - paid]
                best[whole, paid:] = np.maximum(best[whole, paid:], totals.max(axis=0))
    return float(best[-1, -1]) if spend >= 0 else -inf


def _exceeds(raw: RawProblem, profits: Profits, spend: int, step_price: float, most: float, stop: Stop) -> bool:
    """Whether blocks serve every task once within the spending and stay less than ``most`` below their prices."""
    everyone = (1 << len(raw.serving)) - 1
    by_first: list[list[tuple[float, int, int]]] = [[] for _ in raw.serving]
    for (served, level), profit in profits.items():
        by_first[(served & -served).bit_length() - 1].append((-profit, served, raw.paid[level]))

    def search(covered: int, left: int, slack: float) -> bool:
        if stop.due:
            raise TimeoutError
        if covered == everyone:
            return slack + step_price * left < most
        first = (~covered & covered + 1).bit_length() - 1
        return any(
            search(covered | served, left - paid, slack + more)
            for more, served, paid in by_first[first]
            if slack + more < most and not served & covered and paid <= left
        )

    return search(0, spend, 0.0)
