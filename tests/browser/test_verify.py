"""Trust, in a real browser: the advisor replayed on a published study, and followed on a study of one's own."""

import json
import re

import pytest
from playwright.sync_api import expect

from engine.cli import main
from engine.grouping.export import from_file
from tests.browser.test_main_path import settled

pytestmark = pytest.mark.browser


def test_the_advisor_is_followed_on_a_published_study_and_its_grouping_taken_along(dashboard, page):
    page.goto(f"{dashboard}/verify?study=setting2&study_budget=2.5&replayed=8")
    settled(page)
    expect(page.get_by_text(re.compile(r"^8 of 36"))).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text(re.compile(r"^9 of 36"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"replayed=9"))
    with page.expect_download() as taken:
        page.get_by_role("button", name="Grouping", exact=True).click()
    solution, source = from_file(taken.value.path().read_bytes())
    assert source == {"run": "setting2"} and solution.budget == 2.5 and solution.proved_optimal


def test_the_network_that_the_advisor_asks_for_is_trained_from_the_page(dashboard, page, store, capsys):
    tasks = ["--tasks", "Class1,Class2,Class3", "--networks", "half_singles", "--name", "mine"]
    small = ["--dataset", "yeast", "--width", "8", "--epochs", "3", "--samples", "200"]
    assert main(["measure", *small, *tasks, "--json", "--store", store.url]) == 0
    run_id = json.loads(capsys.readouterr().out)["run"]
    page.goto(f"{dashboard}/verify?study={run_id}&study_budget=2")
    settled(page)
    expect(page.get_by_text(re.compile(r"^3 of 10"))).to_be_visible()
    page.get_by_role("button", name="Train the next network").click()
    expect(page.get_by_text(re.compile(r"^4 of 10"))).to_be_visible(timeout=60_000)
    assert len(store.measurements()) == 4
