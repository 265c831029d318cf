"""How sure an affinity is: split-half reliability, a bootstrap over windows, and several seeds as one group.

Bibliography:

- Spearman, "Correlation calculated from faulty data", British Journal of Psychology 1910, and Brown, "Some experimental
  results in the correlation of mental abilities", the same issue: what lengthening a test does to its reliability.
- Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 1989.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from engine.affinity.ranking import off_diagonal, rank_correlation
from engine.affinity.series import MIN_BATCHES, AffinitySeries, IntervalMean
from engine.errors import KindredError

# From here on an affinity is reliable enough to group by: were it observed once more over as many updates, the two
# rankings of the pairs would correlate at .9, which means that a tenth of their variance is noise.
RELIABLE = 0.9


def reliability(series: AffinitySeries, step_from: int | None = None, step_to: int | None = None) -> float:
    """The split-half reliability of an interval's mean affinity, 0 (noise) to 1 (no noise).

    The even and the odd windows are averaged apart. r is the Spearman rank correlation of the two means over the
    off-diagonal entries known in both. Each half has half the updates, and so more noise than the whole, whose
    reliability is ``2 r / (1 + r)`` (Spearman 1910, Brown 1910); 0 where r is negative. Noise that lasts longer than a
    window is in both halves and is not seen; what another seed would change is not seen either.

    Args:
        step_from, step_to: the interval in steps; widened to whole windows; open-ended where ``None``.

    Returns:
        NaN with fewer than 4 windows, fewer than 3 entries known in both halves (as with 2 tasks), or a half in which
        all entries are equal.

    Raises:
        KindredError: if the run has no window in the interval.
    """
    first, last = series.windows_between(step_from, step_to)
    if last - first < MIN_BATCHES:
        return float("nan")
    sums = series.sums(first, last)
    even = _mean(sums.even_totals, sums.even_counts)
    odd = _mean(sums.totals - sums.even_totals, sums.counts - sums.even_counts)
    return stepped_up(rank_correlation(off_diagonal(even), off_diagonal(odd)), 2)


def stepped_up(correlation: float, parts: int) -> float:
    """The reliability of the mean of ``parts`` like measurements, two of which correlate so: ``n r / (1 + (n − 1) r)``.

    0 where the correlation is negative, as noise alone can make it. Source: Spearman 1910; Brown 1910.
    """
    r = max(correlation, 0.0) if correlation == correlation else correlation
    return parts * r / (1 + (parts - 1) * r)


def bootstrap(
    series: AffinitySeries,
    step_from: int | None = None,
    step_to: int | None = None,
    replicates: int = 200,
    seed: int = 0,
) -> np.ndarray:
    """Mean affinities that the interval could as well have had, by a moving-block bootstrap over its windows.

    A replicate strings together blocks of neighbouring windows, drawn with replacement from all starting points, until
    it has as many windows as the interval, W. Blocks of ``ceil(W^(1/3))`` windows keep what correlation is left between
    windows (Künsch 1989). Its mean weighs windows by their updates: the sum of totals over the sum of counts.

    Args:
        step_from, step_to: the interval in steps; widened to whole windows; open-ended where ``None``.
        replicates: how many to draw.
        seed: the same seed draws the same windows.

    Returns:
        ``[replicates, source, target]``, float64; NaN where a replicate holds no window that observed the pair.

    Raises:
        KindredError: if the interval has fewer than 4 windows.
    """
    first, last = series.windows_between(step_from, step_to)
    windows = last - first
    if windows < MIN_BATCHES:
        raise KindredError(
            f"The interval holds {windows} {'window' if windows == 1 else 'windows'}; a bootstrap needs at least "
            f"{MIN_BATCHES}, so choose a longer interval, observe longer, or have the run store shorter windows."
        )
    length = int(np.ceil(windows ** (1 / 3) - 1e-9))
    random = np.random.default_rng(seed)
    starts = random.integers(0, windows - length + 1, size=(replicates, -(-windows // length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(replicates, -1)[:, :windows]
    times = np.zeros((replicates, windows))
    np.add.at(times, (np.arange(replicates)[:, None], drawn), 1)
    totals = np.tensordot(times, series.totals[first:last].astype(np.float64), axes=1)
    return _mean(totals, np.tensordot(times, series.pair_counts[first:last].astype(np.float64), axes=1))


def replicates(
    series: AffinitySeries, seeds: Sequence[AffinitySeries], step_from: int, step_to: int, count: int
) -> np.ndarray | None:
    """``[count, source, target]``: means that might as well have come out; ``None`` with too few windows.

    Of one run, without ``seeds``, a bootstrap over windows. Of several, on the edges of ``series``, each replicate
    draws as many seeds with replacement and bootstraps the windows of each, so that both what a seed and what a batch
    changes is in it.
    """
    first, last = series.windows_between(step_from, step_to)
    if last - first < MIN_BATCHES:
        return None
    if not seeds:
        return bootstrap(series, step_from, step_to, count)
    each = np.stack([bootstrap(seed, step_from, step_to, count, number) for number, seed in enumerate(seeds)])
    drawn = np.random.default_rng(0).integers(0, len(each), (len(each), count))
    stack = each[drawn, np.arange(count)]
    known = np.isfinite(stack)
    with np.errstate(invalid="ignore"):
        return np.where(known, stack, 0).sum(axis=0) / known.sum(axis=0)


@dataclass(frozen=True, eq=False)
class SeedMean(IntervalMean):
    """The affinity averaged over an interval and over seeds.

    The fields of :class:`IntervalMean`, of which ``affinity`` is the mean over seeds of each seed's mean,
    ``standard_error`` the spread between seeds divided by √seeds, ``updates`` and ``counts`` sums over seeds, and
    ``batches`` 0, as the error rests on the seeds.

    Attributes:
        seeds: how many seeds there are.
        spread: ``[source, target]``, the standard deviation over the seeds that know the pair (divisor n − 1); NaN
            with fewer than two.
        agreement: ``[source, target]``, the share of the seeds that know the pair whose mean has the sign of
            ``affinity``; NaN where none does.
    """

    seeds: int
    spread: np.ndarray
    agreement: np.ndarray


@dataclass(frozen=True, eq=False)
class SeedGroup:
    """Several seeds of one setting.

    Attributes:
        members: each seed's series; a seed that has no window yet is left out of everything below.

    Raises:
        KindredError: if there is no member, or they have not the same tasks in the same order.
    """

    members: tuple[AffinitySeries, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        if not self.members:
            raise KindredError("The group has no seeds; give at least one series.")
        known = [series.tasks for series in self.members if len(series)]
        for tasks in known:
            if tasks != known[0]:
                raise KindredError(
                    f"A seed of the group has the tasks {', '.join(tasks)}, another {', '.join(known[0])}; only runs "
                    "with the same tasks in the same order are seeds of one setting, so take one of them out."
                )

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks that all seeds have; empty while no seed has a window."""
        return next((series.tasks for series in self.members if len(series)), ())

    @cached_property
    def aligned(self) -> tuple[AffinitySeries, ...]:
        """Each member that has windows, on the same edges, up to where the shortest has come.

        The edges are those of the member with the fewest windows until then. Another's window belongs where it ends:
        that is where it was observed, as a window in which nothing was observed goes on (as with ``auto``).
        """
        members = [series for series in self.members if len(series)]
        if not members:
            return self.members[:1]
        reached = min(series.edges[-1] for series in members)
        edges = min((series.edges[series.edges <= reached] for series in members), key=len)
        return tuple(_regrouped(series, edges) for series in members)

    @cached_property
    def pooled(self) -> AffinitySeries:
        """All seeds' updates as one series on the common edges: sums of updates, totals, squares and counts."""
        first, *others = self.aligned
        if not others:
            return first
        return AffinitySeries(
            first.tasks,
            first.edges,
            *(
                np.sum([getattr(series, field) for series in self.aligned], axis=0)
                for field in ("updates", "totals", "total_squares")
            ),
            None if all(series.complete for series in self.aligned) else sum(series.counts for series in self.aligned),
        )

    def mean(self, step_from: int | None = None, step_to: int | None = None) -> SeedMean:
        """The mean over seeds, which all count alike, with its error from the spread between them.

        Args:
            step_from, step_to: the interval in steps; widened to common windows; open-ended where ``None``.

        Raises:
            KindredError: if the seeds have no common window there.
        """
        means = self._means(step_from, step_to)
        each = np.stack([mean.affinity for mean in means])
        known = np.isfinite(each)
        seeds = known.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            affinity = np.where(known, each, 0).sum(axis=0) / seeds
            variance = np.where(known, np.square(each - affinity), 0).sum(axis=0) / (seeds - 1)
            spread = np.sqrt(np.where(seeds > 1, variance, np.nan))
            agreement = (known & (np.sign(each) == np.sign(affinity))).sum(axis=0) / seeds
        return SeedMean(
            means[0].step_from,
            means[0].step_to,
            sum(mean.updates for mean in means),
            affinity,
            spread / np.sqrt(np.maximum(seeds, 1)),
            np.sum([mean.counts for mean in means], axis=0),
            batches=0,
            seeds=len(means),
            spread=spread,
            agreement=agreement,
        )

    def reliability(self, step_from: int | None = None, step_to: int | None = None) -> float:
        """How well the mean over seeds would agree with that of as many other seeds, 0 to 1.

        The Spearman correlation of two seeds' off-diagonal means, averaged over all pairs of seeds, stepped up to
        their number. Unlike the split halves of one run, it counts what the seed changes as noise.

        Returns:
            NaN with fewer than two seeds, or too few pairs of tasks (see :func:`reliability`).

        Raises:
            KindredError: if the seeds have no common window in the interval.
        """
        means = [off_diagonal(mean.affinity) for mean in self._means(step_from, step_to)]
        correlations = [rank_correlation(one, other) for one, other in combinations(means, 2)]
        return stepped_up(float(np.mean(correlations)), len(means)) if correlations else float("nan")

    def _means(self, step_from: int | None, step_to: int | None) -> list[IntervalMean]:
        first, last = self.pooled.windows_between(step_from, step_to)
        return [series.mean(int(series.edges[first]), int(series.edges[last])) for series in self.aligned]


def _regrouped(series: AffinitySeries, edges: np.ndarray) -> AffinitySeries:
    """The same series in windows with these edges, each of its own assigned by where it ends."""
    if np.array_equal(edges, series.edges):
        return series
    ends = np.searchsorted(series.edges[1:], edges, side="right")
    ends[0] = 0

    def added(values: np.ndarray) -> np.ndarray:
        parts = [values[start:stop].sum(axis=0) for start, stop in zip(ends[:-1], ends[1:], strict=True)]
        return np.stack(parts).astype(values.dtype) if parts else values[:0]

    counts = None if series.complete else added(series.counts)
    sums = added(series.updates), added(series.totals), added(series.total_squares)
    return AffinitySeries(series.tasks, edges, *sums, counts)


def _mean(totals: np.ndarray, counts: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals / counts
