import doctest

import numpy as np
import pytest

from engine.charts import frontier, heatmap, palette
from engine.charts.palette import DARK, LIGHT, labels, shorten


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


# How colours look to an eye without one kind of cone: Machado, Oliveira and Fernandes, IEEE TVCG 2009, severity 1.
EYES = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# From linear sRGB to OKLab, in which distances are as they are seen: Ottosson 2020.
TO_CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_LAB = [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099],
          [0.0259040371, 0.7827717662, -0.808675766]]  # fmt: skip


def seen(colours, eye: str) -> np.ndarray:
    parts = np.array([[int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)] for colour in colours])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.cbrt(np.clip(linear @ np.transpose(EYES[eye]), 0, 1) @ np.transpose(TO_CONES)) @ np.transpose(TO_LAB)


@pytest.mark.parametrize(("theme", "page"), [(LIGHT, "#ffffff"), (DARK, "#12161c")])
def test_the_colours_of_tasks_stay_apart_for_every_eye_and_stand_out_from_the_page(theme, page):
    assert len(set(theme.tasks)) == 8 == len(LIGHT.tasks)
    assert min(contrast(colour, page) for colour in theme.tasks) >= 3
    for eye in EYES:
        places = seen(theme.tasks, eye)
        apart = np.linalg.norm(places[:, None] - places, axis=2)[~np.eye(8, dtype=bool)]
        assert apart.min() > 0.1, eye  # about five times what is just seen


def test_the_simulation_knows_which_colours_are_confused():
    red, green = seen(["#b03030", "#5a6e10"], "deuteranopia")
    far_red, far_green = seen(["#b03030", "#5a6e10"], "normal")
    assert np.linalg.norm(red - green) < 0.5 * np.linalg.norm(far_red - far_green)
