from engine.charts.budgets import STROKES
from engine.charts.ways import ADVISOR_COLOUR, Lost, frontier_chart, ways_dots
from engine.texts import speaking

WAYS = {"advisor": Lost(0.9, 1.0, 1.1), "<HOA>": Lost(0.8, None, None), "random": Lost(None, 1.2, 1.3)}


def test_a_row_has_a_dot_for_each_value_that_is_known():
    foretold, validation, test = ways_dots(WAYS, "loss").data
    assert list(foretold.x) == [0.9, 0.8, None] and list(validation.x) == [1.0, None, 1.2]
    assert list(test.x) == [1.1, None, 1.3] and list(test.y) == [0, 1, 2]
    assert len({trace.marker.symbol for trace in (foretold, validation, test)}) == 3


def test_the_first_row_is_at_the_top_and_names_are_text():
    layout = ways_dots(WAYS, "loss").layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert list(layout.yaxis.ticktext) == ["advisor", "&lt;HOA&gt;", "random"]


def test_the_advisor_is_drawn_last_in_a_colour_of_its_own():
    figure = frontier_chart((1.0, 1.5), {"HOA": [None, 0.5]}, [0.6, 0.4], [0.7, None], "loss", 1.5)
    assert [trace.name for trace in figure.data] == ["HOA", "random (mean)", "advisor"]
    assert list(figure.data[-1].y) == [0.6, 0.4] and list(figure.data[1].y) == [0.7, None]
    assert ADVISOR_COLOUR not in {colour for colour, *_ in STROKES.values()}
    assert len(figure.layout.shapes) == 1  # the current budget


def test_what_they_say_is_in_the_readers_language():
    with speaking("zh"):
        dots = ways_dots(WAYS, "loss")
        curves = frontier_chart((1.0, 1.5), {"HOA": [None, 0.5]}, [0.6, 0.4], [0.7, None], "loss", 1.5)
    assert [trace.name for trace in dots.data] == ["预测，验证集", "实测，验证集", "实测，测试集"]
    assert [trace.name for trace in curves.data] == ["HOA", "随机（平均）", "顾问"]
