"""The short form of ``watchers``; the numbers in the README are of the script itself."""

import statistics

from tests.faults.watchers import watch


def test_every_watcher_sees_every_window_and_the_server_stays_small():
    found = watch(watchers=8, seconds=9, turns=1, window=80, browser=False)
    alone, watched = found.phases[False]
    assert not found.errors
    assert alone.updates and watched.updates >= 2 and not watched.missed
    assert statistics.median(watched.latencies) < 5
    assert found.opened - found.before < 100 and max(watched.rss) - found.opened < 100  # MiB
    assert watched.received / len(watched.latencies) < 60_000  # bytes a watcher and window: of 40 × 40 numbers
