"""The page Overview in a real browser: one slider, one selection, and a task that lights up wherever it is shown."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.components.serving import drag
from tests.app.views.drifting import drifting

pytestmark = pytest.mark.browser

END = ".kindred-linked input[aria-label='End of the interval']"
READOUT = ".kindred-linked .kindred-time output"
LONG = 60_000  # ms; other tests may be at work


def opened(page: Page, address: str, run_id: str, query: str = "") -> None:
    """The page with all charts drawn and the groupings known."""
    page.goto(f"{address}/overview?run={run_id}{query}")
    expect(page.locator(".kindred-linked[data-ready=true]")).to_be_visible(timeout=LONG)
    expect(page.locator(".kindred-linked .kindred-cards > li").first).to_be_visible(timeout=LONG)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def at_cell(page: Page, row: int, column: int) -> tuple[float, float]:
    """The middle of a cell of the heatmap, on the screen."""
    return page.locator(".kindred-heatmap .kindred-plot").evaluate(
        """(plot, [row, column]) => {
            const box = plot.getBoundingClientRect();
            const {xaxis, yaxis} = plot._fullLayout;
            return [box.x + xaxis._offset + xaxis.c2p(column), box.y + yaxis._offset + yaxis.c2p(row)];
        }""",
        [row, column],
    )


def lit(page: Page) -> dict[str, int]:
    """How many marks of light each chart shows."""
    kinds = {"bands": "band", "rings": "ring", "chips": "lit", "curves": "lit-curve"}
    return {name: page.locator(f".kindred-linked .kindred-{kind}").count() for name, kind in kinds.items()}


def test_one_slider_moves_all_and_one_selection_is_shown_by_all(dashboard, page, store):
    run_id = drifting(store)
    page.set_viewport_size({"width": 1440, "height": 1800})  # on which every chart is in sight
    opened(page, dashboard, run_id, "&budget=2")
    chart, cards = page.locator(".kindred-linked"), page.locator(".kindred-cards-panel")

    # dragging redraws matrix, graph and cards, before anything is released
    expect(cards).to_have_attribute("data-moment", "200")
    redraws = int(chart.get_attribute("data-redraws"))
    drag(page, END, 1, 0.3, moves=10, pause_ms=40)
    expect(page.locator(READOUT)).to_have_text("Steps 0–60 of 200")
    assert int(chart.get_attribute("data-redraws")) > redraws
    expect(cards).to_have_attribute("data-moment", "60")
    expect(page).to_have_url(re.compile("interval=0-60"))
    band = page.locator(".kindred-now").bounding_box()
    plot = page.locator(".kindred-losses .nsewdrag").bounding_box()
    assert band["x"] >= plot["x"] - 3 and band["width"] < 0.4 * plot["width"]

    # a marker leads to the step at which the best grouping changes
    mark = page.locator(".kindred-mark").first
    step = int(mark.get_attribute("data-step"))
    assert f"At step {step} " in mark.get_attribute("title")
    mark.click()
    expect(page.locator(READOUT)).to_have_text(f"Steps 0–{step} of 200")
    expect(cards).to_have_attribute("data-moment", str(step))
    page.get_by_text("of the best grouping").locator("visible=true").first.click()
    page.get_by_role("button", name=f"At step {step} ").last.press("Enter")
    expect(page).to_have_url(re.compile(f"interval=0-{step}"))

    # a task under the mouse lights up everywhere, in little time
    page.mouse.move(*at_cell(page, 1, 4))
    expect(page.locator(".kindred-band")).to_have_count(4)
    assert lit(page) == {"bands": 4, "rings": 2, "chips": 2, "curves": 2}
    page.mouse.move(5, 5)
    expect(page.locator(".kindred-band")).to_have_count(0)
    assert not any(lit(page).values())
    chip = cards.locator("[data-task='task 3']")
    chip.hover()
    expect(page.locator(".kindred-ring")).to_have_count(1)
    assert lit(page) == {"bands": 2, "rings": 1, "chips": 1, "curves": 1}
    cards.locator("[data-task][tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert lit(page) == {"bands": 2, "rings": 1, "chips": 1, "curves": 1}
    spent = page.evaluate("performance.getEntriesByName('kindred-light').map(({duration}) => duration).sort()")
    assert min(spent) < 5, spent

    # a card selects its network; the address carries it and opens with it
    button = cards.locator("h4 button").first
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    group = json.loads(chart.get_attribute("data-chosen"))
    expect(page.locator(".kindred-chosen-ring")).to_have_count(len(group))
    expect(page).to_have_url(re.compile("group="))
    page.goto(page.url)
    expect(page.locator(".kindred-chosen-ring")).to_have_count(len(group), timeout=LONG)
    expect(page.locator(READOUT)).to_have_text(f"Steps 0–{step} of 200")
    expect(cards.locator("[aria-pressed=true]")).to_have_count(1, timeout=LONG)

    # a cell selects its pair, in place of the network
    page.mouse.click(*at_cell(page, 1, 4))
    expect(page).to_have_url(re.compile("pair="))
    assert "group=" not in page.url
    expect(page.locator(".kindred-chosen-ring")).to_have_count(2)
    expect(page.get_by_text("Selected: task 1 → task 4")).to_be_visible()


def test_it_plays_faster_again_and_again_until_it_is_stopped(dashboard, page, store):
    opened(page, dashboard, drifting(store, windows=12))
    track = page.locator(END)
    page.get_by_label("Speed of playing").select_option("4")
    page.get_by_role("button", name="Repeat").click()
    expect(page.get_by_role("button", name="Repeat")).to_have_attribute("aria-pressed", "true")
    seen = f"document.querySelector('{READOUT}')"
    page.evaluate(
        f"(window.ends = [], new MutationObserver(() => window.ends.push({seen}.textContent))"
        f".observe({seen}, {{childList: true}}))"
    )
    track.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("window.ends.lastIndexOf('Steps 0–10 of 120') > window.ends.indexOf('Steps 0–120 of 120')")
    track.press(" ")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    track.press("Home")
    expect(page.locator(READOUT)).to_have_text("Steps 0–10 of 120")
    track.press("ArrowRight")
    expect(page.locator(READOUT)).to_have_text("Steps 0–20 of 120")
    track.press("End")
    expect(page.locator(READOUT)).to_have_text("Steps 0–120 of 120")


def test_many_tasks_keep_to_a_frame_and_fit_a_small_screen(dashboard, page, store):
    run_id = drifting(store, tasks=44, windows=40)
    opened(page, dashboard, run_id)
    graph = page.locator(".kindred-linked .kindred-graph")
    assert 0 < int(graph.get_attribute("data-arrows")) <= 300
    times = []
    for share in (0.8, 0.6, 0.4, 0.2):
        drag(page, END, share + 0.2, share, moves=6, pause_ms=40)
        times.append(float(page.locator(".kindred-linked").get_attribute("data-redraw-ms")))
    assert min(times) < 50, times  # a frame at 60 Hz where nothing else is at work, see the benchmark
    page.set_viewport_size({"width": 400, "height": 900})
    expect(page.locator(".kindred-linked.kindred-narrow")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    heatmap, under = (page.locator(f".kindred-linked .kindred-{kind}").bounding_box() for kind in ("heatmap", "graph"))
    assert under["y"] >= heatmap["y"] + heatmap["height"]
