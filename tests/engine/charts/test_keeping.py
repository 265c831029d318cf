from engine.charts.keeping import change_sentence, keeping_chart, named
from engine.grouping.over_time import Change, Keeping
from engine.texts import speaking

COURSE = [Keeping(10, 0.3, 0.3, 0.1), Keeping(20, 0.1, 0.4, None), Keeping(30, 0.0, 0.0, 0.0)]


def test_both_regrets_are_drawn_and_what_is_not_proved_is_open():
    lost, back = keeping_chart(COURSE, []).data
    assert list(lost.x) == [10, 20, 30] and list(lost.y) == [0.3, 0.1, 0.0]
    assert list(back.y) == [0.1, None, 0.0]
    assert [symbol.endswith("open") for symbol in lost.marker.symbol] == [False, True, False]
    assert [bool(note) for note in lost.customdata] == [False, True, False] and "0.4" in lost.customdata[1]
    assert lost.line.dash != back.line.dash and lost.meta["task"] != back.meta["task"]


def test_every_change_of_the_best_grouping_is_marked():
    shapes = keeping_chart(COURSE, [20, 30]).layout.shapes
    assert [shape.x0 for shape in shapes] == [20, 30]


def test_changes_in_words_in_either_language():
    moves, alone, came = (
        Change(1240, "depth", ("a", "b"), ("c",)),
        Change(5, "depth", ("a",), None),
        Change(5, "depth", None, ("a",)),
    )
    assert change_sentence(moves) == "At step 1,240, depth leaves the network of a, b and joins that of c."
    assert "served alone" in change_sentence(alone) and "served alone before" in change_sentence(came)
    with speaking("zh"):
        for change in (moves, alone, came):
            assert "depth" in change_sentence(change) and "步" in change_sentence(change)


def test_many_names_are_counted():
    assert named([f"t{number}" for number in range(9)]) == "t0, t1, t2, t3 and 5 more"
