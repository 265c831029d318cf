"""Colours that runs and tasks keep."""

from itertools import combinations

import pytest

from engine.charts.colours import DASHES, SYMBOLS, Style, styles
from engine.charts.palette import LIGHT

RUNS = [f"yeast-{number:06x}" for number in range(40)]


def test_up_to_eight_have_colours_and_symbols_of_their_own_and_whole_lines():
    for start in range(0, 32, 4):
        found = styles(RUNS[start : start + 8]).values()
        assert len({style.colour for style in found}) == len({style.symbol for style in found}) == 8
        assert {style.dash for style in found} == {"solid"}


def test_the_order_in_which_runs_are_shown_does_not_matter():
    for few in (RUNS[:3], RUNS[:8], RUNS):
        assert styles(few) == styles(few[::-1]) and list(styles(few[::-1])) == few[::-1]


def test_a_run_alone_always_has_the_same_colour_and_all_colours_are_used():
    assert {styles([run])[run].colour for run in RUNS} == set(range(len(LIGHT.tasks)))
    assert styles(["yeast-055525"]) == styles(["yeast-055525"])


def test_who_comes_along_takes_a_colour_only_from_those_that_wish_for_it_less():
    for one, other in combinations(RUNS, 2):
        both = styles([one, other])
        kept = [both[run] == styles([run])[run] for run in (one, other)]
        assert any(kept) and (all(kept) or styles([one])[one].colour == styles([other])[other].colour)


def test_what_was_shown_before_keeps_its_colour():
    for start in range(0, 32, 8):
        few = styles(RUNS[start : start + 3])
        more = styles(RUNS[start : start + 8], few)
        assert {run: more[run] for run in few} == few and len({style.colour for style in more.values()}) == 8


def test_two_that_met_never_before_do_not_meet_in_one_colour():
    before = {"a": Style(3), "b": Style(3)}
    found = styles(["a", "b"], before)
    assert found["a"].colour != found["b"].colour and Style(3) in found.values()


@pytest.mark.parametrize("count", [9, 20, 40])
def test_beyond_eight_symbols_and_dashes_tell_apart(count):
    found = styles(RUNS[:count]).values()
    assert len({(style.colour, style.symbol, style.dash) for style in found}) == count
    assert {style.dash for style in found} <= set(DASHES) and {style.symbol for style in found} <= set(SYMBOLS)


def test_a_name_twice_is_one_and_any_letters_will_do():
    assert list(styles(["a", "a"])) == ["a"] and styles([]) == {}
    assert len(styles(["", "<b>", "任务", "\ud800"])) == 4
