"""Curves of a run at work in a real browser: drawn anew every moment, also while plotly is still loading."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.charts.palette import DARK, LIGHT
from tests.app.components.serving import served

pytestmark = pytest.mark.browser

PAGE = """
import numpy as np
import streamlit as st
from engine.charts.course import Line, task_curves
from app.components import live_chart

@st.fragment(run_every=0.2)
def part():
    st.session_state["steps"] = steps = st.session_state.get("steps", 1) + 1
    lines = [Line("a", 0, np.arange(steps), np.arange(steps)), Line("b", 4, np.arange(steps), -np.arange(steps))]
    live_chart.plain(task_curves(lines, "loss"), key="curves", label="two lines")

part()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with served(PAGE, tmp_path_factory.mktemp("plain")) as address:
        yield address


def opened(chromium: Browser, address: str, scheme: str) -> tuple[Page, list[str]]:
    """A page on which plotly arrives only after several reruns, and the errors that reach its console."""
    page = chromium.new_context(color_scheme=scheme, viewport={"width": 900, "height": 700}).new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/plotly.min.js", lambda route: (time.sleep(1.5), route.continue_()))
    page.goto(address)
    return page, errors


@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_a_chart_that_is_overtaken_while_plotly_loads_stands_once_in_its_theme_s_colours(
    chromium, address, scheme, theme
):
    page, errors = opened(chromium, address, scheme)
    expect(page.locator(".kindred-plain[data-ready=true]").first).to_be_visible()
    page.wait_for_function("Number(document.querySelector('.kindred-plain:last-of-type').dataset.redraws) > 5")
    assert page.locator(".kindred-plain").count() == 1
    colours = page.locator(".kindred-plot").evaluate("plot => plot._fullData.map(trace => trace.line.color)")
    assert colours == [theme.tasks[0], theme.tasks[4]]
    assert errors == []
    page.context.close()
