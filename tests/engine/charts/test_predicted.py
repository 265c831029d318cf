import numpy as np

from engine.charts.colours import styles
from engine.charts.predicted import predicted_chart

NAN = np.nan
TASKS, NETWORKS = ("a", "<b>"), ("a+b", "a", "<b>")
MEASURED = np.array([[1.0, -2.0], [0.0, NAN], [NAN, 5.0]])
PREDICTED = np.array([[1.5, -4.0], [0.1, NAN], [NAN, NAN]])
WIDTH = np.array([[1.0, 1.0], [0.5, NAN], [NAN, NAN]])


def test_a_point_is_what_was_foretold_and_measured_with_its_interval():
    _, first, second = predicted_chart(TASKS, NETWORKS, MEASURED, PREDICTED, WIDTH).data
    assert list(first.x) == [1.0, 0.0] and list(first.y) == [1.5, 0.1] and list(first.error_y.array) == [1.0, 0.5]
    assert list(second.x) == [-2.0] and list(second.y) == [-4.0]


def test_a_marker_is_open_where_the_interval_misses():
    _, first, second = predicted_chart(TASKS, NETWORKS, MEASURED, PREDICTED, WIDTH).data
    one, other = (style.symbol for style in styles(TASKS).values())
    assert list(first.marker.symbol) == [one, one] and list(second.marker.symbol) == [f"{other}-open"]


def test_on_the_dashed_line_both_are_equal_and_all_points_and_intervals_are_within():
    figure = predicted_chart(TASKS, NETWORKS, MEASURED, PREDICTED, WIDTH)
    assert list(figure.data[0].x) == list(figure.data[0].y)
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert left < -2 and right > 1 and low <= -5 and high >= 2.5


def test_names_are_text_and_nothing_at_all_is_an_empty_chart():
    figure = predicted_chart(TASKS, NETWORKS, MEASURED, PREDICTED, WIDTH)
    assert figure.data[2].name == "&lt;b&gt;" and "<b>" not in figure.data[2].hovertemplate.split("<br>")[0]
    assert not predicted_chart(TASKS, NETWORKS, np.full((3, 2), NAN), PREDICTED, WIDTH).data


def test_every_task_has_its_colour_and_marker_as_far_as_they_reach():
    values = np.ones((1, 8))
    traces = predicted_chart("abcdefgh", ("all",), values, values, values).data[1:]
    assert len({trace.meta["task"] for trace in traces}) == len({trace.marker.symbol[0] for trace in traces}) == 8
