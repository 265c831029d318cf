"""The live chart in a real browser: drawn, dragged, clicked, steered by keys, fed with more windows."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.charts.palette import LIGHT
from tests.app.components.serving import drag, served, wait_until_idle

pytestmark = pytest.mark.browser

PAGE = """
import numpy as np
import streamlit as st
from engine.charts.curves import pair_curves
from engine.charts.frontier import FrontierFrame, FrontierStep, NetworkCard
from engine.charts.heatmap import affinity_heatmap
from engine.charts.quantity import quantity_of
from app.components import live_chart
from engine.affinity.series import AffinitySeries
from engine.errors import KindredError

TASKS = ("age", "<b>x</b><img src=x onerror=window.stolen=1>", "pose & gaze", "hair")
windows = st.session_state.setdefault("windows", 10)

def grow():
    st.session_state["windows"] += 5

def reset():
    st.session_state["wanted"] = (20, 60)

st.button("grow", on_click=grow)
st.button("reset", on_click=reset)
generator = np.random.default_rng(0)
count = int(st.query_params.get("tasks", 4))
TASKS += tuple(f"task {number}" for number in range(4, count))
totals = generator.normal(0, 0.01, (40, count, count)).astype(np.float32)[:windows]
counts = None
if "skipped" in st.query_params:  # of the pair age -> pose & gaze, every update
    counts = np.full(totals.shape, 2)
    counts[:, 0, 2] = totals[:, 0, 2] = 0
series = AffinitySeries(TASKS, np.arange(windows + 1) * 10, np.full(windows, 2), totals, totals**2, counts)
mark = {"mark_unsure": st.query_params.get("unsure") != "plain"}
mark["quantity"] = quantity_of(st.query_params.get("reading", "affinity"))
kind = st.query_params.get("kind", "heatmap")
if kind == "heatmap":
    order = (3, 1, 0, 2) if count == 4 else None
    result = live_chart.heatmap(series, key="chart", interval=st.session_state.get("wanted"), order=order,
                                scale=st.query_params.get("scale", "shared"), **mark)
elif kind == "graph":
    result = live_chart.graph(series, key="chart", threshold=0.25, **mark)
elif kind == "frontier":
    frames = [FrontierFrame(1, None, True, None, (), "Four tasks do not fit one network.")]
    for budget in range(2, 7):
        one = NetworkCard(1.0, ((TASKS[1], 0.5), ("age", None)), ("hair",))
        other = NetworkCard(budget - 1, (("hair", 2.0),))
        frames.append(FrontierFrame(budget, 3.0 + budget, budget != 4, 0.02 if budget == 4 else None, (one, other)))
    result = live_chart.frontier(frames, key="chart", budget=2, value_title="total gain")
elif kind == "halves":
    one, other = NetworkCard(0.5, (("age", 0.5),)), NetworkCard(1.0, ((TASKS[1], 0.5),), ("hair",))
    frames = [FrontierFrame(1, None, False, None, ()), FrontierFrame(1.5, 1.0, True, 0.0, (one, other))]
    step = FrontierStep(1.5, 0.25, 0.125, (other,), (one,))
    frames.append(FrontierFrame(2.5, 1.25, True, 0.0, (other,), step=step))
    result = live_chart.frontier(frames, key="chart", knee=1.5)
elif kind == "plain":
    live_chart.plain(pair_curves(series, TASKS[0], TASKS[1]), key="chart", label="both directions")
    result = None
elif kind == "matrix":
    figure = affinity_heatmap(series.mean().affinity, TASKS, (3, 1, 0, 2), quantity=mark["quantity"])
    live_chart.matrix(figure, key="chart", label="one matrix")
    result = None
elif kind == "refused":
    raise KindredError("The task *pose* is unknown; name another.")
else:
    raise RuntimeError("the database password is swordfish")
st.text(f"result {result}")
"""
TASKS = ("age", "<b>x</b><img src=x onerror=window.stolen=1>", "pose & gaze", "hair")
ORDER = [3, 1, 0, 2]
TOTALS = np.random.default_rng(0).normal(0, 0.01, (40, 4, 4)).astype(np.float32)
PLOT = ".kindred .js-plotly-plot"
START, END = "input[aria-label='Start of the interval']", "input[aria-label='End of the interval']"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(PAGE, tmp_path_factory.mktemp("live_chart")) as address:
        yield address


def shown(page: Page, server: str, query: str) -> None:
    page.goto(f"{server}/?{query}")
    page.wait_for_selector(".kindred[data-ready=true]")
    wait_until_idle(page)


def cells(page: Page) -> np.ndarray:
    """The numbers that plotly was given, once they rest; NaN on the diagonal."""
    page.wait_for_selector(".kindred[data-resting=true]", state="attached")
    rows = page.evaluate(f"document.querySelector('{PLOT}').data[0].z")
    return np.array([[np.nan if value is None else value for value in row] for row in rows])


def mean(first: int, last: int) -> np.ndarray:
    """What the heatmap must show over a range of windows, in its order, without the diagonal."""
    values = TOTALS[first:last].astype(np.float64).sum(0) / (2 * (last - first))
    values = values[np.ix_(ORDER, ORDER)]
    np.fill_diagonal(values, np.nan)
    return values


def expect_result(page: Page, pattern: str) -> None:
    expect(page.get_by_text(re.compile("^result " + pattern))).to_be_visible()


def click_cell(page: Page, row: int, column: int, tasks: int = 4) -> None:
    page.wait_for_selector(".kindred[data-resting=true]", state="attached")
    box = page.locator(f"{PLOT} .nsewdrag").first.bounding_box()
    for across in (0.4, 0.5):
        x = box["x"] + (column + across) * box["width"] / tasks
        page.mouse.move(x, box["y"] + (row + 0.5) * box["height"] / tasks)
    page.mouse.down()
    page.mouse.up()


def test_dragging_redraws_locally_and_reports_on_release(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    np.testing.assert_allclose(cells(page), mean(0, 10), rtol=1e-9)
    before = int(page.locator(".kindred").get_attribute("data-redraws"))
    drag(page, START, 0, 0.4, moves=8, pause_ms=30)
    expect(page.locator(".kindred-readout")).to_have_text("Steps 40–100 of 100")
    np.testing.assert_allclose(cells(page), mean(4, 10), rtol=1e-9)
    assert int(page.locator(".kindred").get_attribute("data-redraws")) >= before + 3
    expect_result(page, r"HeatmapResult\(interval=\(40, None\), steps=\(40, 100\), mode='interval', pair=None")


def test_at_a_step_one_window_shows_and_the_colours_stay(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    page.get_by_text("At a step").click()
    expect_result(page, r"HeatmapResult\(interval=\(0, None\), steps=\(90, 100\), mode='step'")
    limit = f"document.querySelector('{PLOT}').data[0].zmax"
    at_the_end = page.evaluate(limit)
    page.get_by_role("slider", name="Step").press("Home")
    page.wait_for_function("document.querySelector('.kindred-readout').textContent === 'Steps 0–10 of 100'")
    expect_result(page, r"HeatmapResult\(interval=\(0, 10\), steps=\(0, 10\), mode='step'")
    np.testing.assert_allclose(cells(page), mean(0, 1), rtol=1e-9)
    assert page.evaluate(limit) == at_the_end


def test_a_growing_run_is_averaged_with_its_new_windows(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    page.get_by_role("button", name="grow").click()
    expect(page.locator(".kindred-readout")).to_have_text("Steps 0–150 of 150")
    expect_result(page, r".*steps=\(0, 150\)")
    np.testing.assert_allclose(cells(page), mean(0, 15), rtol=1e-9)
    page.get_by_role("button", name="grow").click()  # 16 windows become one piece
    expect_result(page, r".*steps=\(0, 200\)")
    np.testing.assert_allclose(cells(page), mean(0, 20), rtol=1e-9)
    drag(page, START, 0, 0.5, moves=8, pause_ms=30)
    np.testing.assert_allclose(cells(page), mean(10, 20), rtol=1e-9)


def test_the_cells_have_the_colours_of_their_values(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    values = cells(page)
    row, column = np.unravel_index(np.nanargmax(np.abs(values)), values.shape)
    colour = page.evaluate(
        """([row, column]) => { const layer = document.querySelector(".kindred-layer");
        const [x, y] = [(column + 0.2) / 4 * layer.width, (row + 0.2) / 4 * layer.height];
        return [...layer.getContext("2d").getImageData(x, y, 1, 1).data]; }""",
        [int(row), int(column)],
    )
    strongest = LIGHT.scale[-1 if values[row, column] > 0 else 0][1]
    assert colour == [*bytes.fromhex(strongest[1:]), 255]
    numbers = page.locator(".kindred-numbers span").all_inner_texts()
    assert numbers[4 * row + column].replace("−", "-") == f"{values[row, column] * 1000:.2g}"
    assert numbers[0] == ""


def test_the_thumbs_say_their_steps_and_never_cross(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    start = page.locator(START)
    start.press("End")
    expect(start).to_have_attribute("aria-valuetext", "steps 90 to 100")
    page.locator(END).press("Home")
    expect(start).to_have_attribute("aria-valuetext", "steps 90 to 100")


def test_a_click_selects_a_pair_by_source_and_target(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    click_cell(page, 0, 3)  # row hair, column pose & gaze
    expect_result(page, r".*pair=\('hair', 'pose & gaze'\)")
    assert page.evaluate(f"document.querySelector('{PLOT}').layout.shapes.length") == 2
    click_cell(page, 0, 3)
    expect_result(page, r".*pair=None")


def test_keys_walk_the_cells_announce_them_and_select(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    plot = page.get_by_role("application", name="Affinity heatmap")
    plot.press("ArrowRight")
    live = page.locator(".kindred [aria-live=polite]")
    expect(live).to_have_text(re.compile(r"^hair → <b>x</b><img src=x onerror=window.stolen=1>: −?0\.\d+"))
    plot.press("ArrowRight")
    expect(live).to_have_text(re.compile(r"^hair → age: "))
    plot.press("Enter")
    expect_result(page, r".*pair=\('hair', 'age'\)")
    plot.press("Home")
    expect(live).to_have_text("hair → hair: self-affinity, not shown")


def test_more_windows_keep_element_zoom_and_selection_and_the_end_follows(page: Page, server: str):
    shown(page, server, "kind=heatmap&tasks=20")
    drag(page, START, 0, 0.2)
    click_cell(page, 0, 3, tasks=20)
    expect_result(page, r".*interval=\(20, None\).*pair=\('age', 'hair'\)")
    box = page.locator(f"{PLOT} .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    zoom = f"document.querySelector('{PLOT}').layout.xaxis.range.join()"
    page.wait_for_function(f"{zoom} !== '-0.5,19.5'")
    zoomed = page.evaluate(zoom)
    page.evaluate(f"document.querySelector('{PLOT}').mine = true")
    page.get_by_role("button", name="grow").click()
    expect_result(page, r".*interval=\(20, None\), steps=\(20, 150\)")
    expect(page.locator(".kindred-readout")).to_have_text("Steps 20–150 of 150")
    assert page.evaluate(f"document.querySelector('{PLOT}').mine")
    assert page.evaluate(zoom) == zoomed
    assert page.evaluate(f"document.querySelector('{PLOT}').layout.shapes.length") == 2


def test_the_page_may_move_the_chart(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    drag(page, START, 0, 0.8)
    expect_result(page, r".*interval=\(80, None\)")
    page.get_by_role("button", name="reset", exact=True).click()
    expect_result(page, r".*interval=\(20, 60\), steps=\(20, 60\)")
    expect(page.locator(".kindred-readout")).to_have_text("Steps 20–60 of 100")
    np.testing.assert_allclose(cells(page), mean(2, 6), rtol=1e-9)


def test_a_drag_s_numbers_do_not_come_back_once_the_page_has_moved_the_chart(page: Page, server: str):
    """Plotly learns a drag's numbers when they rest; here that takes two seconds, so that the page is always sooner."""
    page.add_init_script(
        "const soon = window.setTimeout;"
        "window.setTimeout = (work, wait, ...rest) => soon(work, wait === 150 ? 2000 : wait, ...rest);"
    )
    shown(page, server, "kind=heatmap")
    drag(page, START, 0, 0.8)
    page.get_by_role("button", name="reset", exact=True).click()
    expect_result(page, r".*interval=\(20, 60\), steps=\(20, 60\)")
    page.wait_for_timeout(2500)
    np.testing.assert_allclose(cells(page), mean(2, 6), rtol=1e-9)


def test_playing_grows_the_interval_and_commits_at_the_end(page: Page, server: str):
    shown(page, server, "kind=heatmap")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("document.querySelector('.kindred-readout').textContent === 'Steps 0–30 of 100'")
    page.get_by_role("button", name="Pause").click()
    expect_result(page, r".*interval=\(0, \d0\), steps=\(0, \d0\)")


@pytest.mark.parametrize("kind", ["heatmap", "graph", "frontier", "plain"])
def test_a_task_name_is_text_everywhere(page: Page, server: str, kind: str):
    shown(page, server, f"kind={kind}")
    if kind == "heatmap":
        box = page.locator(f"{PLOT} .nsewdrag").bounding_box()
        page.mouse.move(box["x"] + 0.4 * box["width"] / 4, box["y"] + 1.5 * box["height"] / 4)
        page.mouse.move(box["x"] + 0.5 * box["width"] / 4, box["y"] + 1.5 * box["height"] / 4)
        expect(page.locator(f"{PLOT} .hoverlayer")).to_contain_text(
            "<b>x</b><img src=x onerror=window.stolen=1> → hair"
        )
    expect(page.locator(".kindred")).to_contain_text("<b>x</b>")
    assert page.locator(".kindred img").count() == 0
    assert page.evaluate("window.stolen") is None


def test_a_scale_other_than_the_shared_one_says_so(page: Page, server: str):
    shown(page, server, "kind=heatmap&scale=centred")
    expect(page.locator(".kindred-measure")).to_contain_text("above or below the target's average source")
    assert np.nanmax(np.abs(cells(page))) == pytest.approx(1)


def test_the_threshold_leaves_out_weak_arrows(page: Page, server: str):
    shown(page, server, "kind=graph")
    chart = page.locator(".kindred")
    many = int(chart.get_attribute("data-arrows"))
    values = mean(0, 10)[~np.eye(4, dtype=bool)]
    assert many == (np.abs(values) >= 0.25 * np.abs(values).max()).sum()
    page.get_by_role("slider", name="Smallest effect shown").press("End")
    expect_result(page, r"GraphResult\(.*threshold=1")
    assert int(chart.get_attribute("data-arrows")) == 1


def test_a_click_or_a_key_selects_a_task(page: Page, server: str):
    shown(page, server, "kind=graph")
    plot = page.get_by_role("application", name="Graph of the tasks")
    plot.press("ArrowRight")
    expect(page.locator(".kindred [aria-live=polite]")).to_have_text(re.compile("^age; "))
    plot.press("Enter")
    expect_result(page, r".*node='age'")
    place = page.evaluate(
        f"(() => {{ const plot = document.querySelector('{PLOT}'); const nodes = plot.data.at(-1);"
        f" const box = plot.getBoundingClientRect(); return [box.x + nodes.x[3], box.y + nodes.y[3]]; }})()"
    )
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.up()
    expect_result(page, r".*node='hair'")


def test_the_budget_slider_redraws_the_networks_and_reports(page: Page, server: str):
    shown(page, server, "kind=frontier")
    expect(page.locator(".kindred-cards > li")).to_have_count(2)
    expect(page.locator(".kindred-served").first).to_have_text("<b>x</b><img src=x onerror=window.stolen=1>0.5")
    expect(page.locator(".kindred-aux")).to_have_text("hair (auxiliary)")
    budget = page.get_by_role("slider", name="Budget")
    budget.press("ArrowRight")
    budget.press("ArrowRight")
    expect(page.locator(".kindred-badge")).to_have_text("gap 2.0 %")
    expect(budget).to_have_attribute("aria-valuetext", "budget 4 SNT: total gain 7, gap 2.0 %")
    expect_result(page, "4$")
    budget.press("Home")
    expect(page.locator(".kindred-badge")).to_have_text("infeasible")
    expect(page.locator(".kindred")).to_contain_text("Four tasks do not fit one network.")
    expect(page.locator(".kindred-cards")).to_have_count(0)
    expect_result(page, "1$")


def test_budgets_of_half_steps_and_what_a_step_buys(page: Page, server: str):
    shown(page, server, "kind=halves")
    budget = page.get_by_role("slider", name="Budget")
    expect(budget).to_have_attribute("aria-valuetext", re.compile("^budget 1.5 SNT"))
    expect(page.locator(".kindred-change")).to_have_text("")
    budget.press("ArrowRight")
    expect_result(page, r"2\.5$")
    expect(page.locator(".kindred-readout")).to_have_text("2.5 SNT")
    expect(page.locator(".kindred-change")).to_have_text(
        f"From 1.5 to 2.5 SNT: +0.25 (+0.125 per half SNT); enters {{{TASKS[1]}, (hair)}}; leaves {{age}}."
    )
    assert page.evaluate("window.stolen") is None
    expect(page.locator(f"{PLOT} text").get_by_text("knee", exact=True)).to_be_visible()
    budget.press("Home")
    expect(page.locator(".kindred")).to_contain_text("No grouping at 1 SNT yet")
    expect(page.locator(".kindred-badge")).to_have_text("none found yet")


def test_the_colours_follow_the_theme(page: Page, server: str):
    ends = "document.querySelector('.kindred-colours').style.background"
    shown(page, server, "kind=heatmap")
    light = page.evaluate(ends)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{ends} !== '{light}'")


@pytest.mark.parametrize("kind", ["heatmap", "graph", "frontier", "plain"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, server: str, kind: str):
    page.set_viewport_size({"width": 400, "height": 900})
    shown(page, server, f"kind={kind}")
    sizes = page.evaluate(
        "(() => { const root = document.querySelector('.kindred');"
        " return [root.scrollWidth, root.clientWidth, document.querySelector('.js-plotly-plot').offsetWidth]; })()"
    )
    assert max(sizes) == sizes[1]


def test_an_error_for_the_visitor_is_shown_as_written(page: Page, server: str):
    page.goto(f"{server}/?kind=refused")
    expect(page.get_by_role("alert")).to_contain_text("The task *pose* is unknown; name another.")


def test_any_other_error_shows_its_class_only(page: Page, server: str):
    page.goto(f"{server}/?kind=broken")
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong (RuntimeError)")
    assert "swordfish" not in page.content() and "Traceback" not in page.content()
