"""A Streamlit server with one page of the test's own, and a browser to look at it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import FLAGS

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60

_SERVER = """
from streamlit.starlette import App
from app import server
routes = [*server.assets.routes(), *server.pieces.routes()]
app = App("page.py", routes=routes, lifespan=server.warm_up, on_script_error=server.show_error)
"""


@contextmanager
def served(page: str, folder: Path, base: str = "") -> Iterator[str]:
    """The address of a server like ``app/server.py``, below the path ``base``, whose only page runs ``page``."""
    (folder / "server.py").write_text(_SERVER, encoding="utf-8")
    (folder / "page.py").write_text(page, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "server.py"), "--server.port", str(port)]
    command += ["--server.baseUrlPath", base] if base else []
    env = {"KINDRED_STORE": f"sqlite:///{folder / 'kindred.db'}", **os.environ}  # the server looks for waiting runs
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/{base}".rstrip("/")
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{address}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False


@contextmanager
def started_browser(executable: str) -> Iterator[Browser]:
    """A Chromium with a fresh profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


def wait_until_idle(page: Page) -> None:
    """Wait until the page's script has run to its end."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def drag(page: Page, slider: str, start: float, stop: float, moves: int = 30, pause_ms: float = 0) -> None:
    """Drag a range input's thumb from one share of its track to another, and release it."""
    box = page.locator(slider).bounding_box()
    thumb = 18
    height = box["y"] + box["height"] / 2

    def at(share: float) -> float:
        return box["x"] + thumb / 2 + share * (box["width"] - thumb)

    page.mouse.move(at(start), height)
    page.mouse.down()
    for move in range(1, moves + 1):
        page.mouse.move(at(start + (stop - start) * move / moves), height)
        if pause_ms:
            page.wait_for_timeout(pause_ms)
    page.mouse.up()
