"""What the entries of a matrix are, in the words of titles, legends and axes."""

from dataclasses import dataclass
from typing import Literal

from engine.texts import language, text, texts

Scale = Literal["shared", "target", "centred"]


@dataclass(frozen=True)
class Quantity:
    """One reading of how tasks relate; what is said of it is looked up in the language of the moment.

    Attributes:
        name: its name in the catalog: "affinity", "gradient_cosine".
        sort: whose words it shares, a section of ``quantity`` in the texts; what that lacks is in ``quantity.any``.
        noisy: whether it is observed at every update, on a batch, so that windows differ by noise, and their spread
            gives a standard error; not where a window holds a network's state.
        unit: what its windows are counted in: ``step`` or ``round`` of training; ``seed``, each of which is a window.
        mutual: whether an entry says the same of both directions, by what it is.
    """

    name: str
    sort: str
    noisy: bool = False
    unit: Literal["step", "round", "seed"] = "step"
    mutual: bool = False

    @property
    def said(self) -> str:
        """What it is called: "affinity", "gradient cosine"."""
        return text(f"quantity.name.{self.name}")

    @property
    def source(self) -> str:
        """The title of the axis of the rows."""
        return self._word("source")

    @property
    def target(self) -> str:
        """The title of the axis of the columns."""
        return self._word("target")

    @property
    def pair_axis(self) -> str:
        """The title of the axis of a pair's curve."""
        return self._word("pair_axis", name=self.said)

    @property
    def unit_said(self) -> str:
        """The title of the axis of its windows."""
        return text(f"quantity.unit.{self.unit}")

    @property
    def bounds(self) -> str:
        """What its least and greatest value mean; empty where they are not known."""
        return self._word("bounds")

    @property
    def ends(self) -> tuple[str, str]:
        """What an entry below, and one above zero says."""
        return self._word("low"), self._word("high")

    def span(self, start: int, stop: int) -> str:
        """An interval of windows in words.

        >>> AFFINITY.span(0, 120), quantity_of("task_covariance").span(0, 5), quantity_of("task_clusters").span(2, 3)
        ('steps 0 to 120', 'seeds 1 to 5', 'seed 3')
        """
        if self.unit != "seed":
            return text(f"quantity.span.{self.unit}", start=start, stop=stop)
        if stop == start + 1:
            return text("quantity.span.one_seed", seed=stop)
        return text("quantity.span.seed", start=start + 1, stop=stop)

    def measure(self, scale: Scale) -> str:
        """What colours show on a scale."""
        return text(f"quantity.measure.{scale}", name=self.said)

    def words(self, scale: Scale) -> dict[str, str | bool | list[str]]:
        """All that the live chart says of it, as plain data."""
        centred = scale == "centred"
        arrows = ("arrow_more", "arrow_less") if centred else ("arrow_above", "arrow_below")
        return {
            "name": self.said,
            "measure": self.measure(scale),
            "ends": [self._word("worse"), self._word("better")] if centred else list(self.ends),
            "arrows": [self._word(part) for part in arrows],
            "own": self._word("own"),
            "unit": self.unit,
            "mutual": self.mutual,
        }

    def _word(self, part: str, **values: str) -> str:
        own = f"quantity.{self.sort}.{part}"
        return text(own if own in texts(language()) else f"quantity.any.{part}", **values)


_OF_GRADIENTS = ("gradient_cosine", "gradient_conflict")
# How linear models relate, by whose words each shares: the same in both directions.
_OF_MODELS = {
    "task_covariance": "correlation",
    "federated_relation": "correlation",
    "task_clusters": "clusters",
    "regulariser_graph": "regulariser",
}
_DRAWN = (*_OF_GRADIENTS, "task_covariance", "task_clusters")  # anew in every window, on a batch or on other samples
AFFINITY = Quantity("affinity", "affinity", noisy=True)
GAIN = Quantity("gain", "gain")


def quantity_of(reading: str) -> Quantity:
    """The quantity of a reading, by its name in the catalog.

    >>> quantity_of("gradient_cosine").said, quantity_of("affinity").ends
    ('gradient cosine', ('hurts', 'helps'))
    """
    if reading == AFFINITY.name:
        return AFFINITY
    sort = _OF_MODELS.get(reading, "reading")
    unit = "round" if reading == "federated_relation" else "seed" if reading in _OF_MODELS else "step"
    return Quantity(reading, sort, noisy=reading in _DRAWN, unit=unit, mutual=reading in _OF_MODELS)


def difference_of(scale: Literal["raw", "standardised", "rank"]) -> Quantity:
    """Right − left, on a scale of `engine.affinity.comparison`."""
    return Quantity(f"difference_{scale}", "difference")
