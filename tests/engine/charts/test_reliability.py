import numpy as np

from engine.charts.reliability import reliability_curve


def test_the_curve_has_the_values_a_gap_where_unknown_and_the_line_that_is_enough():
    figure = reliability_curve(np.array([10, 20, 30]), np.array([np.nan, 0.4, 0.92]), 0.9)
    np.testing.assert_array_equal(figure.data[0].x, [10, 20, 30])
    np.testing.assert_array_equal(figure.data[0].y, [np.nan, 0.4, 0.92])
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1, line.line.dash) == (0.9, 0.9, "dash")
    assert figure.layout.yaxis.range[0] == 0 and figure.layout.yaxis.range[1] >= 1
