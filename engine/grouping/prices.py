"""What each condition on a grouping costs: how much better the best grouping would be without it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.grouping import exact_subsets
from engine.grouping.constraints import Condition, Constraints
from engine.grouping.over_time import carried
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.grouping.solving import improve
from engine.grouping.stop import Stop
from engine.grouping.ties import slack


@dataclass(frozen=True)
class Price:
    """What lifting one condition, or all of them, gains.

    Attributes:
        condition: which one; ``None`` for all together.
        gained: by how much the best grouping found without it is worth more, in the unit of the value; at least 0, and
            0 exactly where it ties but for rounding.
        at_most: no grouping gains more, by the bound without the condition.
        proved: whether ``gained`` is the price, as both groupings are proved best.
        without: the best grouping found without it, as a solution of the problem without it.
    """

    condition: Condition | None
    gained: float
    at_most: float
    proved: bool
    without: Solution


def prices(solution: Solution, seconds: float = 10.0, stop: Stop | None = None) -> Iterator[Price]:
    """The price of each of a problem's conditions, and last, where there are several, that of all together.

    The best grouping is found anew without each: exactly where that is quick, else searched for during an even share of
    the time. A grouping that keeps to the conditions is also one without them, so that no price is negative.

    Args:
        solution: the best grouping with all conditions, with its problem and budget.
        seconds: for all searches together.
        stop: ends them earlier; what is left is then priced by bounds alone.
    """
    conditions = solution.problem.constraints.conditions()
    lifted: list[Condition | None] = [*conditions, *([None] if len(conditions) > 1 else [])]
    with stop or Stop(seconds) as stop:
        for place, condition in enumerate(lifted):
            held = Constraints() if condition is None else solution.problem.constraints.without(condition)
            problem = replace(solution.problem, constraints=held)
            yield _price(solution, condition, problem, stop.part(min(stop.left, seconds) / (len(lifted) - place)))


def _price(solution: Solution, condition: Condition | None, problem: GroupingProblem, stop: Stop) -> Price:
    best = carried(solution, problem)
    if exact_subsets.solves(problem):
        best = _better(best, exact_subsets.solve(problem, solution.budget))
    else:
        with stop:
            for found in improve(problem, solution.budget, stop):
                best = _better(best, found)
    rounding = slack(problem, best.value, solution.value)
    gained, at_most = best.value - solution.value, best.bound - solution.value
    gained, at_most = (0.0 if each <= rounding else each for each in (gained, at_most))
    return Price(condition, gained, at_most, best.proved_optimal and solution.proved_optimal, best)


def _better(one: Solution, other: Solution | None) -> Solution:
    """The grouping that is worth more, with the lower bound of the two."""
    if other is None:
        return one
    best, bound = max(one, other, key=lambda each: each.value), min(one.bound, other.bound)
    return replace(best, certificate=replace(best.certificate, bound=max(best.value, bound)))
