"""How the live chart shows what is unsure and what was never observed, in a real browser."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.app.components.serving import drag
from tests.app.components.test_live_chart import ORDER, PLOT, START, TOTALS, mean, shown
from tests.app.components.test_live_chart import server as server

pytestmark = pytest.mark.browser


def errors(first: int, last: int) -> np.ndarray:
    """The standard errors by batch means over a range of windows of two updates, in the heatmap's order."""
    error = (TOTALS[first:last].astype(np.float64) / 2).std(0, ddof=1) / np.sqrt(last - first)
    return error[np.ix_(ORDER, ORDER)]


def hatched(page: Page) -> np.ndarray:
    """Whether each cell is drawn in more than one colour, apart from its rim."""
    varied = page.evaluate(
        """() => { const layer = document.querySelector(".kindred-layer"), pen = layer.getContext("2d");
        const [across, down] = [layer.width / 4, layer.height / 4];
        return Array.from({ length: 16 }, (_, cell) => {
          const [x, y] = [(cell % 4) * across + 4, Math.floor(cell / 4) * down + 4];
          return new Set(new Uint32Array(pen.getImageData(x, y, across - 8, down - 8).data.buffer)).size > 1;
        }); }"""
    )
    return np.reshape(varied, (4, 4))


def test_cells_within_two_standard_errors_of_zero_are_hatched_also_while_dragging(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    legend = page.get_by_text("hatched: within 2 standard errors of zero")
    unsure = np.abs(mean(0, 10)) < 2 * errors(0, 10)
    assert 0 < unsure.sum() < 12
    np.testing.assert_array_equal(hatched(page), unsure)
    expect(legend).to_be_visible()
    drag(page, START, 0, 0.4, moves=6, pause_ms=30)
    np.testing.assert_array_equal(hatched(page), np.abs(mean(4, 10)) < 2 * errors(4, 10))
    drag(page, START, 0.4, 0.8, moves=6, pause_ms=30)  # two windows are too few to know an error
    assert not hatched(page).any()
    expect(legend).to_be_hidden()


def test_cells_too_small_for_a_hatch_fade_instead(page: Page, server: str):
    shown(page, server, "kind=heatmap&tasks=100")
    expect(page.get_by_text("faded: within 2 standard errors of zero")).to_be_visible()
    expect(page.get_by_text("hatched:")).to_have_count(0)


def test_nothing_is_hatched_where_the_page_does_not_ask_for_it(page: Page, server: str):
    shown(page, server, "kind=heatmap&unsure=plain")
    assert not hatched(page).any()
    expect(page.get_by_text("hatched:")).to_be_hidden()


def test_a_cell_says_its_error_and_one_that_was_never_observed_says_so(page: Page, server: str):
    shown(page, server, "kind=heatmap&skipped=yes")
    live = page.locator(".kindred [aria-live=polite]")
    plot = page.get_by_role("application", name="Affinity heatmap")
    plot.press("ArrowRight")
    expect(live).to_have_text(re.compile(r": −?[\d.e−]+ ± [\d.e−]+(, unsure)?$"))
    for key in ("ArrowDown", "ArrowDown", "End"):
        plot.press(key)
    expect(live).to_have_text("age → pose & gaze: not observed")
    page.wait_for_selector(".kindred[data-resting=true]", state="attached")
    text = page.evaluate(f"document.querySelector('{PLOT}').data[0].text[2][3]")
    assert text == "age → pose &amp; gaze: not observed"
    box = page.locator(f"{PLOT} .nsewdrag").bounding_box()
    for across in (3.4, 3.5):
        page.mouse.move(box["x"] + across * box["width"] / 4, box["y"] + 2.5 * box["height"] / 4)
    expect(page.locator(f"{PLOT} .hoverlayer")).to_contain_text("age → pose & gaze: not observed")
    assert page.locator(".kindred-numbers span").nth(11).inner_text() == ""


def test_unsure_arrows_are_counted(page: Page, server: str):
    shown(page, server, "kind=graph")
    values, error = (each[~np.eye(4, dtype=bool)] for each in (mean(0, 10), errors(0, 10)))
    drawn = np.abs(values) >= 0.25 * np.abs(values).max()
    unsure = (drawn & (np.abs(values) < 2 * error)).sum()
    expect(page.locator(".kindred")).to_contain_text(f"{drawn.sum()} arrows, {unsure} unsure")
    expect(page.get_by_text("faint: within 2 standard errors of zero")).to_be_visible()
    shown(page, server, "kind=graph&unsure=plain")
    expect(page.locator(".kindred")).to_contain_text(f"{drawn.sum()} arrows; thickness")
