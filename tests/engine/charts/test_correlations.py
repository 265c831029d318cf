import math

import pytest

from engine.affinity.comparison import Correlation
from engine.charts.colours import styles
from engine.charts.correlations import LONGEST, correlations_chart

NAN = math.nan


def test_a_row_has_its_value_and_the_ends_of_its_interval():
    one, other = correlations_chart(["one", "other"], [Correlation(0.5, -0.1, 0.8), Correlation(-0.2, NAN, NAN)]).data
    assert (one.x, one.y, other.x, other.y) == ((0.5,), (0,), (-0.2,), (1,))
    assert one.error_x.array[0] == pytest.approx(0.3) and one.error_x.arrayminus[0] == pytest.approx(0.6)
    assert other.error_x.array[0] == other.error_x.arrayminus[0] == 0
    assert "0.50 (−0.10 to 0.80)" in one.hovertemplate and "−0.20, no interval" in other.hovertemplate


def test_rows_of_runs_have_their_colours_and_symbols():
    runs = styles(["one", "other"])
    chart = correlations_chart(["one", "other"], [Correlation(0.5, NAN, NAN)] * 2, list(runs.values()), "spearman")
    assert [trace.meta["task"] for trace in chart.data] == [style.colour for style in runs.values()]
    assert [trace.marker.symbol for trace in chart.data] == [style.symbol for style in runs.values()]
    assert "Spearman" in chart.layout.xaxis.title.text


def test_the_axis_holds_every_correlation_and_the_first_row_is_at_the_top():
    layout = correlations_chart(["a", "b", "c"], [Correlation(1.0, NAN, NAN)] * 3).layout
    assert layout.xaxis.range[0] <= -1 and layout.xaxis.range[1] >= 1
    assert layout.yaxis.range[0] > layout.yaxis.range[1]


def test_names_are_text_and_no_longer_than_there_is_room_for():
    layout = correlations_chart(["<b>" + "x" * 60], [Correlation(0.0, NAN, NAN)]).layout
    (name,) = layout.yaxis.ticktext
    assert name.startswith("&lt;b&gt;") and len(name) <= LONGEST + 6
