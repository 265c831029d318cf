"""Affinity over training time: sums over windows of updates, so that the mean over any interval is a subtraction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from engine.affinity.growing import Growing
from engine.errors import KindredError

# With fewer windows than this, their means say too little of how far apart such means lie.
MIN_BATCHES = 4
BLOCK = 16  # windows whose sums are kept; an even number


@dataclass(frozen=True, eq=False)
class Window:
    """What was observed between two steps of training.

    Attributes:
        step_from: first step of the window.
        step_to: first step after it.
        updates: how many updates were observed in it.
        total: ``[source, target]``, the sum of their affinity matrices over the updates in which a pair was observed,
            float32; never NaN.
        total_squares: ``[source, target]``, the sum of the entries' squares, float32.
        counts: ``[source, target]``, int64: in how many of the updates each pair was observed, as a pair is skipped
            where a label is missing or a task absent; ``None``: in all of them.
    """

    step_from: int
    step_to: int
    updates: int
    total: np.ndarray
    total_squares: np.ndarray
    counts: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class IntervalMean:
    """The affinity averaged over an interval of training.

    Attributes:
        step_from, step_to: the interval ``[step_from, step_to)`` in steps, snapped to whole windows.
        updates: how many observed updates it holds.
        affinity: ``[source, target]``, their mean; NaN where a pair was never observed.
        standard_error: ``[source, target]``, of that mean; NaN where it is not known.
        counts: ``[source, target]``, int64, the updates in which each pair was observed.
        batches: how many windows the standard error rests on; 0 where it rests on the spread of the updates, taking
            them as independent.
    """

    step_from: int
    step_to: int
    updates: int
    affinity: np.ndarray
    standard_error: np.ndarray
    counts: np.ndarray
    batches: int


class Sums(NamedTuple):
    """Over several windows; ``[source, target]`` each but the first, or ``[1, 1]`` where all pairs are alike.

    Attributes:
        updates: observed updates.
        counts: updates that observed the pair.
        observed: windows that observed it.
        totals, squares: of its entries, and of their squares; float64.
        apart: ``(total − count · centre)² / count`` of each window, about a centre of the series' own.
        even_counts, even_totals: of the windows of even number.
    """

    updates: np.ndarray
    counts: np.ndarray
    observed: np.ndarray
    totals: np.ndarray
    squares: np.ndarray
    apart: np.ndarray
    even_counts: np.ndarray
    even_totals: np.ndarray


@dataclass(frozen=True, eq=False)
class AffinitySeries:
    """The windows of one run in order of time.

    Attributes:
        tasks: the T task names.
        edges: ``[windows + 1]``, the steps at which windows begin and end, increasing.
        updates: ``[windows]``, observed updates a window.
        totals, total_squares: ``[windows, source, target]``, float32 sums over the updates that observed the pair.
        counts: ``[windows, source, target]``, int64, how many updates those are; all updates where ``None`` is given.
    """

    tasks: tuple[str, ...]
    edges: np.ndarray
    updates: np.ndarray
    totals: np.ndarray
    total_squares: np.ndarray
    counts: np.ndarray | None = None

    _known_blocks: Sums | None = field(default=None, init=False, repr=False)  # of the series that it grew from

    def __post_init__(self) -> None:
        counts, updates = self.counts, np.asarray(self.updates, np.int64)
        if counts is None or all((each == number).all() for each, number in zip(counts, updates, strict=True)):
            counts = np.broadcast_to(updates[:, None, None], self.totals.shape)  # a view: it takes no memory
            object.__setattr__(self, "counts", counts)

    @classmethod
    def of(cls, tasks: tuple[str, ...], windows: Sequence[Window]) -> "AffinitySeries":
        """The series of windows that are sorted by time."""
        shape = (len(tasks), len(tasks))
        skipped = any(window.counts is not None for window in windows)
        counts = [np.full(shape, each.updates) if each.counts is None else each.counts for each in windows if skipped]
        return cls(
            tasks,
            np.array([window.step_from for window in windows] + [windows[-1].step_to if windows else 0]),
            np.array([window.updates for window in windows], dtype=np.int64),
            np.stack([window.total for window in windows]) if windows else np.zeros((0, *shape), np.float32),
            np.stack([window.total_squares for window in windows]) if windows else np.zeros((0, *shape), np.float32),
            np.stack(counts).astype(np.int64) if skipped else None,
        )

    def __len__(self) -> int:
        return len(self.updates)

    def followed_by(self, windows: Sequence[Window]) -> "AffinitySeries":
        """The series with more windows at its end, at the cost of those: what both series hold is there once.

        Args:
            windows: sorted by time, after its own.
        """
        if not windows:
            return self
        added = AffinitySeries.of(self.tasks, windows)
        if not len(self):
            return added
        complete = self.complete and added.complete
        names = ("totals", "total_squares") if complete else ("totals", "total_squares", "counts")
        ends = [getattr(added, name) for name in names]
        line = self.line if complete == self.complete else None
        arrays = line.append(len(self), ends) if line else None
        if arrays is None:
            arrays = [np.concatenate([getattr(self, name), end]) for name, end in zip(names, ends, strict=True)]
            line = Growing(arrays)
        edges, updates = np.append(self.edges[:-1], added.edges), np.append(self.updates, added.updates)
        grown = AffinitySeries(self.tasks, edges, updates, *arrays)
        grown.__dict__.update(line=line, _known_blocks=self.__dict__.get("_blocks", self._known_blocks))
        return grown

    def ends_with(self, window: Window) -> bool:
        """Whether it is the last one, number for number: a run that was taken up again has written others."""
        counts = window.updates if window.counts is None else window.counts
        return (
            (window.step_from, window.step_to, window.updates) == (*self.edges[-2:], self.updates[-1])
            and np.array_equal(window.total, self.totals[-1])
            and bool((self.counts[-1] == counts).all())
        )

    @cached_property
    def line(self) -> Growing:
        """What holds the windows. Where it is the same of two series, all windows of the shorter are in the longer."""
        return Growing((self.totals, self.total_squares, *(() if self.complete else (self.counts,))))

    @property
    def complete(self) -> bool:
        """Whether every update observed every pair."""
        return self.counts.strides[1:] == (0, 0)

    @property
    def pair_counts(self) -> np.ndarray:
        """``counts``, as ``[windows, 1, 1]`` where the series is complete, which saves the work of T² equal numbers."""
        return np.asarray(self.updates, np.int64)[:, None, None] if self.complete else self.counts

    def sums(self, first: int, last: int) -> "Sums":
        """Over the windows ``[first, last)``, at a cost that does not depend on how many they are."""
        begin, end = -(-first // BLOCK), last // BLOCK
        if begin >= end:
            return self._added(first, last)
        whole = [sums[end] - sums[begin] for sums in self._blocks]
        ends = self._added(first, begin * BLOCK), self._added(end * BLOCK, last)
        return Sums(*map(sum, zip(*ends, whole, strict=True)))

    def _added(self, first: int, last: int) -> "Sums":
        """The same, window by window."""
        counts, totals = self.pair_counts[first:last], self.totals[first:last].astype(np.float64)
        apart = np.square(totals - counts * self._centre) / np.maximum(counts, 1)
        even = slice(first % 2, None, 2)
        return Sums(
            self.updates[first:last].sum(),
            counts.sum(0),
            np.count_nonzero(counts, 0),
            totals.sum(0),
            self.total_squares[first:last].sum(0, np.float64),
            apart.sum(0),
            counts[even].sum(0),
            totals[even].sum(0),
        )

    @cached_property
    def _blocks(self) -> "Sums":
        """Sums over all windows before each block, and before what is after the last: ``[blocks + 1, …]``."""
        known = self._known_blocks or Sums(*(np.zeros_like(each)[None] for each in self._added(0, 0)))
        first, last = len(known.updates) - 1, len(self) // BLOCK
        each = [self._added(block * BLOCK, (block + 1) * BLOCK) for block in range(first, last)]
        if not each:
            return known
        added = (np.cumsum(values, axis=0) for values in zip(*each, strict=True))
        return Sums(*(np.concatenate([old, old[-1] + new]) for old, new in zip(known, added, strict=True)))

    @cached_property
    def _centre(self) -> np.ndarray:
        """``[source, target]``, the mean of the first windows, which stays as the series grows. Squares are summed
        around it, as a spread that is small beside the mean would drown in the rounding of sums around zero."""
        return np.sum(self.totals[:BLOCK], 0, np.float64) / np.maximum(self.pair_counts[:BLOCK].sum(0), 1)

    def windows_between(self, step_from: int | None = None, step_to: int | None = None) -> tuple[int, int]:
        """The half-open range of windows that overlap the steps ``[step_from, step_to)``; ``None`` means open-ended.

        Raises:
            KindredError: if the run has no window there.
        """
        if not len(self):
            raise KindredError("The run has no affinity yet; wait for its first window or choose another run.")
        first_step, last_step = int(self.edges[0]), int(self.edges[-1])
        start = first_step if step_from is None else step_from
        stop = last_step if step_to is None else step_to
        if not (start < stop and start < last_step and stop > first_step):
            raise KindredError(
                f"The interval from step {start} to step {stop} holds no window; choose two increasing steps between "
                f"{first_step} and {last_step}."
            )
        first = int(np.searchsorted(self.edges, start, side="right")) - 1
        last = int(np.searchsorted(self.edges, stop, side="left"))
        return max(first, 0), min(last, len(self))

    def mean(self, step_from: int | None = None, step_to: int | None = None) -> IntervalMean:
        """The mean affinity over an interval, at a cost that does not depend on its length.

        Its standard error is by *batch means*. Neighbouring updates are correlated, as they share most of their
        weights and come back to the same samples, so their spread alone makes the mean look surer than it is. Means of
        windows that are longer than the correlation lasts are nearly independent. With n_w updates and the mean m_w in
        window w, N = Σ n_w and m the mean of all::

            SE² = Σ_w n_w (m_w − m)² / (W − 1) / N

        over the W windows in which the pair was observed. The weights n_w make windows of unequal length count alike,
        as the variance of m_w falls with 1 / n_w. What drifts between windows counts as spread too. NaN for a pair
        that fewer than ``MIN_BATCHES`` windows observed. An interval of fewer windows falls back to the spread of the
        updates, taken as independent, which is most often too small.

        Args:
            step_from, step_to: the interval in steps; widened to whole windows; open-ended where ``None``.

        Raises:
            KindredError: if the run has no window there.

        Source: batch means, in Flegal and Jones, "Batch means and spectral variance estimators in Markov chain Monte
        Carlo", Annals of Statistics 2010, eq. 3, where all batches are of one length.
        """
        first, last = self.windows_between(step_from, step_to)
        sums = self.sums(first, last)
        counts, total = sums.counts, sums.totals
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / counts
            if last - first >= MIN_BATCHES:
                between = np.maximum(sums.apart - np.square(total - counts * self._centre) / counts, 0)
                variance = np.where(sums.observed >= MIN_BATCHES, between / (sums.observed - 1), np.nan)
            else:
                variance = np.maximum(sums.squares / counts - mean**2, 0) * counts / (counts - 1)
                variance = np.where(counts > 1, variance, np.nan)
            error = np.sqrt(variance / counts)
        return IntervalMean(
            int(self.edges[first]),
            int(self.edges[last]),
            int(sums.updates),
            mean,
            error,
            np.broadcast_to(counts, mean.shape),
            last - first if last - first >= MIN_BATCHES else 0,
        )
