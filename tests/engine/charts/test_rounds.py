import numpy as np
import pytest

from engine.charts.rounds import LEAST_GAP, MethodRounds, error_curves, gap_curves, presence
from engine.texts import speaking


def course(method="mocha", values=(0.5, 0.4, 0.3), sent=(100, 200, 300)):
    return MethodRounds(method, np.arange(1, len(values) + 1), np.array(values, float), np.array(sent, float))


def test_the_gap_is_on_a_logarithmic_axis_with_the_goal_marked():
    figure = gap_curves([course(values=(1e-1, 1e-3, 0.0))], 1e-4)
    assert figure.layout.yaxis.type == "log"
    np.testing.assert_allclose(figure.data[0].y, [1e-1, 1e-3, LEAST_GAP])  # a gap of 0 has no logarithm
    assert figure.data[0].customdata[2] == 0
    (goal,), (said,) = figure.layout.shapes, figure.layout.annotations
    assert goal.y0 == goal.y1 == 1e-4
    assert said.y == pytest.approx(-4) and "0.0001" in said.text  # beside the line, in the axis' own unit


def test_points_without_a_gap_are_left_out():
    figure = gap_curves([course(values=(np.nan, 0.1, np.nan))], 1e-4)
    assert list(figure.data[0].x) == [2]


def test_errors_are_drawn_against_rounds_or_bytes():
    courses = [course(), course("fedavg", sent=(50, 100, 150))]
    by_rounds, by_bytes = (error_curves(courses, "error", against) for against in ("rounds", "bytes"))
    assert [list(trace.x) for trace in by_rounds.data] == [[1, 2, 3]] * 2
    assert [list(trace.x) for trace in by_bytes.data] == [[100, 200, 300], [50, 100, 150]]
    assert by_bytes.layout.xaxis.ticksuffix == "B" and by_rounds.layout.xaxis.ticksuffix is None


def test_a_method_that_sends_nothing_is_level_at_its_end_against_bytes():
    figure = error_curves([course(), course("local", (0.6, 0.55, 0.5), (0, 0, 0))], "error", "bytes")
    local = figure.data[1]
    assert (list(local.x), list(local.y)) == ([0, 300], [0.5, 0.5])
    assert local.name == "local (sends nothing)" and local.line.dash == "dash"


def test_methods_on_the_same_draws_are_one_line_of_those_who_take_part():
    same = [course("mocha", (3, 5, 4)), course("fedavg", (3, 5, 4))]
    (trace,) = presence(same, 5).data
    assert trace.name == "mocha, fedavg" and list(trace.y) == [3, 5, 4]
    assert len(presence([same[0], course("fedavg", (5, 5, 5))], 5).data) == 2
    assert presence(same, 5).layout.yaxis.range[1] >= 5


def test_names_are_text_not_markup():
    for figure in (gap_curves([course("<b>")], 1e-4), error_curves([course("<b>")], "error", "rounds")):
        assert figure.data[0].name == "&lt;b&gt;" and "<b>" not in figure.data[0].hovertemplate


def test_what_a_chart_says_is_in_the_language_of_the_reader():
    silent = course("local", sent=(0, 0, 0))
    with speaking("zh"):
        gap, errors = gap_curves([course()], 1e-4), error_curves([course(), silent], "误差", "bytes")
        present = presence([course()], 5)
    assert gap.layout.annotations[0].text == "目标：0.0001" and gap.layout.xaxis.title.text == "轮次"
    assert errors.data[1].name == "local（不发送数据）" and "%{customdata[1]:.3~s}B" in errors.data[0].hovertemplate
    assert present.layout.yaxis.title.text == "参与的客户端数" and "%{y} / 5" in present.data[0].hovertemplate
