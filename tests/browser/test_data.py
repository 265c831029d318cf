"""A table of one's own, in a real browser: uploaded, a guess corrected by the keyboard, used, and trained on."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from engine.runs.config import RunConfig
from tests.browser.test_main_path import settled

pytestmark = pytest.mark.browser
COLUMN, ROLE, KIND = range(3)  # columns of the table of columns, as they stand there


def houses():
    """A table whose grade is a code that looks like a number, and some of whose prices are not known."""
    random = np.random.default_rng(0)
    rows = ["house_id,area,district,grade,price,sold"]
    for number in range(200):
        area, district = random.normal(120, 30), random.choice(["north", "south", "harbour"])
        price = "" if number % 7 == 0 else f"{1800 * area + random.normal(0, 20_000):.0f}"
        rows.append(f"H{number:03d},{area:.1f},{district},{number % 4},{price},{'yes' if area > 120 else 'no'}")
    return "\n".join(rows).encode()


def change(page, row, column, value):
    """Choose a value of a cell of the table of columns: its row clicked, all else by the keyboard."""
    table = page.get_by_test_id("stDataFrame").nth(1)  # the first is the preview
    table.scroll_into_view_if_needed()
    table.locator(".dvn-scroller").click(position={"x": 30, "y": 35 * (row + 1) + 17})
    for _ in range(column):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)  # the list opens
    page.keyboard.type(value)
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    settled(page)


def test_an_uploaded_table_is_corrected_used_and_trained_on(dashboard, page, store):
    page.goto(f"{dashboard}/data?dataset=table")
    page.locator("input[type=file]").set_input_files({"name": "houses.csv", "mimeType": "text/csv", "buffer": houses()})
    expect(page.get_by_text("200 rows, 6 columns")).to_be_visible()
    expect(page.get_by_text("at least one column the role of a target")).to_be_visible()
    expect(page.get_by_text("if they are codes, say that it is a category")).to_be_visible()
    change(page, 3, KIND, "category")
    expect(page.get_by_text("if they are codes")).to_have_count(0)
    for row in (3, 4, 5):
        change(page, row, ROLE, "target")
    expect(page.get_by_text("All tasks share their inputs. Their losses differ")).to_be_visible()

    page.get_by_role("button", name="Use this table").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("houses.csv predicts grade, price, sold; 1 left out; split at random.")).to_be_visible()
    dialog.get_by_label("Name").fill("my houses")
    epochs = dialog.get_by_role("spinbutton", name="Epochs")
    epochs.fill("5")
    epochs.press("Tab")
    settled(page)
    dialog.get_by_role("button", name="Launch", exact=True).click()
    row = page.locator("[class*=st-key-run-table]")
    expect(row).to_contain_text("my houses")
    expect(row).to_contain_text(re.compile(r"\d+ steps in"), timeout=60_000)

    (run,) = [run for run in store.runs() if run.name == "my houses"]
    config = RunConfig.from_json(run.config)
    assert (run.status, run.tasks) == ("finished", ("grade", "price", "sold"))
    assert (config.targets, config.kinds, config.leave_out) == ("grade,price,sold", "grade=category", "house_id")
    assert config.table.startswith(str(store.tables))

    # chosen again, and another data set looked at page by page, by the keyboard
    page.goto(f"{dashboard}/data?dataset=table")
    page.get_by_role("combobox", name="Or one that you used before").click()
    page.get_by_role("option", name=re.compile("houses")).click()
    expect(page.get_by_text("200 rows, 6 columns")).to_be_visible()
    page.goto(f"{dashboard}/data?dataset=digit_pairs")
    expect(page.get_by_text("Samples 1 to 27 of 161")).to_be_visible()
    after = page.get_by_role("button", name=re.compile("next", re.I))
    after.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Samples 28 to 54 of 161")).to_be_visible()
    expect(page).to_have_url(re.compile("samples_page=2"))
    expect(page.get_by_role("img", name="input, sample 28 of training")).to_be_visible()
