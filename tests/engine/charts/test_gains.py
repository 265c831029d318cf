import numpy as np

from engine.charts.gains import gains_chart
from engine.charts.palette import LIGHT


def test_every_variant_has_its_row_and_its_side_of_zero():
    figure = gains_chart(["a", "<b>", "c"], np.array([2.0, -1.0, np.nan]), np.array([0.5, np.nan, np.nan]))
    better, worse = figure.data
    assert (list(better.x), list(better.y), better.marker.color) == ([2.0], [0], LIGHT.helps)
    assert (list(worse.x), list(worse.y), worse.marker.color) == ([-1.0], [1], LIGHT.hurts)
    assert list(better.error_x.array) == [0.5] and list(worse.error_x.array) == [0]
    assert list(figure.layout.yaxis.ticktext) == ["a", "&lt;b&gt;", "c"]
    top, bottom = figure.layout.yaxis.range[1], figure.layout.yaxis.range[0]
    assert top < 0 and bottom > 2
