"""Three runs on the Compare page, in a real browser: chosen, another one pinned, the numbers read."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from engine.affinity.several import Matrix, several
from tests.app.views.stored import TASKS, with_readings
from tests.browser.test_main_path import settled

pytestmark = pytest.mark.browser
SLOW = 30_000  # ms, as a busy machine may take that long to draw so many charts


def asked(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def drawn(page, label):
    """The plain or still chart of that label, drawn."""
    plot = page.get_by_role("group", name=label)
    expect(plot).to_be_visible(timeout=SLOW)
    page.wait_for_function("plot => plot.closest('[data-ready=true]') !== null", arg=plot.element_handle())
    return plot


def test_three_runs_are_chosen_another_is_pinned_and_the_table_read(dashboard, page, store, tmp_path):
    runs = [with_readings(store, "mixing", seed=seed) for seed in range(3)]
    page.goto(f"{dashboard}/compare?run={runs[0]}&other={runs[1]}")
    settled(page)

    # a third run is added to the two
    page.get_by_role("combobox", name="More runs").click()
    page.get_by_role("option", name=re.compile(runs[2])).click()
    expect(page.get_by_text("Most alike the baseline")).to_be_visible(timeout=SLOW)
    settled(page)
    assert json.loads(asked(page)["runs"]) == runs and "baseline" not in asked(page)
    expect(page.locator(".kindred-run")).to_have_count(3, timeout=SLOW)
    colours = marks(page)
    assert len(set(colours.values())) == 3

    # another one is pinned: the colours stay
    page.get_by_role("combobox", name="Pinned baseline").click()
    page.get_by_role("option", name=re.compile(runs[2])).click()
    expect(page.locator(".kindred-run em")).to_have_text("baseline", timeout=SLOW)
    expect(page.locator(".kindred-run").first).to_contain_text("read 2", timeout=SLOW)
    settled(page)
    assert asked(page)["baseline"] == runs[2] and marks(page) == colours

    # what is drawn and written is what the engine says
    means = {run: store.series(run).mean() for run in runs}
    matrices = [Matrix(run, tuple(TASKS), mean.affinity, mean.standard_error) for run, mean in means.items()]
    expected = several(matrices, runs[2])
    scatter = drawn(page, "Every run's entries against those of the baseline read 2")
    for place in expected.compared:
        value = f"{expected.against[place].entries.spearman.value:.2f}"
        expect(scatter).to_contain_text(f"read {place}, ρ = {value}")
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").first.click()
    download.value.save_as(tmp_path / "alike.csv")
    head, *rows = (tmp_path / "alike.csv").read_text().splitlines()
    column = head.split(",").index("spearman")
    assert [float(row.split(",")[column]) for row in rows] == pytest.approx(list(expected.table()["spearman"]))

    # the address shows the same again, and one run beside the baseline and back
    page.goto(page.url)
    expect(page.locator(".kindred-run em")).to_have_text("baseline", timeout=SLOW)
    settled(page)
    page.get_by_role("button", name="Side by side").first.click()
    expect(page.get_by_text("Pairs compared")).to_be_visible(timeout=SLOW)
    settled(page)
    assert (asked(page)["run"], asked(page)["other"]) == (runs[2], runs[0])
    page.get_by_role("button", name="Back to the 3 runs").click()
    expect(page.get_by_text("Most alike the baseline")).to_be_visible(timeout=SLOW)
    settled(page)
    assert asked(page)["baseline"] == runs[2]


def marks(page):
    """The colour of each run's mark by its name."""
    found = page.locator(".kindred-run").evaluate_all(
        "keys => keys.map(key => [key.querySelector('span').firstChild.textContent.trim(),"
        " getComputedStyle(key.querySelector('b')).backgroundColor])"
    )
    return dict(found)
