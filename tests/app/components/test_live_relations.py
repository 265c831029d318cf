"""Relations of linear models in the live chart, in a real browser: counted in seeds or rounds, the same both ways."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.app.components.serving import served, wait_until_idle

pytestmark = pytest.mark.browser

PAGE = """
import numpy as np
import streamlit as st
from engine.charts.quantity import quantity_of
from app.components import live_chart
from engine.affinity.series import AffinitySeries

drawn = np.random.default_rng(0).normal(0, 1, (5, 4, 8))
totals = np.stack([np.corrcoef(each) for each in drawn]).astype(np.float32)
series = AffinitySeries(("a", "b", "c", "d"), np.arange(6), np.ones(5, int), totals, totals**2)
shown = {"key": "chart", "quantity": quantity_of(st.query_params["reading"])}
shown["scale"] = st.query_params.get("scale", "shared")
if "graph" in st.query_params:
    result = live_chart.graph(series, threshold=0.0, **shown)
else:
    result = live_chart.heatmap(series, **shown)
st.text(f"result {result}")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(PAGE, tmp_path_factory.mktemp("live_relations")) as address:
        yield address


def shown(page: Page, server: str, query: str) -> None:
    page.goto(f"{server}/?{query}")
    page.wait_for_selector(".kindred[data-ready=true]")
    wait_until_idle(page)


def test_seeds_are_counted_from_one_and_each_is_a_window(page: Page, server: str):
    shown(page, server, "reading=task_covariance")
    expect(page.locator(".kindred-readout")).to_have_text("Seeds 1–5 of 5")
    page.get_by_text("One seed").click()
    expect(page.locator(".kindred-readout")).to_have_text("Seed 5 of 5")
    slider = page.get_by_role("slider", name="Seed")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "seed 1")
    expect(page.get_by_text(re.compile(r"^result .*steps=\(0, 1\), mode='step'"))).to_be_visible()
    expect(page.locator(".kindred-measure")).to_contain_text("the same colours at every seed")


def test_rounds_are_counted_like_steps(page: Page, server: str):
    shown(page, server, "reading=federated_relation")
    expect(page.locator(".kindred-readout")).to_have_text("Rounds 0–5 of 5")
    expect(page.get_by_text("At a round")).to_be_visible()


@pytest.mark.parametrize(("scale", "arrows"), [("shared", 6), ("target", 12)])
def test_one_line_shows_both_directions_where_they_are_the_same(page: Page, server: str, scale: str, arrows: int):
    shown(page, server, f"reading=federated_relation&graph=1&scale={scale}")
    assert int(page.locator(".kindred").get_attribute("data-arrows")) == arrows
    expect(page.get_by_text(f"{arrows} lines; thickness")).to_be_visible()
