"""Affinity over training time: sums over windows of updates, so that the mean over any interval is a subtraction."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.errors import KindredError


@dataclass(frozen=True, eq=False)
class Window:
    """What was observed between two steps of training.

    Attributes:
        step_from: first step of the window.
        step_to: first step after it.
        updates: how many updates were observed in it.
        total: ``[source, target]``, the sum of their affinity matrices, float32.
        total_squares: ``[source, target]``, the sum of the entries' squares, float32.
    """

    step_from: int
    step_to: int
    updates: int
    total: np.ndarray
    total_squares: np.ndarray


@dataclass(frozen=True, eq=False)
class IntervalMean:
    """The affinity averaged over an interval of training.

    Attributes:
        step_from, step_to: the interval ``[step_from, step_to)`` in steps, snapped to whole windows.
        updates: how many observed updates it holds.
        affinity: ``[source, target]``, their mean.
        standard_error: ``[source, target]``, of that mean, from the updates' spread (taking them as independent);
            NaN where fewer than two updates were observed.
    """

    step_from: int
    step_to: int
    updates: int
    affinity: np.ndarray
    standard_error: np.ndarray


@dataclass(frozen=True, eq=False)
class AffinitySeries:
    """The windows of one run in order of time.

    Attributes:
        tasks: the T task names.
        edges: ``[windows + 1]``, the steps at which windows begin and end, increasing.
        updates: ``[windows]``, observed updates a window.
        totals, total_squares: ``[windows, source, target]``, float32 sums.
    """

    tasks: tuple[str, ...]
    edges: np.ndarray
    updates: np.ndarray
    totals: np.ndarray
    total_squares: np.ndarray

    @classmethod
    def of(cls, tasks: tuple[str, ...], windows: list[Window]) -> "AffinitySeries":
        """The series of windows that are sorted by time."""
        shape = (0, len(tasks), len(tasks))
        return cls(
            tasks,
            np.array([window.step_from for window in windows] + [windows[-1].step_to if windows else 0]),
            np.array([window.updates for window in windows], dtype=np.int64),
            np.stack([window.total for window in windows]) if windows else np.zeros(shape, np.float32),
            np.stack([window.total_squares for window in windows]) if windows else np.zeros(shape, np.float32),
        )

    def __len__(self) -> int:
        return len(self.updates)

    @cached_property
    def _prefix(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sums over all windows before each edge, in float64: ``[windows + 1]`` and twice ``[windows + 1, T, T]``."""

        def before(values: np.ndarray) -> np.ndarray:
            return np.concatenate(
                [
                    np.zeros_like(values[:1], shape=(1, *values.shape[1:]), dtype=np.float64),
                    np.cumsum(values, axis=0, dtype=np.float64),
                ]
            )

        return before(self.updates), before(self.totals), before(self.total_squares)

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

        Args:
            step_from, step_to: the interval in steps; widened to whole windows; open-ended where ``None``.

        Raises:
            KindredError: if the run has no window there.
        """
        first, last = self.windows_between(step_from, step_to)
        updates, total, squares = (sums[last] - sums[first] for sums in self._prefix)
        mean = total / updates
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = np.maximum(squares / updates - mean**2, 0) * updates / (updates - 1)
            error = np.sqrt(variance / updates) if updates > 1 else np.full_like(mean, np.nan)
        return IntervalMean(int(self.edges[first]), int(self.edges[last]), int(updates), mean, error)
