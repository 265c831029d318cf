"""A hundred tasks in a real browser: found, zoomed, clustered, thinned out; and figures of them and of a few saved."""

import csv
import re
from io import BytesIO, StringIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine.affinity.series import Window
from engine.charts.dendrogram import cluster_tree
from engine.runs.config import RunConfig
from engine.runs.store import Store
from tests.app.views.stored import trained

pytestmark = pytest.mark.browser

ALLOWED_MS = 100  # for an answer to what the visitor does
NAMES = ["=1+1", *(f"attribute {number}" for number in range(1, 100))]


def large(store: Store) -> str:
    """A finished run of 100 tasks in six groups, over 40 windows."""
    generator = np.random.default_rng(0)
    features = generator.normal(0, 1, (100, 8)) + 3 * np.eye(8)[generator.integers(0, 6, 100)]
    truth = features @ features.T / 50
    found = []
    for window in range(40):
        total = (5 * (truth + generator.normal(0, 0.3, truth.shape))).astype(np.float32)
        found.append(Window(5 * window, 5 * window + 5, 5, total, total**2 / 5 + 1))
    run_id = store.create(RunConfig("yeast"), "large")
    token = store.claim(run_id)
    store.write(run_id, token, found, tasks=NAMES, step=200, steps=200)
    store.write(run_id, token, [], status="finished")
    return run_id


def opened(page: Page, address: str, kind: str):
    page.goto(address)
    chart = page.locator(f".kindred-{kind}[data-ready=true]").first
    expect(chart).to_be_visible(timeout=60_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    return chart


def saved(page: Page, chart, form: str) -> tuple[str, bytes]:
    """The name and the content of what a chart's menu saves."""
    chart.locator(".kindred-export summary").click()
    with page.expect_download() as download:
        chart.get_by_role("button", name=f"({form})").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def took(chart) -> float:
    return float(chart.get_attribute("data-redraw-ms"))


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode(), newline="")))


def test_a_hundred_tasks_are_found_zoomed_and_clustered(dashboard, page, store):
    run_id = large(store)
    chart = opened(page, f"{dashboard}/affinity?run={run_id}&order=cluster", "heatmap")
    tree = cluster_tree(store.series(run_id).mean().affinity)
    order = [NAMES[task] for task in tree.order]

    # a part of a name lights rows and columns, whose names are then written; Enter zooms to them
    find = page.get_by_label("Find a task")
    find.fill("Attribute 77")
    expect(chart).to_have_attribute("data-found", "1")
    expect(chart.get_by_text("1 of 100 tasks")).to_be_visible()
    expect(chart.locator(".ytick text").get_by_text("attribute 77", exact=True)).to_have_count(1)
    assert took(chart) < ALLOWED_MS
    find.press("Enter")
    place = order.index("attribute 77")
    expect(chart).to_have_attribute("data-zoom", re.compile(r"\d"))
    zoom = [float(end) for end in chart.get_attribute("data-zoom").split(",")]
    assert zoom[0] < place < zoom[1] and zoom[1] - zoom[0] == 12 and took(chart) < ALLOWED_MS
    expect(chart.locator(".ytick")).to_have_count(12)  # all names, as there is room
    find.press("Escape")
    expect(chart).to_have_attribute("data-found", "0")

    # buttons and the wheel zoom; the page scrolls where Ctrl is not held
    page.get_by_role("button", name="Show all tasks").click()
    expect(chart).to_have_attribute("data-zoom", "-0.5,99.5,-0.5,99.5")
    page.get_by_role("button", name="Zoom in").click()
    expect(chart).not_to_have_attribute("data-zoom", "-0.5,99.5,-0.5,99.5")
    before = chart.get_attribute("data-zoom")
    chart.locator(".nsewdrag").first.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    expect(chart).not_to_have_attribute("data-zoom", before)
    assert took(chart) < ALLOWED_MS
    page.get_by_role("button", name="Show all tasks").click()

    # the cut draws and lists the clusters, and is in the address
    assert int(chart.get_attribute("data-clusters")) == tree.widest
    cut = page.get_by_role("slider", name="Cut the tree")
    for _ in range(3):
        cut.press("ArrowRight")
    expect(chart).to_have_attribute("data-clusters", str(tree.widest + 3))
    assert took(chart) < ALLOWED_MS
    expect(page).to_have_url(re.compile(f"cut={tree.widest + 3}"))
    expect(page.get_by_text(f"The {tree.widest + 3} clusters")).to_be_visible()

    # the keyboard walks the cells
    plot = page.get_by_role("application", name="Affinity heatmap")
    plot.press("Home")
    plot.press("ArrowRight")
    expect(chart.locator("[aria-live=polite]")).to_have_text(
        re.compile(f"^{re.escape(order[0])} → {re.escape(order[1])}: ")
    )

    # saved as shown, in this order; a name is no formula
    name, content = saved(page, chart, "CSV")
    assert name == f"heatmap-{run_id}-affinity-0-200.csv"
    rows = rows_of(content)
    inert = ["'" + task if task.startswith("=") else task for task in order]
    assert rows[0] == ["source", *inert] and [row[0] for row in rows[1:]] == inert
    expected = store.series(run_id).mean().affinity[np.ix_(tree.order, tree.order)]
    np.testing.assert_allclose(np.array([row[1:] for row in rows[1:]], float), expected, rtol=1e-9)
    svg = ElementTree.fromstring(saved(page, chart, "SVG")[1])
    cells = [each for each in svg.iter("{http://www.w3.org/2000/svg}path") if each.get("fill", "").startswith("rgb(")]
    assert len(cells) == 100 * 100
    texts = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "Affinity, steps 0 to 200" in texts and "target (whose loss changes)" in "".join(filter(None, texts))
    picture = np.asarray(Image.open(BytesIO(saved(page, chart, "PNG")[1])).convert("RGB"))
    assert (
        picture.shape[1] == 2 * int(float(svg.get("width")))
        and len(np.unique(picture[::7, ::7].reshape(-1, 3), axis=0)) > 100
    )


def test_a_hundred_tasks_have_as_many_arrows_as_are_asked_for(dashboard, page, store):
    run_id = large(store)
    chart = opened(page, f"{dashboard}/graph?run={run_id}&threshold=0.00", "graph")
    expect(chart).to_have_attribute("data-arrows", "300")
    most = page.get_by_label("at most")
    most.fill("25")
    expect(chart).to_have_attribute("data-arrows", "25")
    most.press("Enter")
    expect(page).to_have_url(re.compile("top=25"))
    rows = rows_of(saved(page, chart, "CSV")[1])
    assert rows[0] == ["source", "target", "affinity", "standard_error"]
    mean = store.series(run_id).mean()
    others = np.where(np.eye(100, dtype=bool), 0, mean.affinity)
    strongest = np.sort(np.abs(others).ravel())[::-1][:25]
    np.testing.assert_allclose(np.abs([float(row[2]) for row in rows[1:]]), strongest, rtol=1e-9)
    place = NAMES.index(rows[1][0].lstrip("'")), NAMES.index(rows[1][1].lstrip("'"))
    assert float(rows[1][2]) == pytest.approx(mean.affinity[place])
    assert float(rows[1][3]) == pytest.approx(mean.standard_error[place], rel=1e-6)
    svg = ElementTree.fromstring(saved(page, chart, "SVG")[1])
    heads = [each for each in svg.iter("{http://www.w3.org/2000/svg}path") if each.get("d", "").count("L") == 2]
    assert len(heads) >= 25  # one filled triangle an arrow


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figures_of_a_small_run_are_saved_in_the_page_s_colours(dashboard, page, store, scheme):
    page.emulate_media(color_scheme=scheme)
    run_id = trained(store)
    heatmap = opened(page, f'{dashboard}/affinity?run={run_id}&pair=["a", "b"]', "heatmap")
    expect(heatmap.locator(".kindred-tools")).to_be_hidden()  # five tasks are seen at a glance
    rows = rows_of(saved(page, heatmap, "CSV")[1])
    np.testing.assert_allclose(
        np.array([row[1:] for row in rows[1:]], float), store.series(run_id).mean().affinity, rtol=1e-9
    )
    written = heatmap.locator(".kindred-numbers span").all_inner_texts()
    svg = ElementTree.fromstring(saved(page, heatmap, "SVG")[1])
    texts = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert set(filter(None, written)) <= set(texts)

    # a figure that plotly draws, by the keyboard
    curves = page.locator(".kindred-plain[data-ready=true]").first
    summary = curves.locator(".kindred-export summary")
    summary.press("Enter")
    summary.press("Tab")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == f"pair-{run_id}-affinity.svg"
    drawing = ElementTree.fromstring(download.value.path().read_bytes())
    background = next(drawing.iter("{http://www.w3.org/2000/svg}rect")).get("fill")
    light = background in ("#ffffff", "rgb(255, 255, 255)")
    assert light == (scheme == "light")
    rows = rows_of(saved(page, curves, "CSV")[1])
    assert rows[0][0] == "curve" and {row[0] for row in rows[1:]} == {"a → b", "b → a"}
    first = [float(row[2]) for row in rows[1:] if row[0] == "a → b"]
    series = store.series(run_id)
    np.testing.assert_allclose(first, series.totals[:, 0, 1] / series.counts[:, 0, 1], rtol=1e-6)


def test_a_row_of_the_strongest_shows_its_pair(dashboard, page, store):
    run_id = trained(store)
    chart = opened(page, f"{dashboard}/affinity?run={run_id}", "heatmap")
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 52)  # the box of the first row
    expect(page).to_have_url(re.compile("pair="))
    expect(page.get_by_test_id("stMetric")).to_have_count(2)
    assert chart.evaluate("root => root.querySelector('.js-plotly-plot').layout.shapes.length") == 2


def test_a_hundred_tasks_fit_a_phone(dashboard, page, store):
    page.set_viewport_size({"width": 400, "height": 900})
    chart = opened(page, f"{dashboard}/affinity?run={large(store)}&order=cluster", "heatmap")
    width, room = chart.evaluate("root => [root.scrollWidth, root.clientWidth]")
    assert width <= room
    expect(page.get_by_label("Find a task")).to_be_visible()
