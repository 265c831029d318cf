"""The best grouping by whichever solver suits: at once where it can be proved in milliseconds, else ever better."""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module

from engine import catalog
from engine.grouping import exact_subsets
from engine.grouping.column_generation import ColumnGeneration
from engine.grouping.feasibility import refuse
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Solution
from engine.grouping.stop import Stop

AUTO = "auto"
TELL = 0.5  # seconds after which first answers are told before all are there
SLICE = 2.0  # seconds for each budget of a frontier in turn, then four times as many


def solve(
    problem: GroupingProblem,
    budget: float,
    time_limit: float | None = None,
    *,
    gap: float = 0.0,
    solver: str = AUTO,
    stop: Stop | None = None,
) -> Solution:
    """The best grouping within a budget that can be found in the time, with a bound on any other.

    Args:
        budget: in SNT; rounded down to half steps.
        time_limit: seconds; without one, until it is proved.
        gap: is enough, as a part of the value: 0.05 stops at 5 %.
        solver: a name from the catalog, or ``"auto"``: `exact_subsets` where it is quick, else `column_generation`.
        stop: ends it earlier.

    Raises:
        KindredError: if no grouping exists, naming the smallest set of conditions that cannot be met together; or the
            problem is too large for the solver named.
    """
    budget = check_budget(budget)
    with nullcontext(stop) if stop else Stop(time_limit) as stop:
        if solver != AUTO:
            module = import_module(catalog.find("solver", solver).where.split(":")[0])
            solution = module.solve(problem, budget, stop=stop)
        else:
            solution = None
            for solution in improve(problem, budget, stop):
                if solution.gap <= gap:
                    break
    if solution is None:
        raise refuse(problem, budget)
    return solution


def improve(problem: GroupingProblem, budget: float, stop: Stop) -> Iterator[Solution]:
    """Ever better solutions, the first at once; nothing if no grouping was found. Ends when proved, or at the stop."""
    budget = check_budget(budget)
    if exact_subsets.solves(problem):
        solution = exact_subsets.solve(problem, budget)
        if solution is not None:
            yield solution
    else:
        yield from ColumnGeneration(problem).improve(budget, stop)


def solve_frontier(
    problem: GroupingProblem,
    time_limit: float | None = None,
    budgets: Sequence[float] | None = None,
    stop: Stop | None = None,
) -> list[Solution | None]:
    """The best grouping for each budget; ``None`` where no grouping was found.

    Args:
        time_limit: seconds for all together; without one, until all are proved.
        budgets: in SNT, ascending; those of :meth:`GroupingProblem.budgets` where left out.
    """
    found: list[Solution | None] = []
    with nullcontext(stop) if stop else Stop(time_limit) as stop:
        for found in improve_frontier(problem, stop, budgets):  # noqa: B007  the last one is the answer
            pass
    return found


def improve_frontier(
    problem: GroupingProblem, stop: Stop, budgets: Sequence[float] | None = None, first: float | None = None
) -> Iterator[list[Solution | None]]:
    """The frontier, ever better: a first answer for every budget, then proofs, those for the budget ``first`` first.

    A grouping for one budget is one for every larger budget, and a bound for one is one for every smaller budget, so
    that values and bounds grow with the budget.
    """
    budgets = tuple(problem.budgets() if budgets is None else map(check_budget, budgets))
    if exact_subsets.solves(problem):
        yield exact_subsets.solve_all_budgets(problem, budgets)
        return
    generation = ColumnGeneration(problem)
    known: list[Solution | None] = [None] * len(budgets)
    told = time.perf_counter()
    for place, budget in enumerate(budgets):
        known[place] = None if stop.due else next(generation.improve(budget, stop), None)
        if known[place] is None and place and known[place - 1] is not None:
            known[place] = known[place - 1].at(budget)  # what bounds a first answer holds for every budget
        if time.perf_counter() - told > TELL:
            yield _monotone(budgets, known)
            told = time.perf_counter()
    known = _monotone(budgets, known)
    yield known
    places = sorted(range(len(budgets)), key=lambda place: (budgets[place] != first, place))
    seconds = SLICE
    while left := [place for place in places if known[place] is not None and not known[place].proved_optimal]:
        for place in left:
            with stop.part(seconds) as part:
                for solution in generation.improve(budgets[place], part):
                    if _tells_more(solution, known[place]):
                        known = _monotone(budgets, [*known[:place], solution, *known[place + 1 :]])
                        yield known
                ended = not part.due
            if stop.due:
                return
            if ended:
                places.remove(place)  # it is proved, or no more can be
        seconds *= 4


def _tells_more(new: Solution, old: Solution) -> bool:
    return new.value > old.value or new.bound < old.bound


def _monotone(budgets: Sequence[float], known: list[Solution | None]) -> list[Solution | None]:
    """Each grouping offered to the larger budgets, each bound to the smaller ones."""
    known = list(known)
    for place in range(1, len(known)):
        before, here = known[place - 1], known[place]
        if before is not None and here is not None and before.value > here.value:
            known[place] = replace(before.at(budgets[place]), certificate=_at_least(here.certificate, before.value))
    for place in range(len(known) - 2, -1, -1):
        after, here = known[place + 1], known[place]
        if after is not None and here is not None and after.bound < here.bound:
            known[place] = replace(here, certificate=_at_least(after.certificate, here.value))
    return known


def _at_least(certificate: Certificate, value: float) -> Certificate:
    return replace(certificate, bound=max(certificate.bound, value))
