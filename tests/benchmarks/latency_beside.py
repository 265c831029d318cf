"""The same matrices beside Kindred's, dragged as fast: by ``st.plotly_chart`` and ``st.slider``, and by TensorBoard."""

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from tests.app.components.serving import served, wait_until_idle
from tests.conftest import free_port

REPEATS = 5
MOVES = 90
IMAGES = 60  # that TensorBoard is given; it keeps and shows each

# When a plotly chart below Streamlit's slider was drawn anew, and when the slider was released.
WATCH_PLOTLY = """
() => {
  const watched = { released: null, last: null, redraws: [] };
  window.watched = watched;
  new MutationObserver((all) => {
    const of = (each) => each.target.closest?.(".js-plotly-plot") || each.target.querySelector?.(".js-plotly-plot");
    if (!all.some(of)) return;
    watched.redraws.push(performance.now());
    requestAnimationFrame(() => setTimeout(() => (watched.last = performance.now())));
  }).observe(document.querySelector("[data-testid=stMain]"), { subtree: true, childList: true, attributes: true });
  document.addEventListener("pointerup", () => (watched.released = performance.now()), true);
}
"""
PLOTLY = """
import numpy as np
import plotly.express as px
import streamlit as st

st.set_page_config(layout="wide")

@st.cache_resource
def sums():
    generator = np.random.default_rng(0)
    return np.cumsum(generator.normal(size=({windows}, {tasks}, {tasks})).astype(np.float32), 0)

stop = st.slider("Step", 1, {windows}, {windows})
figure = px.imshow(sums()[stop - 1] / stop, color_continuous_scale="RdBu", color_continuous_midpoint=0, height=800)
st.plotly_chart(figure, key="heatmap")
"""


def of_plotly(browser: Browser, tasks: int, windows: int) -> dict[str, list[float]]:
    """The same of a page of Streamlit's own parts."""
    found: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(PLOTLY.format(tasks=tasks, windows=windows), Path(folder)) as address,
    ):
        for repeat in range(REPEATS + 1):
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(address)
            page.wait_for_selector(".js-plotly-plot .main-svg")
            wait_until_idle(page)
            page.wait_for_timeout(700)
            page.evaluate(WATCH_PLOTLY)
            box = page.locator("[data-testid=stSlider] div:has(> [data-testid=stSliderThumbValue])").bounding_box()
            track = page.locator("[data-testid=stSlider]").bounding_box()
            middle = box["y"] + box["height"] / 2
            page.mouse.move(box["x"] + box["width"] / 2, middle)
            page.mouse.down()
            for move in range(1, MOVES + 1):
                page.mouse.move(box["x"] - 0.9 * track["width"] * move / MOVES, middle)
            page.mouse.up()
            page.wait_for_timeout(2500)
            seen = page.evaluate("window.watched")
            page.close()
            if repeat:
                before = [at for at in seen["redraws"] if at <= seen["released"]]
                span = before[-1] - before[0] if len(before) > 1 else 0.0
                found.setdefault("redraws a second", []).append(1000 * (len(before) - 1) / span if span else 0.0)
                found.setdefault("last frame (ms)", []).append(seen["last"] - seen["released"])
    return found


@contextmanager
def tensorboard(tasks: int, folder: Path) -> Iterator[str]:
    """A TensorBoard on images of the running means of as many matrices: its address."""
    from torch.utils.tensorboard import SummaryWriter

    generator, total = np.random.default_rng(0), np.zeros((tasks, tasks))
    with SummaryWriter(str(folder)) as writer:
        for number in range(IMAGES):
            total += generator.normal(size=(tasks, tasks))
            shown = np.clip(0.5 + total / (number + 1) / 2, 0, 1)
            colours = np.stack([1 - shown, 0.5 * np.ones_like(shown), shown])
            writer.add_image("affinity", np.kron(colours, np.ones((1, 800 // tasks, 800 // tasks))), number)
    port = free_port()
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port)]
    command += ["--samples_per_plugin", f"images={IMAGES}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(address, timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "TensorBoard did not start"
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(10)


# TensorBoard shows an image a step, once it is loaded: when each was.
WATCH_IMAGES = """
(loader) => {
  const watched = { released: null, last: null, redraws: [] };
  window.watched = watched;
  new MutationObserver((all) => {
    if (!all.some(({ addedNodes }) => [...addedNodes].some((node) => node.tagName === "IMG"))) return;
    watched.redraws.push(performance.now());
    requestAnimationFrame(() => setTimeout(() => (watched.last = performance.now())));
  }).observe(loader.shadowRoot, { subtree: true, childList: true });
  document.addEventListener("mouseup", () => (watched.released = performance.now()), true);
}
"""


def of_tensorboard(browser: Browser, tasks: int) -> dict[str, list[float]]:
    """The same of TensorBoard's slider over its images."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, tensorboard(tasks, Path(folder)) as address:
        for repeat in range(REPEATS + 1):
            page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
            page.goto(f"{address}/#images")
            page.wait_for_selector("tf-image-loader img", timeout=60_000)
            page.wait_for_timeout(1500)
            page.locator("tf-image-loader").first.evaluate(WATCH_IMAGES)
            box = page.locator("tf-image-loader paper-slider#steps").bounding_box()
            middle = box["y"] + box["height"] / 2
            page.mouse.move(box["x"] + box["width"] - 20, middle)
            page.mouse.down()
            for move in range(1, MOVES + 1):
                page.mouse.move(box["x"] + box["width"] - 20 - 0.85 * box["width"] * move / MOVES, middle)
            page.mouse.up()
            page.wait_for_timeout(2000)
            seen = page.evaluate("window.watched")
            page.context.close()
            if repeat and seen["last"]:
                before = [at for at in seen["redraws"] if at <= seen["released"]]
                span = before[-1] - before[0] if len(before) > 1 else 0.0
                found.setdefault("redraws a second", []).append(1000 * (len(before) - 1) / span if span else 0.0)
                found.setdefault("last frame (ms)", []).append(max(0.0, seen["last"] - seen["released"]))
    return found
