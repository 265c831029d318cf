import math

import pytest

from engine.affinity.comparison import Correlation
from engine.charts.correlations import LONGEST, correlations_chart

NAN = math.nan


def test_a_row_has_its_value_and_the_ends_of_its_interval():
    (trace,) = correlations_chart(["one", "other"], [Correlation(0.5, -0.1, 0.8), Correlation(-0.2, NAN, NAN)]).data
    assert list(trace.x) == [0.5, -0.2] and list(trace.y) == [0, 1]
    assert list(trace.error_x.array) == pytest.approx([0.3, 0])
    assert list(trace.error_x.arrayminus) == pytest.approx([0.6, 0])
    assert trace.customdata[0][1] == " (−0.10 to 0.80)" and "no interval" in trace.customdata[1][1]


def test_the_axis_holds_every_correlation_and_the_first_row_is_at_the_top():
    layout = correlations_chart(["a", "b", "c"], [Correlation(1.0, NAN, NAN)] * 3).layout
    assert layout.xaxis.range[0] <= -1 and layout.xaxis.range[1] >= 1
    assert layout.yaxis.range[0] > layout.yaxis.range[1]


def test_names_are_text_and_no_longer_than_there_is_room_for():
    layout = correlations_chart(["<b>" + "x" * 60], [Correlation(0.0, NAN, NAN)]).layout
    (name,) = layout.yaxis.ticktext
    assert name.startswith("&lt;b&gt;") and len(name) <= LONGEST + 6
