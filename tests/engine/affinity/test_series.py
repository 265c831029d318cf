import numpy as np
import pytest

from engine.affinity.series import AffinitySeries, Window
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


@pytest.mark.parametrize(("step_from", "step_to"), [(0, 5), (10, 30), (0, 47), (40, 47)])
def test_the_mean_and_its_error_are_those_of_the_updates_themselves(matrices, series, step_from, step_to):
    part = matrices[step_from:step_to]
    mean = series.mean(step_from, step_to)
    assert mean.updates == len(part)
    np.testing.assert_allclose(mean.affinity, part.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mean.standard_error, part.std(0, ddof=1) / np.sqrt(len(part)), rtol=1e-4)


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
