from dataclasses import replace

import numpy as np
import pytest

from engine.affinity.series import MIN_BATCHES, AffinitySeries, Window
from engine.errors import KindredError

TASKS = ("a", "b", "c")


def windows_of(matrices, length):
    """Windows of ``length`` updates each, one update a step; the last may be shorter."""
    windows = []
    for start in range(0, len(matrices), length):
        part = matrices[start : start + length]
        totals = part.sum(0), np.square(part).sum(0)
        windows.append(Window(start, start + len(part), len(part), *(total.astype(np.float32) for total in totals)))
    return windows


@pytest.fixture
def matrices():
    return np.random.default_rng(0).normal(size=(47, 3, 3))


@pytest.fixture
def series(matrices):
    return AffinitySeries.of(TASKS, windows_of(matrices, 5))


def batch_means(series, first, last):
    """The mean and its standard error, one pair and one window at a time."""
    mean, error = np.full((2, *series.totals.shape[1:]), np.nan)
    for pair in np.ndindex(mean.shape):
        counts = series.counts[first:last, *pair]
        total = series.totals[first:last, *pair].astype(float)[counts > 0]
        counts = counts[counts > 0]
        if len(counts):
            mean[pair] = total.sum() / counts.sum()
        if len(counts) >= MIN_BATCHES:
            spread = (counts * (total / counts - mean[pair]) ** 2).sum() / (len(counts) - 1)
            error[pair] = np.sqrt(spread / counts.sum())
    return mean, error


@pytest.mark.parametrize(("step_from", "step_to"), [(0, 5), (10, 25), (40, 47)])
def test_of_few_windows_the_mean_and_its_error_are_those_of_the_updates(matrices, series, step_from, step_to):
    part = matrices[step_from:step_to]
    mean = series.mean(step_from, step_to)
    assert (mean.updates, mean.batches) == (len(part), 0)
    np.testing.assert_allclose(mean.affinity, part.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mean.standard_error, part.std(0, ddof=1) / np.sqrt(len(part)), rtol=1e-4)


@pytest.mark.parametrize(("first", "last"), [(0, 10), (2, 6), (5, 10)])
def test_of_more_windows_the_error_is_that_of_batch_means(series, first, last):
    mean = series.mean(series.edges[first], series.edges[last])
    expected, error = batch_means(series, first, last)
    assert mean.batches == last - first
    np.testing.assert_allclose(mean.affinity, expected, rtol=1e-9)
    np.testing.assert_allclose(mean.standard_error, error, rtol=1e-9)


@pytest.mark.parametrize(("first", "last"), [(0, 12), (3, 9), (1, 5)])
def test_pairs_that_were_skipped_count_only_where_they_were_observed(first, last):
    series = skipping(np.random.default_rng(1))
    mean = series.mean(series.edges[first], series.edges[last])
    expected, error = batch_means(series, first, last)
    assert not series.complete and np.isnan(expected[2, 0]) and np.isnan(error[0, 1])
    assert np.array_equal(mean.counts, series.counts[first:last].sum(0))
    np.testing.assert_allclose(mean.affinity, expected, rtol=1e-9)
    np.testing.assert_allclose(mean.standard_error, error, rtol=1e-9)


def test_pairs_that_were_skipped_count_so_in_an_interval_of_few_windows_too():
    matrices = np.random.default_rng(2).normal(size=(6, 3, 3))
    seen = np.random.default_rng(3).random(matrices.shape) < 0.7
    seen[:, 0, 0], seen[:, 0, 1] = False, [True, *[False] * 5]
    observed = np.where(seen, matrices, 0)
    totals = observed.sum(0).astype(np.float32), np.square(observed).sum(0).astype(np.float32)
    mean = AffinitySeries.of(TASKS, [Window(0, 6, 6, *totals, seen.sum(0))]).mean()
    assert np.isnan(mean.affinity[0, 0]) and np.isnan(mean.standard_error[0, 1])
    for source, target in ((1, 0), (2, 1), (2, 2)):
        values = matrices[seen[:, source, target], source, target]
        assert mean.affinity[source, target] == pytest.approx(values.mean(), rel=1e-5)
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert mean.standard_error[source, target] == pytest.approx(error, rel=1e-4)


def skipping(random):
    """Twelve windows: one pair never observed, one only in three windows, the others in some updates."""
    windows = []
    for place in range(12):
        counts = random.integers(0, 8, size=(3, 3))
        counts[2, 0], counts[0, 1] = 0, 3 * (place in (2, 4, 7))
        total = np.where(counts > 0, random.normal(size=(3, 3)) * np.sqrt(counts), 0).astype(np.float32)
        windows.append(Window(place * 10, place * 10 + 10, 8, total, total**2, counts))
    return AffinitySeries.of(TASKS, windows)


def test_counts_of_all_updates_are_the_same_as_none(matrices):
    plain = windows_of(matrices, 5)
    counted = [replace(window, counts=np.full((3, 3), window.updates)) for window in plain]
    one, other = AffinitySeries.of(TASKS, plain), AffinitySeries.of(TASKS, [*counted[:4], *plain[4:]])
    assert one.complete and other.complete and np.array_equal(one.counts, other.counts)
    assert np.array_equal(one.mean().standard_error, other.mean().standard_error)
    assert np.array_equal(other.mean(0, 10).counts, np.full((3, 3), 10))


@pytest.mark.parametrize("lengths", [[100] * 40, np.geomspace(30, 320, 34).astype(int)])
def test_batch_means_see_the_correlation_of_the_updates(lengths):
    """An autoregressive series, whose mean has a standard error in closed form: 4.4 times that of as many draws."""
    rho, updates = 0.9, int(np.sum(lengths))
    random = np.random.default_rng(0)
    values = np.empty((updates, 12, 12))
    values[0] = random.normal(size=(12, 12)) / np.sqrt(1 - rho**2)
    for step, noise in enumerate(random.normal(size=(updates - 1, 12, 12)), start=1):
        values[step] = rho * values[step - 1] + noise
    true = 1 / (1 - rho) / np.sqrt(updates)
    edges = np.concatenate([[0], np.cumsum(lengths)])
    parts = [values[start:stop] for start, stop in zip(edges, edges[1:], strict=False)]
    sums = [(part.sum(0).astype(np.float32), np.square(part).sum(0).astype(np.float32)) for part in parts]
    tasks = tuple(map(str, range(12)))
    windows = [Window(a, b, b - a, *both) for a, b, both in zip(edges, edges[1:], sums, strict=False)]
    whole = [Window(0, updates, updates, *(sum(each) for each in zip(*sums, strict=True)))]
    batches = AffinitySeries.of(tasks, windows).mean().standard_error
    naive = AffinitySeries.of(tasks, whole).mean().standard_error
    assert np.sqrt(np.mean(batches**2)) == pytest.approx(true, rel=0.15)
    assert np.abs(batches / true - 1).mean() < 0.25
    assert (naive < true / 2).all()


def test_a_spread_far_smaller_than_the_mean_is_not_lost_to_rounding():
    spread = np.random.default_rng(0).integers(-8, 9, size=(50, 3, 3)) / 8  # exact in float32 beside the mean
    totals = (2.0**18 + spread).astype(np.float32)
    series = AffinitySeries(TASKS, np.arange(51), np.ones(50, np.int64), totals, totals**2)
    np.testing.assert_allclose(series.mean().standard_error, spread.std(0, ddof=1) / np.sqrt(50), rtol=1e-6)
    np.testing.assert_allclose(
        series.mean(30, 40).standard_error, spread[30:40].std(0, ddof=1) / np.sqrt(10), rtol=1e-6
    )


def test_permuting_the_tasks_permutes_mean_and_error(series):
    order = [2, 0, 1]
    moved = [each[:, order][:, :, order] for each in (series.totals, series.total_squares)]
    permuted = AffinitySeries(TASKS, series.edges, series.updates, *moved)
    for field in ("affinity", "standard_error"):
        expected = getattr(series.mean(), field)[order][:, order]
        np.testing.assert_allclose(getattr(permuted.mean(), field), expected, rtol=1e-12)


def test_an_interval_is_widened_to_whole_windows(series):
    mean = series.mean(7, 11)
    assert (mean.step_from, mean.step_to) == (5, 15)


def test_open_ends_mean_the_whole_run(series):
    mean = series.mean()
    assert (mean.step_from, mean.step_to, mean.updates) == (0, 47, 47)


def test_neighbouring_intervals_add_up(series):
    left, right, both = series.mean(0, 20), series.mean(20, 47), series.mean(0, 47)
    joined = (left.affinity * left.updates + right.affinity * right.updates) / both.updates
    np.testing.assert_allclose(joined, both.affinity, rtol=1e-12)


def test_a_single_update_has_no_standard_error():
    series = AffinitySeries.of(TASKS, windows_of(np.ones((1, 3, 3)), 1))
    assert np.isnan(series.mean().standard_error).all()


def test_equal_updates_have_no_spread():
    series = AffinitySeries.of(TASKS, windows_of(np.full((40, 3, 3), 0.1), 4))
    assert (series.mean().standard_error < 1e-4).all()


@pytest.mark.parametrize(("step_from", "step_to"), [(30, 20), (47, 60), (-5, 0), (10, 10)])
def test_an_interval_without_windows_is_refused_with_the_steps_there_are(series, step_from, step_to):
    with pytest.raises(KindredError, match="between 0 and 47"):
        series.mean(step_from, step_to)


def test_a_run_without_windows_says_so():
    with pytest.raises(KindredError, match="no affinity yet"):
        AffinitySeries.of(TASKS, []).mean()


def long(random, skipped):
    """Several blocks of windows and some, of unequal length."""
    windows, step = [], 0
    for updates in random.integers(1, 9, 75):
        counts = random.integers(0, updates + 1, (3, 3)) if skipped else None
        total = (3 + random.normal(size=(3, 3)) * np.sqrt(updates)).astype(np.float32)
        total = total if counts is None else np.where(counts > 0, total, 0).astype(np.float32)
        windows.append(Window(step, step + int(updates), int(updates), total, total**2 + 1, counts))
        step += int(updates)
    return windows


@pytest.mark.parametrize("skipped", [False, True])
@pytest.mark.parametrize(("first", "last"), [(0, 75), (0, 64), (16, 75), (15, 17), (33, 47), (5, 70), (74, 75)])
def test_sums_do_not_depend_on_where_their_blocks_begin(first, last, skipped):
    series = AffinitySeries.of(TASKS, long(np.random.default_rng(7), skipped))
    mean = series.mean(series.edges[first], series.edges[last])
    expected, error = batch_means(series, first, last)
    assert mean.updates == series.updates[first:last].sum()
    assert np.array_equal(mean.counts, series.counts[first:last].sum(0))
    np.testing.assert_allclose(mean.affinity, expected, rtol=1e-9)
    if last - first >= MIN_BATCHES:
        np.testing.assert_allclose(mean.standard_error, error, rtol=1e-9)


@pytest.mark.parametrize("skipped", [False, True])
def test_a_series_that_grew_is_that_of_all_its_windows(skipped):
    windows = long(np.random.default_rng(7), skipped)
    grown, line = AffinitySeries.of(TASKS, windows[:3]), []
    for stop, more in ((4, 1), (15, 11), (17, 2), (49, 32), (50, 1), (75, 25)):
        grown = grown.followed_by(windows[stop - more : stop])
        whole = AffinitySeries.of(TASKS, windows[:stop])
        line.append(grown.line)
        for field in ("edges", "updates", "totals", "total_squares", "counts"):
            np.testing.assert_array_equal(getattr(grown, field), getattr(whole, field))
        for field in ("affinity", "standard_error"):
            np.testing.assert_allclose(getattr(grown.mean(), field), getattr(whole.mean(), field), rtol=1e-12)
        assert grown.complete == whole.complete and grown.ends_with(windows[stop - 1])
        assert not grown.ends_with(windows[stop - 2])
    assert len(set(map(id, line))) == 1


def test_what_grew_twice_from_one_series_is_kept_apart():
    one, *rest = long(np.random.default_rng(7), False)
    series = AffinitySeries.of(TASKS, [one]).followed_by(rest[:1])
    left, right = series.followed_by(rest[1:3]), series.followed_by(rest[4:6])
    for grown, last in ((left, rest[2]), (right, rest[5])):
        assert grown.ends_with(last) and np.array_equal(grown.totals[1], rest[0].total)
    assert left.line is series.line is not right.line and len(series) == 2


def test_the_first_pair_that_is_skipped_is_counted_from_then_on():
    windows = long(np.random.default_rng(7), False)[:6]
    seen = np.array([[1, 0, 1]] * 3)
    skipped = replace(windows[5], counts=seen, updates=1)
    grown = AffinitySeries.of(TASKS, windows[:5]).followed_by([skipped])
    assert not grown.complete and np.array_equal(grown.counts[5], seen)
    assert (grown.counts[:5] == grown.updates[:5, None, None]).all()


def test_nothing_grows_by_nothing():
    windows = long(np.random.default_rng(7), False)
    series = AffinitySeries.of(TASKS, windows)
    assert series.followed_by([]) is series
    assert len(AffinitySeries.of(TASKS, []).followed_by(windows)) == 75
