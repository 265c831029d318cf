"""Fewer, longer windows where all of a run's would be more than a browser can hold."""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from engine.affinity.series import AffinitySeries

# Windows × tasks², of all members. A browser is sent 4 bytes of each and keeps 5, or 8 and 9.5 where updates skip
# pairs. It could keep more; but what is sent is 100 MB already, or 200 MB.
MOST_CELLS = 25_000_000

_merged: WeakKeyDictionary[AffinitySeries, dict[int, AffinitySeries]] = WeakKeyDictionary()


def thinned(
    series: AffinitySeries, seeds: Sequence[AffinitySeries] = ()
) -> tuple[AffinitySeries, Sequence[AffinitySeries]]:
    """A series and its seeds, with as many neighbouring windows merged as there must be: 1, 2, 4, 8 … at a time, so
    that a run that grows keeps what it has sent. Means over merged windows are those over the windows they are of.

    Args:
        seeds: on the edges of ``series``.
    """
    cells = len(series.tasks) ** 2 * max(1, len(seeds))
    together = 1
    while -(-len(series) // together) * cells > MOST_CELLS and together < len(series):
        together *= 2
    if together == 1:
        return series, seeds
    return _of(series, together), tuple(_of(seed, together) for seed in seeds)


def _of(series: AffinitySeries, together: int) -> AffinitySeries:
    kept = _merged.setdefault(series, {})
    if together not in kept:
        starts = np.arange(0, len(series), together)

        def summed(values: np.ndarray) -> np.ndarray:
            return np.add.reduceat(values, starts, axis=0)

        kept[together] = AffinitySeries(
            series.tasks,
            np.append(series.edges[starts], series.edges[-1]),
            summed(series.updates),
            summed(series.totals),
            summed(series.total_squares),
            None if series.complete else summed(series.counts),
        )
    return kept[together]
