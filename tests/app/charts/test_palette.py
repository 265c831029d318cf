import doctest

import pytest

from app.charts import frontier, heatmap, palette
from app.charts.palette import DARK, LIGHT, labels, shorten


@pytest.mark.parametrize("module", [palette, heatmap, frontier])
def test_the_documentations_examples_hold(module):
    assert doctest.testmod(module).failed == 0


def test_markup_in_a_name_stays_text_even_when_cut():
    name = "<b>x</b><img src=x onerror=alert(1)>"
    for shown in labels((name,)).values():
        assert "<" not in shown[0] and ">" not in shown[0]


@pytest.mark.parametrize("limit", [9, 20])
def test_a_long_name_keeps_its_beginning_and_its_end(limit):
    cut = shorten("attribute number one of forty", limit)
    assert len(cut) == limit and cut.startswith("attri") and cut.endswith("rty")


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "page"), [(LIGHT, "#ffffff"), (DARK, "#12161c")])
def test_lines_and_writing_stand_out_from_the_page(theme, page):
    assert min(contrast(theme.helps, page), contrast(theme.hurts, page)) >= 3  # WCAG 2.2, graphics
    assert min(contrast(theme.text, page), contrast(theme.muted, page)) >= 4.5  # and text


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_scale_grows_away_from_a_neutral_middle_at_both_sides(theme):
    middle = theme.scale[3][1]
    away = [contrast(colour, middle) for _, colour in theme.scale]
    assert away[:4] == sorted(away[:4], reverse=True) and away[3:] == sorted(away[3:])
