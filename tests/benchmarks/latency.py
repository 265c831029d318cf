"""How fast the dashboard answers in a real Chromium, and two others with the same matrices.

``python -m tests.benchmarks.latency [--tasks 9,40,100,200] [--windows 2000]`` serves stored runs of random matrices and
looks at the page Affinity as a visitor would: drags the slider, turns to another page, comes for the first time. Beside
it, with as many tasks, from `latency_beside`: the same heatmap by Streamlit's own parts, and TensorBoard's images.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Sequence

import numpy as np
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from engine.affinity.series import Window
from engine.runs.config import RunConfig
from engine.runs.store import Store
from tests import chromium
from tests.app.components.serving import drag, wait_until_idle
from tests.benchmarks.latency_beside import MOVES, REPEATS, of_plotly, of_tensorboard
from tests.conftest import serving

STEP = 10  # updates in a window
START = "input[aria-label='Start of the interval']"
GOALS = {  # at 100 tasks
    "redraws a second": (">=", 30),
    "last frame (ms)": ("<=", 50),
    "commit (ms)": ("<=", 150),
    "page switch (ms)": ("<=", 300),
    "first paint (ms)": ("<=", 1500),
    "server (ms)": ("<=", 30),
}
ANSWERS = "find a task", "zoom to it", "cut the tree", "another interval", "to one step", "back from it"
GOALS |= dict.fromkeys((f"{asked} (ms)" for asked in ANSWERS), ("<=", 100))
FEW = 24  # tasks, among which none is searched for

# The drag as the browser sees it: when each redraw was, when the thumb was released, when the page's address, which
# Python writes, told the new interval.
WATCH = """
() => {
  const watched = { released: null, last: null, answered: null, redraws: [] };
  window.watched = watched;
  const root = document.querySelector(".kindred");
  new MutationObserver(() => {
    watched.redraws.push(performance.now());
    requestAnimationFrame(() => setTimeout(() => (watched.last = performance.now())));
  }).observe(root, { attributes: true, attributeFilter: ["data-redraws"] });
  root.addEventListener("change", () => (watched.released = performance.now()), true);
  for (const name of ["pushState", "replaceState"]) {
    const before = history[name].bind(history);
    history[name] = (...all) => {
      before(...all);
      if (watched.released) watched.answered ??= performance.now();
    };
  }
}
"""
REDRAWN = "(before) => document.querySelector('.kindred-heatmap').dataset.redraws !== before"
# A click, and the first frame after it in which something stands on the page.
WATCH_SWITCH = """
(wanted) => {
  const switched = { clicked: null, shown: null };
  window.switched = switched;
  document.addEventListener("click", () => (switched.clicked = performance.now()), { capture: true, once: true });
  const observer = new MutationObserver(() => {
    if (switched.clicked === null || !document.querySelector(wanted)) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (switched.shown = performance.now())));
  });
  observer.observe(document.body, { subtree: true, childList: true, attributes: true });
}
"""


def stored(store: Store, tasks: int, windows: int, running: bool = False) -> tuple[str, Callable[[int], None]]:
    """A run of random matrices about one of its own: its id, and a function that adds a window of that number."""
    generator = np.random.default_rng(tasks)
    truth = generator.normal(0, 1, (tasks, tasks))
    names = [f"attribute {number}" for number in range(tasks)]
    run_id = store.create(RunConfig("yeast", seed=tasks), f"{tasks} tasks")
    token = store.claim(run_id)
    columns = {"tasks": names, "metrics": ["accuracy"] * tasks, "steps": 2 * windows * STEP}

    def window(number: int) -> Window:
        mean = truth + generator.normal(0, 1, (tasks, tasks))
        total = (STEP * mean).astype(np.float32)
        return Window(number * STEP, (number + 1) * STEP, STEP, total, (STEP * (mean**2 + 1)).astype(np.float32), None)

    def add(number: int) -> None:
        store.write(run_id, token, [window(number)], step=(number + 1) * STEP, status="running")

    for first in range(0, windows, 50):
        found = [window(number) for number in range(first, min(first + 50, windows))]
        status = "finished" if first + 50 >= windows and not running else "running"
        store.write(run_id, token, found, status=status, step=found[-1].step_to, **columns)
    return run_id, add


def of_kindred(browser: Browser, address: str, run_id: str) -> dict[str, list[float]]:
    """The times of the page Affinity, and the bytes that it was sent."""
    found: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    where = f"{address}/affinity?run={run_id}"
    for repeat in range(REPEATS + 1):  # the first warms the server
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        page = context.new_page()
        got = Received(page)
        page.goto(where, wait_until="commit")
        page.wait_for_selector(".kindred-heatmap[data-ready=true]")
        wait_until_idle(page)
        page.wait_for_timeout(700)
        sent = got.bytes
        page.evaluate(WATCH)
        drag(page, START, 0.0, 0.9, MOVES)
        page.wait_for_function("window.watched.answered !== null")
        page.wait_for_timeout(300)
        seen = page.evaluate("window.watched")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        drawn = page.evaluate("performance.getEntriesByName('kindred-redraw')[0].startTime")
        switched = switch(page, "Task graph", ".kindred-graph[data-ready=true]")
        again = switch(page, "Affinity", ".kindred-heatmap[data-ready=true]")
        context.close()
        if not repeat:
            continue
        before = [at for at in seen["redraws"] if at <= seen["released"]]
        note("redraws a second", 1000 * (len(before) - 1) / (before[-1] - before[0]))
        note("last frame (ms)", max(0.0, seen["last"] - seen["released"]))
        note("commit (ms)", seen["answered"] - seen["released"])
        note("page switch (ms)", switched)
        note("page switch (ms)", again)
        note("first paint (ms)", paint)
        note("chart drawn (ms)", drawn)
        note("first visit (kB)", sent / 1000)
    return found


def answers(browser: Browser, address: str, run_id: str) -> dict[str, list[float]]:
    """Milliseconds until the chart has drawn what a visitor asks of its many tasks, as it measures itself."""
    found: dict[str, list[float]] = {}
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"{address}/affinity?run={run_id}&order=cluster")
    chart = page.locator(".kindred-heatmap[data-ready=true]")
    chart.wait_for()
    wait_until_idle(page)
    find, cut = page.get_by_label("Find a task"), page.get_by_role("slider", name="Cut the tree")
    acts = (
        lambda: find.fill("attribute 7"),
        lambda: find.press("Enter"),
        lambda: cut.press("ArrowRight"),
        lambda: page.locator(START).press("PageUp"),
        lambda: page.get_by_text("At a step", exact=True).click(),
        lambda: page.get_by_text("Over an interval", exact=True).click(),
    )
    for _ in range(REPEATS):
        for asked, ask in zip(ANSWERS, acts, strict=True):
            before = chart.get_attribute("data-redraws")
            ask()
            page.wait_for_function(REDRAWN, arg=before)
            page.wait_for_timeout(500)
            found.setdefault(f"{asked} (ms)", []).append(float(chart.get_attribute("data-redraw-ms")))
        page.get_by_role("button", name="Show all tasks").click()
        find.fill("")
        page.wait_for_timeout(500)
    page.close()
    return found


def switch(page: Page, title: str, wanted: str) -> float:
    """Milliseconds from the click on a page's name to the frame with its chart."""
    page.evaluate(WATCH_SWITCH, wanted)
    page.get_by_role("link", name=title, exact=True).click()
    page.wait_for_function("window.switched.shown !== null")
    page.wait_for_timeout(500)
    return page.evaluate("window.switched.shown - window.switched.clicked")


class Received:
    """Bytes that a page was sent: what was fetched, as it was compressed, and Streamlit's messages."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.loadingFinished", self._loaded)
        self._session.on("Network.webSocketFrameReceived", self._message)

    def _loaded(self, event: dict) -> None:
        self.bytes += int(event["encodedDataLength"])

    def _message(self, event: dict) -> None:
        self.bytes += len(event["response"]["payloadData"]) * 3 // 4  # base64


def while_running(browser: Browser, address: str, run_id: str, add: Callable[[int], None], at: int) -> dict:
    """Milliseconds of the server, and bytes, for each new window of a run that is followed."""
    ended = threading.Event()

    def go_on() -> None:  # a run that says nothing for long is taken for interrupted
        number = at
        while not ended.wait(1.0):
            add(number)
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.wait_for_timeout(2000)
    got = Received(page)
    page.goto(f"{address}/affinity?run={run_id}")
    page.wait_for_selector(".kindred-heatmap[data-ready=true]")
    wait_until_idle(page)
    page.wait_for_timeout(4000)
    seconds, count, sent = *drawn(address), got.bytes
    page.wait_for_timeout(15_000)
    later, often = drawn(address)
    ended.set()
    writer.join()
    received = (got.bytes - sent) / 1000 / (often - count)
    page.close()
    return {"server (ms)": [1000 * (later - seconds) / (often - count)], "an update (kB)": [received]}


def drawn(address: str) -> tuple[float, int]:
    """Seconds that the server spent on the parts of Affinity that follow a run, and how many it drew."""
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[:1] != "#")
    of = 'kindred_page_drawing_seconds_{}{{extent="part",page="affinity"}}'
    return float(lines.get(of.format("sum"), 0)), int(float(lines.get(of.format("count"), 0)))


def report(name: str, found: dict[str, list[float]], tasks: int) -> int:
    """Print medians and the worst; how many goals were missed, which are those at 100 tasks."""
    missed = 0
    for what, values in found.items():
        relation, goal = GOALS.get(what, ("", 0)) if name == "Kindred" and tasks <= 100 else ("", 0)
        median = statistics.median(values)
        worst = min(values) if what == "redraws a second" else max(values)
        met = not relation or (median >= goal if relation == ">=" else median <= goal)
        missed += not met
        wanted = f"{relation} {goal}{'' if met else '   MISSED'}" if relation else ""
        print(f"{tasks:5} tasks  {name:16}{what:20}{median:10.1f}{worst:10.1f}   {wanted}", flush=True)
    return missed


def measure(playwright: Playwright, sizes: Sequence[int], windows: int) -> int:
    """Everything, printed as it is known; how many goals were missed."""
    missed = 0
    browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
    print(f"{'':11}  {'':16}{'':20}{'median':>10}{'worst':>10}   goal")
    for tasks in sizes:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(f"sqlite:///{folder}/kindred.db")
            run_id, _ = stored(store, tasks, windows)
            growing, add = stored(store, tasks, windows // 2, running=True)
            with serving(store.url) as (address, _):
                found = of_kindred(browser, address, run_id)
                if tasks > FEW:
                    found |= answers(browser, address, run_id)
                found |= while_running(browser, address, growing, add, windows // 2)
        missed += report("Kindred", found, tasks)
        report("st.plotly_chart", of_plotly(browser, tasks, min(windows, 500)), tasks)
        report("TensorBoard", of_tensorboard(browser, tasks), tasks)
    browser.close()
    return missed


def main() -> int:
    """Measure and print; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default="9,40,100,200", help="numbers of tasks")
    parser.add_argument("--windows", type=int, default=2000)
    arguments = parser.parse_args()
    if chromium.find() is None:
        print("No Chromium found: run python -m tests.chromium first.")
        return 1
    print("load before:", " ".join(f"{load:.2f}" for load in os.getloadavg()))
    with sync_playwright() as playwright:
        return min(1, measure(playwright, [int(each) for each in arguments.tasks.split(",")], arguments.windows))


if __name__ == "__main__":
    sys.exit(main())
