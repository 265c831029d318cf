import numpy as np
import pytest

from engine.affinity.series import AffinitySeries
from engine.charts.course import Line, conflict_share, over_pairs, pair_means, task_curves
from engine.charts.palette import LIGHT
from engine.texts import speaking


def line(task="a", colour=0, part="", **also):
    return Line(task, colour, np.arange(20), np.arange(20.0), part, **also)


def test_the_parts_of_a_task_share_its_colour_and_one_entry_of_the_legend_which_is_solid():
    lines = [line(part="train", dotted=True), line("b", 3, "train", dotted=True), line(part="validation")]
    figure = task_curves(lines, "loss")
    assert [trace.line.dash for trace in figure.data] == ["dot", "dot", "solid"]
    assert [trace.showlegend for trace in figure.data] == [False, True, True]
    assert [trace.line.color for trace in figure.data] == [LIGHT.tasks[0], LIGHT.tasks[3], LIGHT.tasks[0]]
    assert [trace.meta for trace in figure.data] == [
        {"task": task, "colour": colour} for task, colour in zip("aba", (0, 3, 0), strict=True)
    ]
    assert figure.data[0].legendgroup == figure.data[2].legendgroup != figure.data[1].legendgroup
    assert figure.layout.yaxis.title.text == "loss"


def test_auxiliaries_are_faint_and_thin():
    faint, strong = task_curves([line(faint=True), line("b", 1)], "loss").data
    assert faint.opacity < strong.opacity == 1 and faint.line.width < strong.line.width


def test_a_task_s_name_is_text_not_markup():
    (trace,) = task_curves([line("<b>x</b>", part="train")], "loss").data
    assert trace.name == "&lt;b&gt;x&lt;/b&gt;" and "<b>" not in trace.hovertemplate


def test_a_trace_says_whose_it_is_by_the_task_s_own_name():
    name = "<b>a task with a long name</b>"
    assert [trace.meta["task"] for trace in task_curves([line(name), line(name, part="train")], "loss").data] == [
        name
    ] * 2


def test_what_a_curve_says_is_in_the_language_of_the_reader():
    with speaking("zh"):
        figure = task_curves([line()], "损失")
        pairs = over_pairs(np.arange(3), np.arange(3), "余弦", share=False)
    assert figure.layout.xaxis.title.text == pairs.layout.xaxis.title.text == "训练步"
    assert "第 %{x} 步" in figure.data[0].hovertemplate and "%{y:.3f}" in pairs.data[0].hovertemplate


def series(matrices, counts=None):
    """Windows of two updates with these means."""
    matrices = np.asarray(matrices, float)
    counts = np.full(matrices.shape, 2) if counts is None else np.asarray(counts)
    edges = 10 * np.arange(len(matrices) + 1)
    totals = (matrices * counts).astype(np.float32)
    return AffinitySeries(("a", "b", "c"), edges, np.full(len(matrices), 2), totals, totals**2, counts)


def test_the_mean_over_pairs_leaves_out_the_diagonal_and_pairs_that_were_not_observed():
    matrix = np.array([[9, 0.5, -1], [0.5, 9, -0.5], [-1, -0.5, 9]])
    counts = np.full((2, 3, 3), 2)
    counts[1, 0, 1] = counts[1, 1, 0] = 0
    steps, means = pair_means(series([matrix, matrix], counts))
    np.testing.assert_array_equal(steps, [5, 15])
    np.testing.assert_allclose(means, [-1 / 3, -0.75])


def test_a_window_without_any_pair_leaves_no_point():
    matrix = np.zeros((3, 3))
    counts = np.stack([np.full((3, 3), 2), 2 * np.eye(3, dtype=int)])
    steps, means = pair_means(series([matrix, matrix], counts))
    assert steps.tolist() == [5] and means.tolist() == [0]


def test_the_rate_of_conflict_is_that_of_the_updates():
    conflicts = np.random.default_rng(0).random(1000) < 0.3
    assert conflict_share(np.where(conflicts, -1.0, 1.0).mean()) == pytest.approx(conflicts.mean())


def test_shares_are_drawn_from_none_to_all_and_cosines_about_zero():
    steps = np.arange(3)
    share = over_pairs(steps, steps / 4, "pairs", share=True)
    assert tuple(share.layout.yaxis.range) == (0, 1) and not share.layout.shapes
    cosine = over_pairs(steps, steps / 4, "cosine", share=False)
    assert cosine.layout.yaxis.range is None and cosine.layout.shapes[0].y0 == 0
