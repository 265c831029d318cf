"""What the entries of a matrix are, in the words of titles, legends and axes."""

from dataclasses import dataclass, replace
from typing import Literal

Scale = Literal["shared", "target", "centred"]


@dataclass(frozen=True)
class Quantity:
    """One reading of how tasks relate.

    Attributes:
        name: "affinity", "gradient cosine".
        low, high: what an entry below and above zero says.
        worse, better: the same of one below and above the mean of its target.
        source, target: titles of the axes.
        own: what a task's entry with itself is.
        noisy: whether it is observed at every update, on a batch, so that windows differ by noise, and their spread
            gives a standard error; not where a window holds a network's state.
        pair_axis: the title of the axis of a pair's curve.
        arrows, centred_arrows: what solid and dashed arrows say of an entry, and of one less its target's mean.
    """

    name: str
    low: str
    high: str
    worse: str
    better: str
    source: str
    target: str
    own: str
    noisy: bool
    pair_axis: str
    arrows: tuple[str, str]
    centred_arrows: tuple[str, str]

    def measure(self, scale: Scale) -> str:
        """What colours show on a scale."""
        return {
            "shared": self.name,
            "target": f"{self.name} as a share of the strongest on the same target",
            "centred": f"{self.name} above or below the target's average source, as a share of the largest such "
            "difference",
        }[scale]

    def words(self, scale: Scale) -> dict[str, str | list[str]]:
        """All that the live chart says of it, as plain data."""
        centred = scale == "centred"
        return {
            "name": self.name,
            "measure": self.measure(scale),
            "ends": [f"{self.worse} than its average", self.better] if centred else [self.low, self.high],
            "arrows": list(self.centred_arrows if centred else self.arrows),
            "own": self.own,
        }


_OF_GRADIENTS = ("gradient_cosine", "gradient_conflict")
AFFINITY = Quantity(
    "affinity",
    low="hurts",
    high="helps",
    worse="worse",
    better="better",
    source="source (its gradient step)",
    target="target (whose loss changes)",
    own="self-affinity",
    noisy=True,
    pair_axis="affinity (positive = helps)",
    arrows=("source helps target", "source hurts target"),
    centred_arrows=("source helps target more than average", "less than average"),
)


def quantity_of(reading: str) -> Quantity:
    """The words for a reading, by its name in the catalog.

    >>> quantity_of("gradient_cosine").name, quantity_of("affinity").high
    ('gradient cosine', 'helps')
    """
    if reading == AFFINITY.name:
        return AFFINITY
    name = reading.replace("_", " ")
    return Quantity(
        name,
        low="low",
        high="high",
        worse="lower",
        better="higher",
        source="source",
        target="target",
        own="a task with itself",
        noisy=reading in _OF_GRADIENTS,
        pair_axis=name,
        arrows=("above zero", "below zero"),
        centred_arrows=("above the target's average", "below it"),
    )


def difference_of(scale: str) -> Quantity:
    """The words for right − left, on a scale of `engine.affinity.comparison`."""
    of = {"raw": "", "standardised": ", both standardised", "rank": ", of their ranks from 0 to 1"}[scale]
    return replace(quantity_of("difference"), name=f"right − left{of}", low="lower on the right", high="higher")
