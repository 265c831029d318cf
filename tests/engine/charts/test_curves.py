import numpy as np
import pytest

from engine.affinity.series import AffinitySeries
from engine.charts.curves import LossHistory, loss_curves, pair_curves, seed_means, window_means
from engine.charts.quantity import quantity_of
from engine.errors import KindredError


def observed(updates: tuple[int, ...] = (5, 3, 1, 0), tasks: int = 3) -> tuple[list[np.ndarray], AffinitySeries]:
    """Every update's matrix, window by window, and the series of their sums."""
    generator = np.random.default_rng(0)
    windows = [generator.normal(0, 1, (count, tasks, tasks)) for count in updates]
    totals = np.stack([window.sum(0) for window in windows]).astype(np.float32)
    squares = np.stack([(window**2).sum(0) for window in windows]).astype(np.float32)
    edges = 10 * np.arange(len(updates) + 1)
    return windows, AffinitySeries(("a", "<b>", "c")[:tasks], edges, np.array(updates), totals, squares)


def test_mean_and_standard_error_are_those_of_the_updates():
    windows, series = observed()
    mean, error = window_means(series, 0, 1)
    for window, values in enumerate(windows[:2]):
        updates = values[:, 0, 1]
        assert mean[window] == pytest.approx(updates.mean(), rel=1e-5)
        assert error[window] == pytest.approx(updates.std(ddof=1) / np.sqrt(len(updates)), rel=1e-4)
    assert np.isfinite(mean[2]) and np.isnan(error[2])  # one update has no spread
    assert np.isnan(mean[3])  # no update has no mean


def test_the_mean_of_a_window_is_the_series_own():
    _, series = observed()
    mean, error = window_means(series, 2, 0)
    engine = series.mean(0, 10)
    assert mean[0] == pytest.approx(engine.affinity[2, 0])
    assert error[0] == pytest.approx(engine.standard_error[2, 0])


def test_updates_that_skipped_a_pair_do_not_count_for_it():
    windows, series = observed((6, 4))
    keep = np.arange(6) % 2 == 0
    values = windows[0][keep, 0, 1]
    totals, squares = series.totals.copy(), series.total_squares.copy()
    totals[0, 0, 1], squares[0, 0, 1] = values.sum(), (values**2).sum()
    totals[1, 0, 1] = squares[1, 0, 1] = 0
    counts = np.stack([np.full((3, 3), 6), np.full((3, 3), 4)])
    counts[:, 0, 1] = 3, 0
    mean, error = window_means(
        AffinitySeries(series.tasks, series.edges, series.updates, totals, squares, counts), 0, 1
    )
    assert mean[0] == pytest.approx(values.mean(), rel=1e-5)
    assert error[0] == pytest.approx(values.std(ddof=1) / np.sqrt(3), rel=1e-4)
    assert np.isnan(mean[1]) and np.isnan(error[1])


def test_several_seeds_are_thin_lines_below_their_mean_without_a_band():
    seeds = tuple(
        AffinitySeries(each.tasks, each.edges, each.updates, each.totals * factor, each.total_squares)
        for factor, each in ((1, observed()[1]), (2, observed()[1]), (6, observed()[1]))
    )
    each, mean, error = seed_means(seeds, 0, 1)
    np.testing.assert_allclose(mean[:3], 3 * each[0, :3], rtol=1e-6)
    np.testing.assert_allclose(error[:3], np.abs(each[0, :3]) * np.sqrt(7) / np.sqrt(3), rtol=1e-5)
    assert np.isnan(mean[3]) and np.isnan(error[3])
    figure = pair_curves(seeds[0], "a", "<b>", seeds)
    assert len(figure.data) == 8 and not any(line.fill for line in figure.data)
    assert [line.name for line in figure.data if line.showlegend is not False] == ["a → &lt;b&gt;", "&lt;b&gt; → a"]
    np.testing.assert_array_equal(figure.data[3].y, mean)
    assert figure.data[3].line.width > figure.data[0].line.width


def test_both_directions_show_each_with_its_band():
    _, series = observed()
    figure = pair_curves(series, "a", "<b>")
    bands, lines = figure.data[::2], figure.data[1::2]
    assert [line.name for line in lines] == ["a → &lt;b&gt;", "&lt;b&gt; → a"]
    mean, error = window_means(series, 0, 1)
    np.testing.assert_array_equal(lines[0].y, mean)
    np.testing.assert_allclose(np.array(bands[0].y)[:2], (mean + error)[:2])
    assert lines[0].line.dash != lines[1].line.dash
    assert np.isfinite(np.array(bands[0].y)).all()


def test_a_task_and_itself_is_one_line():
    assert len(pair_curves(observed()[1], "a", "a").data) == 2


def test_a_networks_state_has_its_own_axis_without_an_error_or_a_line_at_zero():
    _, series = observed((1, 1, 1))
    figure = pair_curves(series, "a", "<b>", quantity=quantity_of("mixing"))
    assert figure.layout.yaxis.title.text == "mixing" and not figure.layout.shapes
    assert not any("±" in (line.hovertemplate or "") for line in figure.data)
    usual = pair_curves(observed()[1], "a", "<b>")
    assert "helps" in usual.layout.yaxis.title.text and len(usual.layout.shapes) == 1
    assert "±" in usual.data[1].hovertemplate


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(KindredError, match="no task 'd'; its tasks are a, <b>, c"):
        pair_curves(observed()[1], "a", "d")


def test_losses_of_a_pair_are_four_lines_in_two_colours():
    steps = np.arange(3)
    histories = {task: LossHistory(steps, steps + 1.0, steps, steps + 2.0) for task in ("a", "<b>")}
    figure = loss_curves(histories)
    assert [line.name for line in figure.data] == [
        "a, train",
        "a, validation",
        "&lt;b&gt;, train",
        "&lt;b&gt;, validation",
    ]
    assert len({line.line.color for line in figure.data}) == 2
    np.testing.assert_array_equal(figure.data[1].y, [2, 3, 4])


def test_a_part_without_losses_is_left_out():
    nothing = np.array([])
    (line,) = loss_curves({"a": LossHistory(np.arange(3), np.ones(3), nothing, nothing)}).data
    assert line.name == "a, train"


def test_losses_of_three_tasks_are_refused():
    nothing = LossHistory(np.array([]), np.array([]), np.array([]), np.array([]))
    with pytest.raises(KindredError, match="2 tasks at most, found 3"):
        loss_curves(dict.fromkeys("abc", nothing))
