"""Names that others chose, in a real browser: none of them is run, and all are shown as they stand."""

import json

import pytest
from playwright.sync_api import expect

from tests.app.hostile import NAME, TASKS, filled

pytestmark = pytest.mark.browser


def test_no_name_is_run_and_each_is_shown_as_it_stands(dashboard, page, store):
    found = filled(store)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a name opened a dialog: {dialog.message}"))

    def opened(path, **address):
        page.goto(f"{dashboard}/{path}?" + "&".join(f"{name}={value}" for name, value in address.items()))
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        expect(page.locator("[data-testid=stException]")).to_have_count(0)

    def chart(kind):
        element = page.locator(f".kindred-{kind}[data-ready=true]").first
        expect(element).to_be_visible(timeout=60_000)
        return element

    opened("")
    row = page.locator(f".st-key-run-{found['matrix']}")
    expect(row).to_contain_text(NAME)
    opened("affinity", run=found["affinity"], pair=json.dumps(TASKS[:2]))
    heatmap = chart("heatmap").inner_text()
    assert "=cmd()" in heatmap and "$x^2$" in heatmap and "<b onm" in heatmap
    expect(page.get_by_text(f"{TASKS[0]} → {TASKS[1]}").first).to_be_visible()
    page.get_by_text("The same as a table").first.click()
    table = page.get_by_test_id("stTable").first
    for task in TASKS:
        expect(table).to_contain_text(task)
    opened("graph", run=found["affinity"])
    assert ":red[r]" in chart("graph").text_content()
    opened("training", run=found["network"])
    chart("plain")
    opened("grouping", run=found["affinity"])
    cards = chart("frontier")
    expect(cards.get_by_text(TASKS[2], exact=False).first).to_be_visible()
    for task in TASKS:
        expect(page.get_by_role("button", name=task, exact=True).first).to_be_attached()
    for part in ("gains", "networks", "groupings"):
        opened("studies", study=found["study"], study_part=part)
    opened("verify", study=found["study"])
    opened("compare", run=found["affinity"], other=found["other"])
    for kind in ("linear", "federated"):
        opened("training", run=found[kind])
    opened("affinity", run="<img src=x onerror=window.hacked=1>")
    expect(page.get_by_text("There is no run '<img src=x onerror=window.hacked=1>'")).to_be_visible()

    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x], a[href^='javascript'], b[onmouseover], .katex").count() == 0
    assert all(url.startswith((dashboard, "data:", "blob:", dashboard.replace("http", "ws"))) for url in asked)
