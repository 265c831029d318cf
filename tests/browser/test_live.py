"""A run watched while it trains, in a real browser: it grows in place, dies, is resumed and cancelled."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from engine.runs.config import RunConfig
from engine.runs.launching.local import start_worker

pytestmark = pytest.mark.browser


def test_a_live_run_grows_in_place_and_survives_kill_and_reload(dashboard, page, store):
    run_id = store.create(RunConfig("digits", epochs=5000, width=16, affinity="lookahead"), "<i>live</i>")
    worker = start_worker(store, run_id)

    # a first visitor by a direct address sees the matrix form, without the chart being built anew
    page.goto(f"{dashboard}/affinity?run={run_id}")
    heatmap = page.locator(".kindred-heatmap[data-ready=true]")
    expect(heatmap).to_be_visible(timeout=60_000)
    heatmap.evaluate("element => { element.dataset.mine = 'yes' }")
    readout = heatmap.locator("output").first
    seen = readout.inner_text()
    expect(readout).not_to_have_text(seen, timeout=30_000)
    expect(heatmap).to_have_attribute("data-mine", "yes")

    # killed: shown as interrupted (test_worker.py holds it to 10 s, without a browser on the same cores)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    expect(page.get_by_text("This run is interrupted at step")).to_be_visible(timeout=15_000)

    # resumed from the list of runs, and still there after a reload
    page.goto(dashboard)
    row = page.locator(f".st-key-run-{run_id}")
    expect(row).to_contain_text("interrupted")
    expect(row).to_contain_text("<i>live</i>")
    row.get_by_test_id("stPopoverButton").first.click()
    page.get_by_role("button", name="Resume").click()
    expect(row).to_contain_text("running", timeout=60_000)
    page.reload()
    expect(row).to_contain_text(re.compile(r"step \d+ of 80000 · .* left"), timeout=30_000)

    # cancelled
    row.get_by_test_id("stPopoverButton").first.click()
    page.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("cancelled", timeout=30_000)
    assert store.run(run_id).status == "cancelled"
