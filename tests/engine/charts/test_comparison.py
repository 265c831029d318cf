import numpy as np
import pytest

from engine.charts.colours import styles
from engine.charts.comparison import DRAWN, Cloud, clouds_scatter, entries_scatter

TASKS = ("a", "<b>", "c")
LEFT = np.array([[np.nan, 1, 2], [3, np.nan, 4], [5, np.nan, np.nan]])
RIGHT = np.array([[np.nan, -1, -2], [-3, np.nan, -4], [-5, -6, np.nan]])


def test_a_point_is_a_pair_known_on_both_sides_named_source_to_target():
    (points,) = entries_scatter(TASKS, LEFT, RIGHT, ("one", "<two>")).data
    found = dict(zip(points.text, zip(points.x, points.y, strict=True), strict=True))
    assert found == {
        "a → &lt;b&gt;": (1, -1),
        "a → c": (2, -2),
        "&lt;b&gt; → a": (3, -3),
        "&lt;b&gt; → c": (4, -4),
        "c → a": (5, -5),
    }


def test_the_axes_say_which_side_is_which_as_text_and_not_at_any_length():
    layout = entries_scatter(TASKS, LEFT, RIGHT, ("one", "<i>" + 100 * "x")).layout
    assert layout.xaxis.title.text == "left: one"
    assert layout.yaxis.title.text.startswith("right: &lt;i&gt;xxx") and len(layout.yaxis.title.text) < 90


def test_a_line_of_equals_is_drawn_only_where_both_have_one_unit():
    line, points = entries_scatter(TASKS, LEFT, RIGHT, ("one", "other"), same_unit=True).data
    assert tuple(line.x) == tuple(line.y) == (-5, 5) and line.hoverinfo == "skip"
    assert points.mode == "markers"


@pytest.mark.parametrize("same_unit", [True, False])
def test_nothing_to_compare_is_an_empty_plot(same_unit):
    (points,) = entries_scatter(TASKS, LEFT, np.full((3, 3), np.nan), ("one", "other"), same_unit).data
    assert len(points.x) == 0


def test_the_sides_are_called_as_the_page_calls_them():
    matrix = np.arange(9.0).reshape(3, 3)
    figure = entries_scatter(("a", "b", "c"), matrix, matrix, ("gain, %", "affinity"), sides=("<here>", "there"))
    assert figure.layout.xaxis.title.text == "&lt;here&gt;: gain, %"
    assert "<br>there: %{y" in figure.data[-1].hovertemplate


def cloud(name, tasks=TASKS, baseline=LEFT, entries=RIGHT, correlation=-0.5):
    return Cloud(name, tasks, baseline, entries, correlation, styles(["a", "b"])["a"])


def test_every_run_has_its_points_its_marks_and_its_correlation_in_the_legend():
    line, one, other = clouds_scatter("<base>", [cloud("<one>"), cloud("other", correlation=np.nan)], True).data
    assert tuple(line.x) == tuple(line.y) == (-5, 5)
    assert (one.name, other.name) == ("&lt;one&gt;, ρ = −0.50", "other")
    style = styles(["a", "b"])["a"]
    assert one.marker.symbol == style.symbol and one.meta == {"task": style.colour}
    assert list(one.x) == [1, 2, 3, 4, 5] and list(one.y) == [-1, -2, -3, -4, -5]
    assert one.text[0] == "a → &lt;b&gt;"


def test_without_one_unit_there_is_no_line_of_equals():
    figure = clouds_scatter("base", [cloud("one")], False)
    assert len(figure.data) == 1 and "base" in figure.layout.xaxis.title.text


def test_a_run_of_very_many_pairs_is_thinned_out_evenly_to_true_entries():
    count = 60
    tasks = tuple(map(str, range(count)))
    values = np.arange(count**2, dtype=float).reshape(count, count)
    (points,) = clouds_scatter("base", [cloud("one", tasks, values, -values)], False).data
    assert len(points.x) == DRAWN and (np.array(points.y) == -np.array(points.x)).all()
    for text, value in list(zip(points.text, points.x, strict=True))[:50]:
        source, target = map(int, text.split(" → "))
        assert values[source, target] == value
    assert 0.45 < np.mean(np.array(points.x) < count**2 / 2) < 0.55
