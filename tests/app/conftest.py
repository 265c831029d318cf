"""The dashboard without a browser: every page by Streamlit's own AppTest."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from engine import texts
from engine.errors import KindredError

MAIN = Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture(autouse=True)
def main_module():
    """Streamlit makes a page the main module; processes that later tests spawn would begin by running it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
    texts.ask(None)


@pytest.fixture
def show(store):
    """``show(page, **parameters)``: the page of that path, opened by an address with these parameters; and on it open
    what is else drawn only once it is opened."""

    def opened(page: str, **parameters: str) -> AppTest:
        app = AppTest.from_string(
            f"from app import state\nfrom app.components.guard import guarded\nfrom app.views import {page}\n"
            "from engine import texts\ntexts.ask(state.language)\n"
            f"state.read_url()\nguarded({page}.show)()",
            default_timeout=30,
        )
        for name, value in parameters.items():
            app.query_params[name] = value
        with suppress(KindredError):  # of a damaged store there is nothing to open
            for key in (
                "affinity-table",
                "graph-table",
                "overview-table",
                "training-table",
                "reliability-course",
                *(f"more-{run.id}" for run in store.runs()),
            ):
                app.session_state[key] = True
        return app.run()

    return opened


@pytest.fixture
def main_app(store):
    """The dashboard's entry point, as the server runs it."""
    return AppTest.from_file(str(MAIN), default_timeout=30).run()


@pytest.fixture
def gone(monkeypatch):
    """The pages that were turned to."""
    pages = []
    monkeypatch.setattr(state, "go_to", pages.append)
    return pages
