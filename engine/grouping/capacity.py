"""The sizes that a network comes in."""

from dataclasses import dataclass

from engine.checks import check_limit, check_number


@dataclass(frozen=True)
class Capacity:
    """A size that networks come in, where scores are predicted from affinities.

    Attributes:
        cost: in SNT; 1 for the full size. It includes one head.
        max_size: the largest number of tasks such a network holds; any number where ``None``.
        change: what a task's score changes by in this size, in the unit of the affinities.
    """

    cost: float = 1.0
    max_size: int | None = None
    change: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", check_number("A capacity's cost", self.cost, least=0, above=True))
        object.__setattr__(self, "change", check_number("A capacity's change of score", self.change))
        object.__setattr__(self, "max_size", check_limit("A capacity's `max_size`", self.max_size, 1))


FULL = Capacity()
HALF_SINGLE = Capacity(0.5, max_size=1)  # the half-size single-task networks of Standley et al.
