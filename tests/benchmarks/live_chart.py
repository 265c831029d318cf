"""How fast the live chart answers, in a real Chromium: ``python -m tests.benchmarks.live_chart``."""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests import chromium
from tests.app.components.serving import drag, served, started_browser, wait_until_idle

PAGE = '''
import numpy as np
import streamlit as st
from app.charts.frontier import FrontierFrame, NetworkCard
from app.charts.heatmap import cluster_order
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
'''
REPEATS = 5
START = "input[aria-label='Start of the interval']"

# The drag as the browser sees it: when each redraw was presented, when the thumb was released, when Python had answered.
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


def open_chart(page: Page, address: str, kind: str) -> None:
    page.goto(f"{address}/?kind={kind}")
    page.wait_for_selector(".kindred[data-ready=true]")
    wait_until_idle(page)
    page.wait_for_timeout(500)
    page.evaluate(WATCH)


def drags(browser: Browser, address: str, kind: str, slider: str, start: float, stop: float) -> list[dict]:
    """What the browser saw of several drags over about a second, each on a page of its own."""
    seen = []
    for _ in range(REPEATS):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        open_chart(page, address, kind)
        drag(page, slider, start, stop, moves=120, pause_ms=4)
        page.wait_for_function("window.watched.answered !== null")
        page.wait_for_timeout(300)
        seen.append(page.evaluate("window.watched"))
        page.close()
    return seen


def first_paint(browser: Browser, address: str) -> float:
    """Milliseconds until a visitor with an empty cache sees the heatmap."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.goto(f"{address}/?kind=heatmap", wait_until="commit")
    page.wait_for_selector(".kindred[data-ready=true]")
    drawn = page.evaluate("performance.getEntriesByName('kindred-redraw')[0].startTime")
    context.close()
    return drawn


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
    with tempfile.TemporaryDirectory() as folder, served(PAGE, Path(folder)) as address:
        with started_browser(executable) as browser:
            first_paint(browser, address)  # warms the server
            paints = [first_paint(browser, address) for _ in range(REPEATS)]
            heatmap = drags(browser, address, "heatmap", START, 0.0, 0.9)
            graph = drags(browser, address, "graph", START, 0.0, 0.9)
            budget = drags(browser, address, "frontier", "input[type=range]", 0.0, 1.0)
    rows = [
        ("redraws a second, heatmap 40 × 40", rates(heatmap), ">=", 30),
        ("last frame after release, heatmap (ms)", [d["last"] - d["released"] for d in heatmap], "<=", 50),
        ("interval release → Python's answer (ms)", [d["answered"] - d["released"] for d in heatmap], "<=", 150),
        ("redraws a second, graph of 40 tasks", rates(graph), ">=", 30),
        ("budget release → Python's answer (ms)", [d["answered"] - d["released"] for d in budget], "<=", 150),
        ("first paint, warm server, empty cache (ms)", paints, "<=", 2000),
    ]
    print(f"{'':45}{'median':>9}{'worst':>9}   goal")
    missed = 0
    for name, values, relation, goal in rows:
        worst = min(values) if relation == ">=" else max(values)
        median = statistics.median(values)
        met = median >= goal if relation == ">=" else median <= goal
        missed += not met
        print(f"{name:45}{median:9.1f}{worst:9.1f}   {relation} {goal}{'' if met else '   MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
