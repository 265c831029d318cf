from engine.charts.frontier import FrontierFrame, FrontierStep, NetworkCard, certificate, frontier_curve, step_sentence

FRAMES = [
    FrontierFrame(1, None, True, None, (), "Too small."),
    FrontierFrame(2, 4.0, True, 0.0, ()),
    FrontierFrame(3, 5.5, False, 0.02, ()),
    FrontierFrame(4, 6.0, False, None, ()),
]


def test_the_curve_has_the_values_and_marks_what_is_not_proved():
    curve, infeasible, current, _ = frontier_curve(FRAMES, "gain").data
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
    curve, infeasible, *_ = frontier_curve(FRAMES[:1], "gain").data
    assert list(curve.y) == [None] and list(infeasible.y) == [0]


CARD = NetworkCard(1.0, (("a<b>", 0.5), ("c", None)), ("d",))


def test_half_steps_have_marks_of_their_own():
    frames = [FrontierFrame(each / 2, float(each), True, 0.0, ()) for each in range(1, 7)]
    figure = frontier_curve(frames, "gain")
    assert figure.layout.xaxis.dtick == 0.5 and list(figure.data[0].x) == [0.5, 1, 1.5, 2, 2.5, 3]
    whole = [FrontierFrame(each, float(each), True, 0.0, ()) for each in range(1, 101)]
    assert frontier_curve(whole, "gain").layout.xaxis.dtick == 10


def test_the_knee_is_named_on_the_curve():
    *_, knee = frontier_curve(FRAMES, "gain", knee=3).data
    assert (list(knee.x), list(knee.y), list(knee.text)) == ([3], [5.5], ["knee"])
    *_, none = frontier_curve(FRAMES, "gain").data
    assert list(none.x) == []


def test_what_is_not_found_yet_is_not_called_infeasible():
    frames = [FrontierFrame(1, None, False, None, ()), *FRAMES[1:]]
    assert certificate(frames[0]) == "none found yet"
    assert list(frontier_curve(frames, "gain").data[1].x) == []


def test_the_step_to_a_budget_in_words():
    frame = FrontierFrame(4.5, 2.0, True, 0.0, (), step=FrontierStep(3, 0.1234, 0.04113, (CARD,), (CARD, CARD)))
    one = "{a<b>, c, (d)}"
    assert step_sentence(frame) == (
        f"From 3 to 4.5 SNT: +0.123 (+0.0411 per half SNT); enters {one}; leaves {one}, {one}."
    )
    half = FrontierFrame(3.5, 2.0, True, 0.0, (), step=FrontierStep(3, -0.5, -0.5))
    assert step_sentence(half) == "From 3 to 3.5 SNT: −0.5; the same networks."
    assert step_sentence(FRAMES[1]) == ""


def test_the_hover_label_tells_the_marginal_value_and_names_networks_as_text():
    step = FrontierStep(3, 0.12, 0.06, (CARD,) * 5)
    (label,) = frontier_curve([FrontierFrame(4, 2.0, True, 0.0, (), step=step)], "gain").data[0].customdata
    lines = label.split("<br>")
    assert lines[:2] == ["proved optimal", "+0.06 per half SNT since 3 SNT"]
    assert lines[2:] == ["enters {a&lt;b&gt;, c, (d)}"] * 3 + ["enters 2 more"]


def test_of_many_networks_and_tasks_a_step_names_the_first():
    large = NetworkCard(1.0, tuple((f"t{number}", 0.0) for number in range(9)), ("u",))
    frame = FrontierFrame(4, 2.0, True, 0.0, (), step=FrontierStep(3.5, 0.1, 0.1, (large,) * 5))
    one = "{t0, t1, t2, t3, t4, and 5 more}"
    assert step_sentence(frame) == f"From 3.5 to 4 SNT: +0.1; enters {one}, {one}, {one}, and 2 more."
