"""A matrix without controls, and the words of other readings than the affinity, in a real browser."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.charts.palette import DARK, LIGHT
from tests.app.components.test_live_chart import PLOT, mean, shown
from tests.app.components.test_live_chart import server as server

pytestmark = pytest.mark.browser

CORNER = """([row, column]) => { const layer = document.querySelector(".kindred-layer");
const [x, y] = [(column + 0.2) / 4 * layer.width, (row + 0.2) / 4 * layer.height];
return [...layer.getContext("2d").getImageData(x, y, 1, 1).data]; }"""


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_cells_have_the_colours_of_the_theme_and_their_numbers(page: Page, server: str, scheme, palette):
    page.emulate_media(color_scheme=scheme)
    shown(page, server, "kind=matrix")
    values = mean(0, 10)
    row, column = (int(place) for place in np.unravel_index(np.nanargmax(np.abs(values)), values.shape))
    strongest = palette.scale[-1 if values[row, column] > 0 else 0][1]
    assert page.evaluate(CORNER, [row, column]) == [*bytes.fromhex(strongest[1:]), 255]
    assert page.evaluate(CORNER, [2, 2]) == [*bytes.fromhex(palette.blank[1:]), 255]
    numbers = page.locator(".kindred-numbers span").all_inner_texts()
    assert numbers[4 * row + column].replace("−", "-") == f"{values[row, column] * 1000:.2g}"
    assert numbers[0] == "" and page.locator("input[type=range]").count() == 0
    expect(page.get_by_role("group", name="one matrix")).to_be_visible()


def test_a_cell_says_its_pair_as_text_when_hovered(page: Page, server: str):
    shown(page, server, "kind=matrix")
    box = page.locator(f"{PLOT} .nsewdrag").bounding_box()
    for across in (0.4, 0.5):
        page.mouse.move(box["x"] + across * box["width"] / 4, box["y"] + 1.5 * box["height"] / 4)
    expect(page.locator(f"{PLOT} .hoverlayer")).to_contain_text("<b>x</b><img src=x onerror=window.stolen=1> → hair: ")
    assert page.evaluate("window.stolen") is None


@pytest.mark.parametrize("kind", ["matrix", "heatmap", "graph"])
def test_another_reading_is_never_said_to_help_or_hurt(page: Page, server: str, kind: str):
    shown(page, server, f"kind={kind}&reading=tower_distance")
    text = page.locator(".kindred").inner_text()
    assert "tower distance" in text and not any(word in text for word in ("affinity", "helps", "hurts"))
    shown(page, server, f"kind={kind}")
    assert "affinity" in page.locator(".kindred").inner_text()


def test_a_networks_state_has_no_unsure_cells(page: Page, server: str):
    shown(page, server, "kind=heatmap&reading=mixing")
    expect(page.get_by_text("hatched:")).to_be_hidden()
    shown(page, server, "kind=heatmap&reading=gradient_cosine")
    expect(page.get_by_text("hatched:")).to_be_visible()
    page.get_by_role("application", name="Gradient cosine heatmap").press("ArrowRight")
    page.keyboard.press("Home")
    expect(page.locator(".kindred [aria-live=polite]")).to_have_text("hair → hair: a task with itself, not shown")
