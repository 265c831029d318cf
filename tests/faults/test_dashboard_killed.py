"""The dashboard killed while it shows a run at work: the run goes on, and the page comes back to it."""

import os
import signal

import pytest
from playwright.sync_api import expect

from engine.runs.config import RunConfig
from engine.runs.launching.queue import launch
from tests.conftest import serving
from tests.waiting import wait_for

pytestmark = pytest.mark.browser


def test_runs_go_on_and_the_page_comes_back_to_them(store_url, store, page):
    run_id = store.create(RunConfig("digits", epochs=3000, width=16, affinity="lookahead"), "goes on")
    with serving(store_url) as (address, server):
        launch(store, [run_id])  # as the page does
        page.goto(f"{address}/affinity?run={run_id}")
        readout = page.locator(".kindred-heatmap[data-ready=true] output").first
        expect(readout).to_be_visible(timeout=60_000)
        server.send_signal(signal.SIGKILL)
        server.wait()
        step = store.run(run_id).step
    wait_for(lambda: store.run(run_id).step > step + 50)
    assert store.run(run_id).status == "running"
    port = address.rpartition(":")[2]
    with serving(store_url, port) as (address, _):
        seen = readout.inner_text()
        expect(readout).not_to_have_text(seen, timeout=60_000)  # the page found its way back by itself
        page.goto(address)
        row = page.locator(f".st-key-run-{run_id}")
        expect(row).to_contain_text("running", timeout=30_000)
        row.get_by_test_id("stPopoverButton").first.click()
        page.get_by_role("button", name="Cancel").click()
        expect(row).to_contain_text("cancelled", timeout=30_000)
    process = int(store.events(run_id)[0].message.removeprefix("Process ").split()[0])
    wait_for(lambda: not os.path.exists(f"/proc/{process}"))
