"""Solutions as what the frontier's chart shows of them."""

from collections.abc import Sequence

from engine.charts.frontier import FrontierFrame, FrontierStep, NetworkCard
from engine.grouping.frontier import knee, steps
from engine.grouping.problem import LOWER, GroupingProblem
from engine.grouping.solution import Network, Solution
from engine.texts import text

WANTED = 3  # SNT: the budget that is shown until the visitor chooses one


def frames_of(
    budgets: Sequence[float], solutions: Sequence[Solution | None], ended: bool = True, note: str = ""
) -> list[FrontierFrame]:
    """A frame for each budget, with the step from the budget before.

    Args:
        budgets: in SNT, ascending.
        solutions: for each budget; ``None`` where there is none.
        ended: whether no more is to come, so that budgets without a solution have none.
        note: what to say of the budgets without a solution.
    """
    feasible = [solution for solution in solutions if solution is not None]
    step_to = {step.budget: step for step in steps(feasible)}
    since = {later.budget: earlier.budget for earlier, later in zip(feasible, feasible[1:], strict=False)}
    drawn: dict[Network, NetworkCard] = {}  # most networks are in the groupings of many budgets

    def cards(problem: GroupingProblem, networks: Sequence[Network]) -> tuple[NetworkCard, ...]:
        return tuple(drawn.get(each) or drawn.setdefault(each, card(problem, each)) for each in networks)

    found = []
    for budget, solution in zip(budgets, solutions, strict=True):
        if solution is None:
            found.append(FrontierFrame(budget, None, ended, None, (), note))
            continue
        problem, step = solution.problem, None
        if budget in step_to:
            known = step_to[budget]
            step = FrontierStep(
                since[budget],
                problem.shown(known.gained),
                problem.shown(known.per_half),
                cards(problem, known.enter),
                cards(problem, known.leave),
            )
        found.append(
            FrontierFrame(
                budget,
                problem.shown(solution.value),
                solution.proved_optimal,
                solution.gap,
                cards(problem, solution.networks),
                step=step,
            )
        )
    return found


def knee_of(solutions: Sequence[Solution | None]) -> float | None:
    """The budget after which more pays least; ``None`` where the curve has no knee."""
    return knee([solution for solution in solutions if solution is not None])


def card(problem: GroupingProblem, network: Network) -> NetworkCard:
    """A network with the score that each of its tasks is predicted to have."""
    capacity = problem.capacity_of(len(network.serves), network.cost)
    return NetworkCard(
        cost=network.cost,
        serves=tuple((task, problem.shown(problem.score(task, network.tasks, capacity))) for task in network.serves),
        auxiliary=tuple(task for task in network.tasks if task not in network.serves),
    )


def sets_of(solution: Solution) -> str:
    """The served sets of a grouping: ``{a, b}, {c}``."""
    comma = text("words.comma")
    return comma.join(f"{{{comma.join(network.serves)}}}" for network in solution.networks)


def better(problem: GroupingProblem) -> str:
    """Which way values are better."""
    return text("grouping_frames.lower" if problem.direction == LOWER else "grouping_frames.higher")


def value_title(problem: GroupingProblem) -> str:
    """What the frontier's chart says its values are."""
    return text("grouping_frames.loss" if problem.direction == LOWER else "grouping_frames.value")


def budget_to_show(budgets: Sequence[float], solutions: Sequence[Solution | None], chosen: float | None) -> float:
    """The chosen budget or the largest one below it; where none was chosen, one with a grouping, about `WANTED`."""
    if chosen is None:
        known = [budget for budget, solution in zip(budgets, solutions, strict=True) if solution is not None]
        return next((budget for budget in known or budgets if budget >= WANTED), (known or budgets)[-1])
    return max((budget for budget in budgets if budget <= chosen), default=budgets[0])
