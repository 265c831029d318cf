import numpy as np

from engine.charts.budgets import STROKES, budget_curves
from engine.studies.ways import WAYS

BUDGETS = (1.0, 1.5, 2.0)


def test_every_way_has_a_colour_a_dash_and_a_marker_that_no_other_has():
    assert set(STROKES) == set(WAYS)
    for each in zip(*STROKES.values(), strict=True):
        assert len(set(each)) == len(WAYS)


def test_a_line_has_a_point_a_budget_and_none_where_the_budget_does_not_suffice():
    figure = budget_curves(BUDGETS, {"HOA": [None, 0.5, 0.4], "everything known": [0.6, 0.5, 0.3]}, "loss")
    hoa, optimal = figure.data
    assert list(hoa.x) == list(BUDGETS) and list(hoa.y) == [None, 0.5, 0.4]
    assert not hoa.connectgaps and hoa.line.dash != optimal.line.dash
    assert optimal.line.width > hoa.line.width
    assert figure.layout.yaxis.title.text == "loss"


def test_the_browser_takes_the_colour_of_its_theme():
    figure = budget_curves(BUDGETS, {name: np.ones(3) for name in WAYS}, "loss")
    assert [trace.meta["task"] for trace in figure.data] == [STROKES[name][0] for name in WAYS]
    assert all(trace.marker.color is None for trace in figure.data)  # the line's


def test_the_current_budget_is_marked():
    assert not budget_curves(BUDGETS, {"HOA": [1, 1, 1]}, "loss").layout.shapes
    (line,) = budget_curves(BUDGETS, {"HOA": [1, 1, 1]}, "loss", 1.5).layout.shapes
    assert line.x0 == line.x1 == 1.5
