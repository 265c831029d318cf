"""What several tests share: a store of their own, a served dashboard, a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.runs.store import Store
from tests import chromium as chromiums
from tests import postgresql as postgresqls

ROOT = Path(__file__).parents[1]


@pytest.fixture
def store_url(tmp_path, monkeypatch):
    """The URL of a fresh store, which is also the process's ``KINDRED_STORE``."""
    url = f"sqlite:///{tmp_path / 'kindred.db'}"
    monkeypatch.setenv("KINDRED_STORE", url)
    return url


@pytest.fixture
def store(store_url):
    """A fresh store with the published matrices."""
    return Store(store_url)


@pytest.fixture(scope="session")
def postgresql():
    """A running PostgreSQL server; without one the test is skipped."""
    programs = postgresqls.find()
    if programs is None:
        pytest.skip("no PostgreSQL: run `python -m tests.postgresql` to install one")
    server = postgresqls.Server(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(store_url, port=None, **environment):
    """A real dashboard on a store: its address and its process."""
    port = port or free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "KINDRED_STORE": store_url, **environment},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, "the dashboard did not start"
                time.sleep(0.2)
        else:
            raise AssertionError("the dashboard did not answer within 60 s")
        yield address, server
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def dashboard(store_url):
    """The address of a real dashboard on the fresh store."""
    with serving(store_url) as (address, _):
        yield address


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium, headless; without one the test is skipped."""
    from playwright.sync_api import sync_playwright

    path = chromiums.find()
    if path is None:
        pytest.skip("no Chromium: run `python -m tests.chromium` to install one, or set KINDRED_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromiums.FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A fresh page of 1440 × 1000; no error may reach its console."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors
