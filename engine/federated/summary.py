"""What came out of a comparison of federated methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

GOAL = 1e-4  # relative duality gap


@dataclass(frozen=True)
class Outcome:
    """Of one method after its last round.

    Attributes:
        gap: relative; None where the method has none.
        rounds_to_goal: see `rounds_to`.
        up, down: bytes sent by clients, and by the server.
        error: on test samples, mean over the clients that have any; NaN without.
    """

    gap: float | None
    rounds_to_goal: int | None
    up: int
    down: int
    error: float


def rounds_to(course: Mapping[str, Any], gap: float) -> int | None:
    """The first round, of those that were recorded, at which the relative gap was no larger; None if it never was.

    Where the relation is learned, the gap jumps up again whenever that changes.

    Args:
        course: of one method in the artifact ``rounds``.

    >>> rounds_to({"round": [1, 2, 3], "gap": [0.5, 0.01, 0.001]}, 0.02)
    2
    """
    reached = (
        number for number, at in zip(course["round"], course["gap"], strict=True) if at is not None and at <= gap
    )
    return next(reached, None)


def outcomes(rounds: Mapping[str, Any], goal: float = GOAL) -> dict[str, Outcome]:
    """Method → what came out, for those that made a round.

    Args:
        rounds: the artifact of that name.
        goal: the relative gap to reach.
    """
    found = {}
    for name, course in rounds["methods"].items():
        if not course["round"]:
            continue
        errors = [error for error in course["errors"][-1] if error is not None]
        found[name] = Outcome(
            course["gap"][-1],
            rounds_to(course, goal),
            course["up"][-1],
            course["down"][-1],
            float(np.mean(errors)) if errors else float("nan"),
        )
    return found
