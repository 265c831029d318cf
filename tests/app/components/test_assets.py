import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from app.components.assets import FRONTEND, module_url, plotly_url
from tests.app.components.serving import served

PAGE = """
import plotly.graph_objects as go
import streamlit as st
from app.components import live_chart

def show():
    live_chart.plain(go.Figure(go.Scatter(y=[1, 2])), key="chart", label="a line")

pages = [st.Page(show, title=name, url_path=name) for name in ("first", "second")]
st.navigation(pages).run()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server below a path; the addresses in this process do not know of it, and are joined to it."""
    with served(PAGE, tmp_path_factory.mktemp("assets"), base="kin") as address:
        yield address


def test_plotly_and_every_module_may_be_kept_for_good(server: str):
    for path in [plotly_url(), *(module_url(module.name) for module in FRONTEND.glob("*.js"))]:
        with urllib.request.urlopen(server + path) as reply:
            assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert "javascript" in reply.headers["Content-Type"]


def test_an_outdated_address_is_answered_but_not_kept(server: str):
    with urllib.request.urlopen(f"{server}/kindred/live_chart/old/main.js") as reply:
        assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["live_chart.css", "__init__.py", "..%2F__init__.py", "%2Fetc%2Fpasswd"])
def test_nothing_else_is_served(server: str, name: str):
    try:
        with urllib.request.urlopen(server + module_url(name)) as reply:
            assert b"<title>Streamlit</title>" in reply.read()  # Streamlit's page, as for any unknown address
    except urllib.error.HTTPError as refused:
        assert refused.code in (400, 404)


@pytest.mark.browser
def test_the_chart_loads_below_a_base_path_and_on_any_page(server: str, page: Page):
    page.goto(f"{server}/second")
    page.wait_for_selector(".kindred[data-ready=true]")
