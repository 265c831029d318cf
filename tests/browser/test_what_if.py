"""In a real browser: a condition is set from the networks shown, tells its price, and goes again."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.components.serving import wait_until_idle
from tests.app.views.stored import trained

pytestmark = pytest.mark.browser


def test_a_condition_tells_its_price_until_it_is_dropped(store, dashboard, page):
    page.goto(f"{dashboard}/grouping?run={trained(store)}&budget=3")
    panel = page.get_by_test_id("stExpander").filter(has_text="And another")
    together = panel.get_by_role("button", name="Keep together")
    expect(together).to_be_disabled()
    for label, task in (("A task", "a"), ("And another", "e")):
        wait_until_idle(page)  # a page that is drawn anew closes the options
        panel.evaluate("panel => panel.scrollIntoView()")  # so that the options below the boxes can be seen
        panel.get_by_label(label, exact=True).click()
        page.get_by_role("option", name=re.compile(rf"^{task} ")).click()
    expect(together).to_be_enabled()
    together.click()
    expect(panel).to_contain_text("Keep a, e together: costs")
    expect(panel).to_contain_text("proved")
    page.wait_for_url("**together=*")
    panel.get_by_role("button", name="Drop").click()
    expect(panel).not_to_contain_text("costs")
    page.wait_for_function("!location.search.includes('together')")
