"""How fast the live chart answers, in a real Chromium: ``python -m tests.benchmarks.live_chart``."""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests import chromium
from tests.app.components.serving import drag, served, started_browser, wait_until_idle

PAGE = """
import numpy as np
import streamlit as st
from engine.charts.frontier import FrontierFrame, NetworkCard
from engine.charts.heatmap import cluster_order
from app.components import live_chart
from engine.affinity.series import AffinitySeries

st.set_page_config(layout="wide")

@st.cache_resource
def run():
    generator = np.random.default_rng(0)
    totals = generator.normal(0, 0.01, (100, 40, 40)).astype(np.float32)
    names = tuple(f"attribute {number}" for number in range(40))
    series = AffinitySeries(names, np.arange(101) * 20, np.full(100, 20), totals, totals**2)
    return series, cluster_order(series.mean().affinity)

if st.query_params.get("kind") == "frontier":
    tasks = [f"task {number}" for number in range(9)]
    frames = []
    for budget in range(1, 10):
        parts = np.array_split(tasks, budget)
        cards = tuple(NetworkCard(1.0, tuple((str(task), 0.5) for task in part)) for part in parts)
        frames.append(FrontierFrame(budget, float(np.sqrt(budget)), True, 0.0, cards))
    result = live_chart.frontier(frames, key="chart", value_title="total gain")
else:
    series, order = run()
    show = live_chart.graph if st.query_params.get("kind") == "graph" else live_chart.heatmap
    result = show(series, key="chart", **({} if show is live_chart.graph else {"order": order}))
    result = result.steps
st.html(f'<p id="result">{result}</p>')
"""
REPEATS = 5
START = "input[aria-label='Start of the interval']"

# The drag as the browser sees it: when each redraw was, when the thumb was released, when Python had answered.
WATCH = """
() => {
  const watched = { released: null, last: null, answered: null, redraws: [] };
  window.watched = watched;
  const root = document.querySelector(".kindred");
  new MutationObserver(() => {
    const at = performance.now();
    watched.redraws.push(at);
    requestAnimationFrame(() => setTimeout(() => (watched.last = performance.now())));
  }).observe(root, { attributes: true, attributeFilter: ["data-redraws"] });
  root.addEventListener("change", () => (watched.released = performance.now()), true);
  const result = document.querySelector("#result").textContent;
  new MutationObserver(() => {
    const now = document.querySelector("#result");
    if (now && now.textContent !== result) watched.answered ??= performance.now();
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""

TIMES = """
() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  chart: performance.getEntriesByName("kindred-redraw")[0].startTime,
})
"""


def open_chart(page: Page, address: str, kind: str) -> None:
    page.goto(f"{address}/?kind={kind}")
    page.wait_for_selector(".kindred[data-ready=true]")
    wait_until_idle(page)
    page.wait_for_timeout(500)
    page.evaluate(WATCH)


def drags(browser: Browser, address: str, kind: str, slider: str, stop: float, moves: int) -> list[dict]:
    """What the browser saw of several drags, each on a page of its own."""
    seen = []
    for _ in range(REPEATS):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        open_chart(page, address, kind)
        drag(page, slider, 0.0, stop, moves)
        page.wait_for_function("window.watched.answered !== null")
        page.wait_for_timeout(300)
        seen.append(page.evaluate("window.watched"))
        page.close()
    return seen


def visits(browser: Browser, address: str) -> tuple[dict, dict]:
    """Milliseconds until a new visitor, and the same one again, sees anything of the page and the whole heatmap."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    seen = []
    for _ in range(2):
        page.goto(f"{address}/?kind=heatmap", wait_until="commit")
        page.wait_for_selector(".kindred[data-ready=true]")
        page.wait_for_timeout(1500)  # the browser stores what it has compiled
        seen.append(page.evaluate(TIMES))
    context.close()
    return seen[0], seen[1]


def rates(seen: list[dict]) -> list[float]:
    """Redraws per second between the first and the last redraw before the release."""
    redraws = [[at for at in drag["redraws"] if at <= drag["released"]] for drag in seen]
    return [1000 * (len(times) - 1) / (times[-1] - times[0]) for times in redraws]


def main() -> int:
    """Measure and print; 1 if a goal is missed."""
    executable = chromium.find()
    if executable is None:
        print("No Chromium found: run python -m tests.chromium first.")
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        served(PAGE, Path(folder)) as address,
        started_browser(executable) as browser,
    ):
        visits(browser, address)  # warms the server
        new, again = zip(*[visits(browser, address) for _ in range(REPEATS)], strict=True)
        heatmap = drags(browser, address, "heatmap", START, 0.9, 90)  # a window each move
        graph = drags(browser, address, "graph", START, 0.9, 90)
        budget = drags(browser, address, "frontier", "input[type=range]", 1.0, 30)
    rows = [
        ("redraws a second, heatmap 40 × 40", rates(heatmap), ">=", 30),
        ("last frame after release, heatmap (ms)", [max(0.0, d["last"] - d["released"]) for d in heatmap], "<=", 50),
        ("interval release → Python's answer (ms)", [d["answered"] - d["released"] for d in heatmap], "<=", 150),
        ("redraws a second, graph with 400 arrows", rates(graph), None, None),
        ("budget release → Python's answer (ms)", [d["answered"] - d["released"] for d in budget], "<=", 150),
        ("first paint, first visit (ms)", [visit["first"] for visit in new], "<=", 2000),
        ("heatmap drawn, first visit (ms)", [visit["chart"] for visit in new], None, None),
        ("heatmap drawn, later visit (ms)", [visit["chart"] for visit in again], "<=", 2000),
    ]
    print(f"{'':45}{'median':>9}{'worst':>9}   goal")
    missed = 0
    for name, values, relation, goal in rows:
        worst = min(values) if "second" in name else max(values)
        median = statistics.median(values)
        met = relation is None or (median >= goal if relation == ">=" else median <= goal)
        missed += not met
        wanted = f"{relation} {goal}" if relation else "none"
        print(f"{name:45}{median:9.1f}{worst:9.1f}   {wanted}{'' if met else '   MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
