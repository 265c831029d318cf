from app.charts.frontier import FrontierFrame, certificate, frontier_curve

FRAMES = [
    FrontierFrame(1, None, True, None, (), "Too small."),
    FrontierFrame(2, 4.0, True, 0.0, ()),
    FrontierFrame(3, 5.5, False, 0.02, ()),
    FrontierFrame(4, 6.0, False, None, ()),
]


def test_the_curve_has_the_values_and_marks_what_is_not_proved():
    curve, infeasible, current = frontier_curve(FRAMES, "gain").data
    assert list(curve.x) == [1, 2, 3, 4] and list(curve.y) == [None, 4.0, 5.5, 6.0]
    assert curve.marker.symbol[1:] == ("circle", "circle-open", "circle-open")
    assert list(infeasible.x) == [1]
    assert list(current.x) == []


def test_every_budget_has_a_place_for_the_current_marker():
    places = frontier_curve(FRAMES, "gain").layout.meta["places"]
    assert places == [[1, 4.0], [2, 4.0], [3, 5.5], [4, 6.0]]


def test_certificates_in_words():
    assert [certificate(frame) for frame in FRAMES] == [
        "infeasible",
        "proved optimal",
        "gap 2.0 %",
        "not proved optimal",
    ]


def test_a_frontier_without_any_feasible_budget_still_draws():
    curve, infeasible, _ = frontier_curve(FRAMES[:1], "gain").data
    assert list(curve.y) == [None] and list(infeasible.y) == [0]
