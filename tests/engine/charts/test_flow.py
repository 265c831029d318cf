from engine.charts.flow import flow_chart
from engine.texts import speaking

COST, NAMES = [2.5, 3.5], ["every task alone", "<a>+b"]


def test_bound_and_expected_regret_run_over_the_cost():
    bound, expected = flow_chart(COST, NAMES, [20.0, 5.0], [9.0, 2.0]).data
    assert list(bound.x) == list(expected.x) == COST and list(bound.y) == [20.0, 5.0] and list(expected.y) == [9.0, 2.0]
    assert bound.line.dash == "dash" and expected.line.dash is None
    assert list(bound.customdata) == ["every task alone", "&lt;a&gt;+b"]


def test_where_the_truth_is_known_it_is_drawn_beside_random_order_and_other_ways():
    figure = flow_chart(
        COST, NAMES, [20.0, 5.0], [9.0, 2.0], [4.0, 1.0], ([2.5, 8.0], [4.0, 3.0]), {"HOA": (12.5, 1.7)}, current=3.5
    )
    named = {trace.name: trace for trace in figure.data}
    assert list(named["true regret"].y) == [4.0, 1.0]
    assert list(named["true regret, random order"].x) == [2.5, 8.0]
    assert list(named["HOA"].x) == [12.5] and list(named["HOA"].y) == [1.7]
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1 == 3.5
    assert len({(trace.line.dash, trace.meta["task"]) for trace in figure.data}) == len(figure.data)


def test_what_it_says_is_in_the_readers_language():
    with speaking("zh"):
        figure = flow_chart(COST, NAMES, [20.0, 5.0], [9.0, 2.0], [4.0, 1.0], ways={"single-task": (7.5, 4.0)})
    assert [trace.name for trace in figure.data] == ["95 % 上界", "预期遗憾", "真实遗憾", "单任务"]
    assert all("%{y:.2f}" in trace.hovertemplate for trace in figure.data)
