import numpy as np
import pytest

from app.components.live_chart import thinning
from app.components.live_chart.thinning import thinned
from engine.affinity.series import AffinitySeries


def series(windows: int, skipped: bool = False) -> AffinitySeries:
    generator = np.random.default_rng(0)
    totals = generator.normal(0, 1, (windows, 3, 3)).astype(np.float32)
    counts = generator.integers(0, 5, totals.shape) if skipped else None
    updates = np.full(windows, 5)
    return AffinitySeries(("a", "b", "c"), np.arange(windows + 1) * 10, updates, totals, totals**2, counts)


def test_a_series_that_a_browser_can_hold_stays_as_it_is():
    found = series(12)
    assert thinned(found) == (found, ())


@pytest.mark.parametrize("skipped", [False, True])
def test_merged_windows_have_the_means_of_those_they_are_of(monkeypatch, skipped):
    monkeypatch.setattr(thinning, "MOST_CELLS", 4 * 9)
    found = series(13, skipped)
    merged, seeds = thinned(found, [found, found])
    assert len(merged) == len(seeds[0]) == 2 and list(merged.edges) == [0, 80, 130]
    assert len(thinned(found)[0]) == 4 and thinned(found)[0] is thinned(found)[0]
    for first, last in zip(merged.edges, merged.edges[1:], strict=False):
        np.testing.assert_allclose(merged.mean(first, last).affinity, found.mean(first, last).affinity, rtol=1e-5)
        assert (merged.mean(first, last).counts == found.mean(first, last).counts).all()


def test_what_was_sent_stays_while_a_run_grows(monkeypatch):
    monkeypatch.setattr(thinning, "MOST_CELLS", 8 * 9)
    before, after = thinned(series(20))[0], thinned(series(24))[0]
    assert (before.totals[:5] == after.totals[:5]).all() and (before.edges[:6] == after.edges[:6]).all()
