"""The whole path of a first visit, in a real browser: from launching a run to a re-imported grouping file."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from playwright.sync_api import expect

import engine.grouping
from engine.grouping.export import from_file

pytestmark = pytest.mark.browser
SCHEMA = json.loads((Path(engine.grouping.__file__).parent / "grouping.schema.json").read_text())


def settled(page):
    """Wait until the page's script has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def chart(page, kind):
    """The live chart of that kind, drawn."""
    element = page.locator(f".kindred-{kind}[data-ready=true]")
    expect(element).to_be_visible()
    return element


def click_cell(page, source, target):
    """Click the heatmap's cell in that row and column."""
    plot = chart(page, "heatmap").locator(".kindred-plot")
    place = plot.evaluate(
        """(plot, [row, column]) => {
            const {xaxis, yaxis} = plot._fullLayout;
            return {x: xaxis._offset + xaxis.c2p(column), y: yaxis._offset + yaxis.c2p(row)};
        }""",
        [source, target],
    )
    plot.scroll_into_view_if_needed()
    plot.click(position=place)


def test_from_a_launched_run_to_a_reimported_grouping(dashboard, page, store, tmp_path):
    # launch a yeast run in the page and watch it finish
    page.goto(dashboard)
    page.get_by_role("button", name="Launch a run").click()
    # the exact estimator at every step: its windows do not depend on how fast this machine is
    estimator = page.get_by_role("combobox", name="Affinity estimator")
    estimator.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # an open list closes when the form scrolls, as it does at a click out of sight
    estimator.click()
    page.get_by_role("option", name="lookahead", exact=True).click()
    expect(page.get_by_role("spinbutton", name="Observe every k-th update")).to_be_visible()
    page.get_by_label("Name").fill("first visit")
    page.get_by_role("spinbutton", name="Epochs").fill("5")
    page.get_by_role("button", name="Launch", exact=True).click()
    row = page.locator("[class*=st-key-run-yeast]")
    expect(row).to_contain_text("first visit")
    expect(row).to_contain_text("110 steps in", timeout=60_000)  # a row can show its neighbour's status for a moment
    (run,) = [run for run in store.runs() if run.name == "first visit"]
    series = store.series(run.id)
    assert (run.status, run.step, len(run.tasks)) == ("finished", 110, 14)

    # how sure it is: said, and hatched
    row.get_by_role("button", name="Open").click()
    heatmap = chart(page, "heatmap")
    expect(page.get_by_text(re.compile(r"Reliability \.\d\d \(")).first).to_be_visible()
    expect(page.get_by_text("hatched: within 2 standard errors of zero")).to_be_visible()

    # scrub time
    end = heatmap.get_by_label("End of the interval")
    redraws = int(heatmap.get_attribute("data-redraws"))
    end.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    stop = int(series.edges[len(series) - 20])
    expect(heatmap.locator("output").first).to_have_text(f"Steps 0–{stop} of 110")
    assert int(heatmap.get_attribute("data-redraws")) > redraws
    expect(page).to_have_url(re.compile(f"interval=0-{stop}"))
    page.get_by_text("The same as a table").click()
    expect(page.get_by_text(f"updates, steps 0 to {stop}.")).to_be_visible()
    shown = page.get_by_role("table").locator("tbody tr").nth(2).locator("td").nth(6)
    assert float(shown.inner_text()) == pytest.approx(series.mean(0, stop).affinity[2, 6], rel=2e-3)

    # click a cell: both directions of the pair
    click_cell(page, 2, 6)
    metrics = page.get_by_test_id("stMetric")
    expect(metrics.first).to_contain_text("Class3 → Class7")
    expect(metrics.last).to_contain_text("Class7 → Class3")
    expect(metrics.first).to_contain_text(re.compile(r"± .* standard error, from \d+ windows"))
    page.get_by_text("How the reliability grew").click()  # a chart is drawn once it has a width
    drawn = page.locator(".kindred-plain[data-ready=true]")
    expect(drawn).to_have_count(3, timeout=30_000)  # the pair, its losses, the reliability

    # the task graph shows the same run
    page.get_by_role("link", name="Task graph").click()
    chart(page, "graph")

    # choose serving tasks, drag the budget
    page.get_by_role("link", name="Grouping").click()
    frontier = chart(page, "frontier")
    for task in ("Class13", "Class14"):
        page.get_by_role("button", name=task, exact=True).click()
        settled(page)
    expect(page.get_by_text("mean over 12 serving tasks")).to_be_visible()
    slider = frontier.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("budget=4"))
    expect(page.get_by_text("of 4 SNT")).to_be_visible()
    expect(page.get_by_text("bootstrap replicates; expected regret")).to_be_visible()

    # download, validate, compare with the command line's solver
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the grouping").click()
    path = tmp_path / "grouping.json"
    waiting.value.save_as(path)
    content = json.loads(path.read_text())
    jsonschema.validate(content, SCHEMA)
    assert (content["budget"], content["proved_optimal"], len(content["serving"])) == (4, True, 12)
    assert content["source"]["to"] == stop
    solution, _ = from_file(path.read_bytes())
    assert (solution.problem.affinity == series.mean(0, stop).affinity).all()

    # re-import: shown exactly as exported
    page.get_by_text("Open a grouping file").click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("Shown as exported")).to_be_visible()
    expect(page.get_by_text(f"{content['value']:.6g}").first).to_be_visible()
    cards = chart(page, "frontier").get_by_role("heading", name="Network")
    expect(cards).to_have_count(len(content["networks"]))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the grouping").click()
    again = tmp_path / "again.json"
    waiting.value.save_as(again)
    assert again.read_bytes() == path.read_bytes()
