"""The reading that a page shows, of one run or of several seeds, with everything that says how sure it is."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from engine.affinity.series import AffinitySeries, IntervalMean
from engine.affinity.uncertainty import RELIABLE, SeedGroup, reliability, replicates
from engine.charts.quantity import AFFINITY, Quantity, quantity_of
from engine.errors import KindredError
from engine.texts import text

COURSE_POINTS = 60  # of the curve, whose every point ranks all entries anew


@dataclass(frozen=True, eq=False)
class Observed:
    """Attributes:
    series: of the run; of several seeds, all their updates on common edges.
    group: the seeds, where there are several with windows.
    state: what tells this state of the runs from the next, for caches.
    reading: its name in the catalog.
    """

    series: AffinitySeries
    group: SeedGroup | None = None
    state: tuple = ()
    reading: str = AFFINITY.name

    @classmethod
    def of(cls, members: list[AffinitySeries], state: tuple = (), reading: str = AFFINITY.name) -> Self:
        """Of one run, or of a group's runs; those without a window yet are left out.

        Raises:
            KindredError: if the members are not of the same tasks.
        """
        begun = [series for series in members if len(series)]
        if len(begun) < 2:
            return cls((begun or members)[0], None, state, reading)
        group = SeedGroup(tuple(begun))
        return cls(group.pooled, group, state, reading)

    @property
    def quantity(self) -> Quantity:
        """What its entries are, in words."""
        return quantity_of(self.reading)

    @property
    def seeds(self) -> tuple[AffinitySeries, ...]:
        """Each seed on the common edges; none for a single run."""
        return self.group.aligned if self.group else ()

    def mean(self, step_from: int | None = None, step_to: int | None = None) -> IntervalMean:
        """The mean over an interval; a ``SeedMean`` of several seeds. One run has errors only where it is noisy."""
        mean = (self.group or self.series).mean(step_from, step_to)
        if self.group or self.quantity.noisy:
            return mean
        return replace(mean, standard_error=np.full_like(mean.standard_error, np.nan))

    def part(self, name: str) -> tuple[int | None, int | None]:
        """The steps of the ``whole`` run, or of its ``first`` or ``second`` half; they meet at the edge in the middle.

        Raises:
            KindredError: if there is one window only, which has no halves.
        """
        if name == "whole":
            return None, None
        inner = self.series.edges[1:-1]
        if not len(inner):
            raise KindredError("This reading has one window only, and so no halves; choose the whole run.")
        ends = self.series.edges[[0, -1]]
        middle = int(inner[np.abs(inner - ends.mean()).argmin()])
        return (None, middle) if name == "first" else (middle, None)

    def reliability(self, step_from: int | None = None, step_to: int | None = None) -> float:
        """Of that mean: between the seeds if there are several, otherwise of split halves; NaN where unknown."""
        if self.group:
            return self.group.reliability(step_from, step_to)
        return reliability(self.series, step_from, step_to)

    @cached_property
    def course(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps, and the reliability of the mean from the beginning up to each; NaN where unknown."""
        edges = self.series.edges
        shown = np.unique(np.linspace(1, len(edges) - 1, min(len(edges) - 1, COURSE_POINTS)).astype(int))
        return edges[shown], np.array([self.reliability(int(edges[0]), int(edges[end])) for end in shown])

    def replicates(self, step_from: int, step_to: int, count: int) -> np.ndarray | None:
        """What :func:`engine.affinity.uncertainty.replicates` gives."""
        return replicates(self.series, self.seeds if self.group else (), step_from, step_to, count)


def verdict(value: float) -> str:
    """A reliability in words.

    >>> verdict(0.934), verdict(0.61)
    ('.93 (reliable enough to group)', '.61 (not yet: observe longer)')
    """
    return text("observed.enough" if value >= RELIABLE else "observed.not_yet", share=share(value))


def share(value: float) -> str:
    """A number from 0 to 1 with two decimals, rounded down, so that nothing below a threshold is written as it.

    >>> share(0.899), share(1.0)
    ('.89', '1.00')
    """
    return f"{np.floor(100 * value + 1e-9) / 100:.2f}".removeprefix("0")
