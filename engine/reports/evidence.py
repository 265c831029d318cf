"""The affinities of one run, or of several seeds as one, with everything that says how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.affinity.ranking import off_diagonal, rank_correlation
from engine.affinity.series import MIN_BATCHES, AffinitySeries, IntervalMean
from engine.affinity.uncertainty import SeedGroup, reliability, replicates
from engine.errors import KindredError
from engine.runs.reader import Reader
from engine.runs.run import Run

REPLICATES = 200
SURE = 2.0  # standard errors


@dataclass(frozen=True)
class Pair:
    """Attributes:
    source, target: two different tasks.
    value: the mean affinity of the one onto the other.
    error: its standard error; NaN where unknown.
    """

    source: str
    target: str
    value: float
    error: float

    @property
    def sure(self) -> bool:
        """Whether the mean lies farther from zero than two standard errors."""
        return abs(self.value) > SURE * self.error


@dataclass(frozen=True)
class Movement:
    """The first half of an interval against the second.

    Attributes:
        changed: pairs whose two means differ by more than two standard errors of the difference.
        pairs: those whose errors are known in both.
        correlation: of the two rankings of all pairs (Spearman).
    """

    changed: int
    pairs: int
    correlation: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """Attributes:
    series: of the run; of several seeds, all their updates on common edges.
    group: the seeds, where there are several with windows.
    """

    series: AffinitySeries
    group: SeedGroup | None = None

    @classmethod
    def read(cls, reader: Reader, runs: Sequence[Run]) -> Self:
        """Of one run or of a group's runs; those without a window yet are left out.

        Raises:
            KindredError: if none has observed an affinity, or the runs are not of the same tasks, or have no window in
                common.
        """
        begun = [series for run in runs if len(series := reader.series(run.id))]
        if not begun:
            raise KindredError(
                f"The run {runs[0].id!r} has observed no affinity; choose a run of networks with an affinity "
                "estimator, or wait for its first window."
            )
        group = SeedGroup(tuple(begun)) if len(begun) > 1 else None
        return cls(group.pooled if group else begun[0], group)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Their names, in the order of the matrix."""
        return self.series.tasks

    @property
    def seeds(self) -> tuple[AffinitySeries, ...]:
        """Each seed on the common edges; none for a single run."""
        return self.group.aligned if self.group else ()

    def mean(self, step_from: int | None = None, step_to: int | None = None) -> IntervalMean:
        """The mean over an interval; a ``SeedMean`` of several seeds."""
        return (self.group or self.series).mean(step_from, step_to)

    def between(self, step_from: int | None = None, step_to: int | None = None) -> AffinitySeries:
        """The windows of an interval.

        Raises:
            KindredError: if there is none.
        """
        first, last = self.series.windows_between(step_from, step_to)
        series, inside = self.series, slice(first, last)
        return AffinitySeries(
            series.tasks,
            series.edges[first : last + 1],
            series.updates[inside],
            series.totals[inside],
            series.total_squares[inside],
            series.counts[inside],
        )

    def reliability(self, mean: IntervalMean) -> float:
        """Of that mean: between the seeds if there are several, otherwise of split halves; NaN where unknown."""
        if self.group:
            return self.group.reliability(mean.step_from, mean.step_to)
        return reliability(self.series, mean.step_from, mean.step_to)

    def replicates(self, mean: IntervalMean, count: int = REPLICATES) -> np.ndarray | None:
        """What :func:`engine.affinity.uncertainty.replicates` gives."""
        seeds = self.seeds if self.group else ()
        return replicates(self.series, seeds, mean.step_from, mean.step_to, count)

    def movement(self, mean: IntervalMean) -> Movement | None:
        """Whether the matrix changed within an interval; ``None`` with too few windows for errors of both halves."""
        first, last = self.series.windows_between(mean.step_from, mean.step_to)
        if last - first < 2 * MIN_BATCHES:
            return None
        middle = int(self.series.edges[(first + last) // 2])
        early, late = self.mean(mean.step_from, middle), self.mean(middle, mean.step_to)
        change = off_diagonal(late.affinity - early.affinity)
        error = off_diagonal(np.hypot(early.standard_error, late.standard_error))
        known = np.isfinite(change) & np.isfinite(error)
        changed = np.abs(change[known]) > SURE * error[known]
        ranks = rank_correlation(off_diagonal(early.affinity), off_diagonal(late.affinity))
        return Movement(int(changed.sum()), int(known.sum()), ranks) if known.any() else None


def pairs_of(tasks: Sequence[str], mean: IntervalMean) -> list[Pair]:
    """All pairs of different tasks that were observed, those that help most first."""
    found = [
        Pair(source, target, float(mean.affinity[row, column]), float(mean.standard_error[row, column]))
        for row, source in enumerate(tasks)
        for column, target in enumerate(tasks)
        if row != column and np.isfinite(mean.affinity[row, column])
    ]
    return sorted(found, key=lambda pair: -pair.value)
