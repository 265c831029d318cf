"""The browser that the live chart's tests look through."""

import warnings
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests import chromium as chromium_of
from tests.app.components.serving import started_browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium; where there is none the tests are skipped, and say so."""
    executable = chromium_of.find()
    if executable is None:
        warnings.warn("NO CHROMIUM: the live chart was not tested in a browser.", stacklevel=1)
        pytest.skip("no Chromium found; run python -m tests.chromium")
    with started_browser(executable) as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh tab of 1200 × 900 in the light theme; an uncaught JavaScript error fails the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, color_scheme="light")
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert not errors
