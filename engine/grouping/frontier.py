"""What the value does as the budget grows: the knee, what half an SNT buys, and which networks come and go."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.grouping.solution import Network, Solution


@dataclass(frozen=True)
class Step:
    """From one budget of a frontier to the next.

    Attributes:
        budget: of the next, in SNT.
        gained: what the value gains, higher is better.
        per_half: the same for half an SNT.
        enter: the networks that the next has and the last has not, told apart by what they hold and serve.
        leave: the networks that the last has and the next has not.
    """

    budget: float
    gained: float
    per_half: float
    enter: tuple[Network, ...]
    leave: tuple[Network, ...]


def steps(solutions: Sequence[Solution]) -> tuple[Step, ...]:
    """The steps between neighbours of a frontier, in ascending order of the budget."""
    found = []
    for last, here in zip(solutions, solutions[1:], strict=False):
        gained = here.value - last.value
        found.append(
            Step(
                here.budget,
                gained,
                gained / (2 * (here.budget - last.budget)),
                tuple(network for network in here.networks if network not in last.networks),
                tuple(network for network in last.networks if network not in here.networks),
            )
        )
    return tuple(found)


def knee(solutions: Sequence[Solution]) -> float | None:
    """The budget after which more pays least: the point farthest above the line from the first to the last.

    ``None`` if there are fewer than three budgets or the value does not bend upwards of that line.

    Source: Satopää et al., "Finding a Kneedle in a Haystack", ICDCS Workshops 2011.
    """
    if len(solutions) < 3:
        return None
    first, last = solutions[0], solutions[-1]
    width, height = last.budget - first.budget, last.value - first.value
    if height <= 0:
        return None

    def above(solution: Solution) -> float:
        return (solution.value - first.value) / height - (solution.budget - first.budget) / width

    best = max(solutions, key=above)
    return best.budget if above(best) > 1e-9 else None
