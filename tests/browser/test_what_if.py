"""In a real browser: a condition is set from the networks shown, tells its price, and goes again."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.app.components.serving import wait_until_idle
from tests.app.views.stored import trained

pytestmark = pytest.mark.browser


def choose(page, box, task):
    """Choose a task, whose options close again where what is above them is still being drawn."""
    option = page.get_by_role("option", name=re.compile(rf"^{task} "))
    for _ in range(10):
        wait_until_idle(page)
        box.click()
        with suppress(TimeoutError):
            return option.click(timeout=3000)
    raise AssertionError(f"the options never stayed open for {task}")


def test_a_condition_tells_its_price_until_it_is_dropped(store, dashboard, page):
    page.goto(f"{dashboard}/grouping?run={trained(store)}&budget=3")
    panel = page.get_by_test_id("stExpander").filter(has_text="And another")
    together = panel.get_by_role("button", name="Keep together")
    expect(together).to_be_disabled()
    panel.evaluate("panel => panel.scrollIntoView()")  # so that the options below the boxes can be seen
    choose(page, panel.get_by_label("A task", exact=True), "a")
    choose(page, panel.get_by_label("And another", exact=True), "e")
    expect(together).to_be_enabled()
    together.click()
    expect(panel).to_contain_text("Keep a, e together: costs")
    expect(panel).to_contain_text("proved")
    page.wait_for_url("**together=*")
    panel.get_by_role("button", name="Drop").click()
    expect(panel).not_to_contain_text("costs")
    page.wait_for_function("!location.search.includes('together')")
