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
        unit: what its windows are counted in: ``step`` or ``round`` of training; ``seed``, each of which is a window.
        mutual: whether an entry says the same of both directions, by what it is.
        bounds: what its least and greatest value mean, in words; empty where they are not known.
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
    unit: str = "step"
    mutual: bool = False
    bounds: str = ""

    def span(self, start: int, stop: int) -> str:
        """An interval of windows in words.

        >>> AFFINITY.span(0, 120), quantity_of("task_covariance").span(0, 5), quantity_of("task_clusters").span(2, 3)
        ('steps 0 to 120', 'seeds 1 to 5', 'seed 3')
        """
        if self.unit != "seed":
            return f"{self.unit}s {start} to {stop}"
        return f"seed {stop}" if stop == start + 1 else f"seeds {start + 1} to {stop}"

    def measure(self, scale: Scale) -> str:
        """What colours show on a scale."""
        return {
            "shared": self.name,
            "target": f"{self.name} as a share of the strongest on the same target",
            "centred": f"{self.name} above or below the target's average source, as a share of the largest such "
            "difference",
        }[scale]

    def words(self, scale: Scale) -> dict[str, str | bool | list[str]]:
        """All that the live chart says of it, as plain data."""
        centred = scale == "centred"
        return {
            "name": self.name,
            "measure": self.measure(scale),
            "ends": [f"{self.worse} than its average", self.better] if centred else [self.low, self.high],
            "arrows": list(self.centred_arrows if centred else self.arrows),
            "own": self.own,
            "unit": self.unit,
            "mutual": self.mutual,
        }


_OF_GRADIENTS = ("gradient_cosine", "gradient_conflict")
_OF_SEEDS = ("task_covariance", "task_clusters", "regulariser_graph")
_DRAWN = (*_OF_GRADIENTS, "task_covariance", "task_clusters")  # anew in every window, on a batch or on other samples
_CORRELATION = ("opposite", "alike", "1: the two models are the same but for their size; −1: opposite; 0: unrelated")
# What the ends of a relation of linear models are called, and what its values mean.
_OF_MODELS = {
    "task_covariance": _CORRELATION,
    "federated_relation": _CORRELATION,
    "task_clusters": ("low", "high", "1: the two models are always in one cluster; 0: never"),
    "regulariser_graph": ("low", "high", "0: nothing draws the two models together; the higher, the more they are"),
}
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
    low, high, bounds = _OF_MODELS.get(reading, ("low", "high", ""))
    return Quantity(
        name,
        low=low,
        high=high,
        worse="lower",
        better="higher",
        source="task" if bounds else "source",
        target="task" if bounds else "target",
        own="a task with itself",
        noisy=reading in _DRAWN,
        pair_axis=name,
        arrows=("above zero", "below zero"),
        centred_arrows=("above the target's average", "below it"),
        unit="seed" if reading in _OF_SEEDS else "round" if reading == "federated_relation" else "step",
        mutual=bool(bounds),
        bounds=bounds,
    )


GAIN = replace(
    quantity_of("gain"),
    name="gain over the task alone, %",
    low="hurts",
    high="helps",
    source="source (who joins)",
    target="target (whose loss counts)",
    pair_axis="gain, % (positive = helps)",
)


def difference_of(scale: str) -> Quantity:
    """The words for right − left, on a scale of `engine.affinity.comparison`."""
    of = {"raw": "", "standardised": ", both standardised", "rank": ", of their ranks from 0 to 1"}[scale]
    return replace(quantity_of("difference"), name=f"right − left{of}", low="lower on the right", high="higher")
