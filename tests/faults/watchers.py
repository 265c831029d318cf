"""Many people watching one run as it trains: ``python -m tests.faults.watchers --watchers 50 --seconds 60``.

A dashboard and a worker as in earnest; the watchers in one process, see ``visitors``, and one of them a real Chromium
as a check of the others. They watch for a while and look away for as long, in turns, so that how fast the training is
can be compared within one run: first as the system schedules it, then with the training on a core of its own and all
else on another, where what is left of the slowdown is not a want of cores.
"""

import argparse
import asyncio
import multiprocessing
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from engine.runs.config import RunConfig
from engine.runs.launching.local import start_worker
from engine.runs.store import Store
from tests import chromium
from tests.conftest import serving
from tests.faults.visitors import Visitor
from tests.waiting import wait_for

TASKS, INPUTS, ROWS = 40, 30, 4000
EVERY = 10
LOOK_SECONDS = 0.01
SETTLE_SECONDS = 3.0
TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass
class Phase:
    """What was seen while there were watchers, or none.

    Attributes:
        watched: whether there were.
        seconds: of it.
        steps: of training a second.
        step_cpu: milliseconds of the worker's processor time a step.
        server_cpu, client_cpu: seconds of processor time.
        answers: pages, or parts of them, that the server drew.
        updates: commits of new windows.
        latencies: seconds from each of these to each watcher's having it.
        missed: updates that a watcher did not get in the phase, nor a later one in their place.
        received: bytes, of all watchers.
        rss: of the server in MiB, each second.
    """

    watched: bool
    seconds: float = 0.0
    steps: float = 0.0
    step_cpu: float = 0.0
    server_cpu: float = 0.0
    client_cpu: float = 0.0
    answers: int = 0
    updates: int = 0
    latencies: list[float] = field(default_factory=list)
    missed: int = 0
    received: int = 0
    rss: list[float] = field(default_factory=list)


@dataclass
class Found:
    """Attributes:
    phases: in their order, by whether training had a core of its own.
    before, opened: the server's RSS in MiB before the first visitor, and with all pages open.
    opening: seconds until all pages were drawn, when all came at once.
    errors: what pages said in error boxes.
    browser: how many updates a real browser showed, and how many a watcher got meanwhile; None without a browser.
    """

    phases: dict[bool, list[Phase]] = field(default_factory=dict)
    before: float = 0.0
    opened: float = 0.0
    opening: float = 0.0
    errors: list[str] = field(default_factory=list)
    browser: tuple[int, int] | None = None


def long_run(store: Store, folder: Path, window: int) -> str:
    """A queued run of 40 tasks that lasts for hours, with a window every ``window`` steps."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(ROWS, INPUTS))
    common = inputs @ draw.normal(size=(INPUTS, 8)) @ draw.normal(size=(8, TASKS)) / 10
    np.savez(folder / "table.npz", x=inputs, task=np.tanh(common) + 0.3 * draw.normal(size=(ROWS, TASKS)))
    settings = {"affinity": "last_layer", "every": EVERY, "window": window // EVERY}
    targets = ",".join(f"task_{number}" for number in range(TASKS))
    config = RunConfig(
        dataset="table", table=str(folder / "table.npz"), targets=targets, epochs=100_000, width=64, **settings
    )
    return store.create(config, "watched")


# A process's own numbers


def cpu_seconds(process: int) -> float:
    """Processor time of all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(process: int) -> float:
    """Memory that it holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / 2**20


def pin(process: int, cores: Sequence[int]) -> None:
    """Keep all threads of a process on these cores."""
    for thread in os.listdir(f"/proc/{process}/task"):
        os.sched_setaffinity(int(thread), cores)


# The watchers' process


@dataclass
class Commits:
    """What a run stores, as seen from outside.

    Attributes:
        windows: when a window was seen to be stored, and the step that it ends at.
        steps: likewise, the step that the run was seen to be at.
    """

    windows: list[tuple[float, int]] = field(default_factory=list)
    steps: list[tuple[float, int]] = field(default_factory=list)

    async def watch(self, path: str, run_id: str) -> None:
        """Look until cancelled; asks only whether anything was written, mostly."""
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        version = None
        while True:
            now = connection.execute("PRAGMA data_version").fetchone()[0]
            if now != version:
                version, at = now, time.time()
                step = connection.execute("SELECT step FROM runs WHERE id = ?", (run_id,)).fetchone()[0]
                last = connection.execute("SELECT max(step_to) FROM windows WHERE run = ?", (run_id,)).fetchone()[0]
                if not self.steps or step != self.steps[-1][1]:
                    self.steps.append((at, step))
                if last and (not self.windows or last != self.windows[-1][1]):
                    self.windows.append((at, last))
            await asyncio.sleep(LOOK_SECONDS)

    def rate(self, began: float, ended: float) -> float:
        """Steps a second between the first and the last report in that time."""
        times, steps = zip(*[seen for seen in self.steps if began <= seen[0] <= ended], strict=True)
        return (steps[-1] - steps[0]) / (times[-1] - times[0])


def _clients(pipe: Connection, address: str, path: str, run_id: str, server: int, worker: int) -> None:
    os.nice(5)
    asyncio.run(_serve(pipe, address, path, run_id, server, worker))


async def _serve(pipe: Connection, address: str, path: str, run_id: str, server: int, worker: int) -> None:
    """Do what the measuring process asks for, one thing after another."""
    commits, visitors, tasks = Commits(), [], []
    looking = asyncio.create_task(commits.watch(path, run_id))
    loop = asyncio.get_running_loop()
    while True:
        order, *arguments = await loop.run_in_executor(None, pipe.recv)
        if order == "open":
            new = [Visitor(address, "affinity", f"run={run_id}") for _ in range(arguments[0])]
            events = [asyncio.Event() for _ in new]
            began = time.time()
            tasks += [asyncio.create_task(each.stay(event)) for each, event in zip(new, events, strict=True)]
            await _while(asyncio.gather(*(event.wait() for event in events)), tasks)
            visitors += new
            pipe.send(time.time() - began)
        elif order == "phase":
            pipe.send(await _phase(*arguments, commits, visitors, server, worker))
        elif order == "end":
            for task in (*tasks, looking):
                task.cancel()
            pipe.send(([error for each in visitors for error in each.errors], visitors[0].seen if visitors else []))
            return


async def _while(wanted: asyncio.Future, tasks: Sequence[asyncio.Task]) -> None:
    """Wait for what is wanted.

    Raises:
        Exception: that one of the tasks, which have no end, came to.
    """
    done, _ = await asyncio.wait({wanted, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for each in done:
        each.result()


async def _phase(
    watched: bool, seconds: float, commits: Commits, visitors: list[Visitor], server: int, worker: int
) -> Phase:
    for visitor in visitors:
        visitor.paused = not watched
    await asyncio.sleep(SETTLE_SECONDS)
    began, found = time.time(), Phase(watched)
    before = cpu_seconds(server), time.process_time(), cpu_seconds(worker), _answers(visitors), _received(visitors)
    while time.time() - began < seconds:
        found.rss.append(rss_mib(server))
        await asyncio.sleep(1)
    ended = time.time()
    found.seconds = ended - began
    found.server_cpu, found.client_cpu = cpu_seconds(server) - before[0], time.process_time() - before[1]
    found.answers, found.received = _answers(visitors) - before[3], _received(visitors) - before[4]
    found.steps = commits.rate(began, ended)
    found.step_cpu = 1000 * (cpu_seconds(worker) - before[2]) / (found.steps * found.seconds)
    updates = [seen for seen in commits.windows if began <= seen[0] <= ended - SETTLE_SECONDS]
    found.updates = len(updates)
    if watched:
        for visitor in visitors:
            for at, end in updates:
                arrived = [then for then, seen in visitor.seen if seen >= end and then >= began]
                found.missed += not arrived
                found.latencies += [max(0.0, arrived[0] - at)] if arrived else []
    return found


def _answers(visitors: Sequence[Visitor]) -> int:
    return sum(visitor.answers for visitor in visitors)


def _received(visitors: Sequence[Visitor]) -> int:
    return sum(visitor.received for visitor in visitors)


# The measuring process

# Every text that the chart says it shows, as long as the page is open.
_NOTE = """
() => {
  window.noted = [];
  const readout = document.querySelector(".kindred-heatmap output");
  const note = () => window.noted.at(-1) !== readout.textContent && window.noted.push(readout.textContent);
  new MutationObserver(note).observe(readout, { childList: true, characterData: true, subtree: true });
}
"""


@contextmanager
def _browser(address: str, run_id: str) -> Iterator[list[tuple[float, float, int]]]:
    """A real page on the run; afterwards from when to when it was watched, and how many updates it showed."""
    found: list[tuple[float, float, int]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        page = browser.new_page()
        page.goto(f"{address}/affinity?run={run_id}")
        page.wait_for_selector(".kindred-heatmap[data-ready=true]", timeout=120_000)
        page.evaluate(_NOTE)
        began = time.time()
        yield found
        found.append((began, time.time(), len(page.evaluate("window.noted"))))
        browser.close()


def watch(
    watchers: int, seconds: float, turns: int, window: int, pinned: Sequence[bool] = (False,), browser: bool = True
) -> Found:
    """Let so many watch a run.

    Args:
        seconds: of a turn with watchers, and of one without.
        turns: of both.
        window: steps of training between updates.
        pinned: whether training has a core of its own; one after another.
        browser: whether a real one looks too, for as long as one turn.
    """
    found = Found()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store = Store(f"sqlite:///{folder}/kindred.db")
        run_id = long_run(store, folder, window)
        with serving(store.url) as (address, server):
            worker = start_worker(store, run_id)
            context = multiprocessing.get_context("spawn")
            pipe, theirs = context.Pipe()
            clients = context.Process(
                target=_clients,
                args=(theirs, address, str(folder / "kindred.db"), run_id, server.pid, worker.pid),
                daemon=True,
            )
            try:
                wait_for(lambda: len(store.series(run_id)) > 1)
                clients.start()
                theirs.close()
                found.before = rss_mib(server.pid)
                found.opening = _told(pipe, "open", watchers)
                found.opened = rss_mib(server.pid)
                for apart in pinned:
                    cores = sorted(os.sched_getaffinity(0))
                    pin(worker.pid, cores[:1] if apart else cores)
                    for process in (server.pid, clients.pid):
                        pin(process, cores[1:] if apart else cores)
                    found.phases[apart] = [
                        _told(pipe, "phase", watched, seconds) for _ in range(turns) for watched in (False, True)
                    ]
                looking = _browser(address, run_id) if browser else nullcontext([])
                with looking as seen:
                    if browser:
                        _told(pipe, "phase", True, seconds)
                found.errors, first = _told(pipe, "end")
                if browser:
                    began, ended, shown = seen[0]
                    found.browser = shown, len([at for at, _ in first if began <= at <= ended])
            finally:
                if clients.is_alive():
                    clients.kill()
                worker.kill()
                worker.wait()
    return found


def _told(pipe: Connection, *order: object) -> object:
    """
    Raises:
        EOFError: if the watchers' process has ended.
    """
    pipe.send(order)
    return pipe.recv()


def report(found: Found, watchers: int) -> None:
    """Print it."""
    print(f"pages of {watchers} watchers who came at once: drawn after {found.opening:.1f} s")
    for apart, phases in found.phases.items():
        print("training on a core of its own:" if apart else "as the system schedules it:")
        _report_phases(phases, watchers)
    series = [rss for phases in found.phases.values() for each in phases for rss in each.rss]
    quarter = max(1, len(series) // 4)
    first, last = statistics.median(series[:quarter]), statistics.median(series[-quarter:])
    print(f"server's memory: before {found.before:.0f} MiB, pages open {found.opened:.0f}, most {max(series):.0f}")
    print(f"  first quarter {first:.0f}, last quarter {last:.0f}: {last - first:+.1f} MiB in {len(series)} s")
    print(f"error boxes: {len(found.errors)} {found.errors[:1]}")
    if found.browser:
        print("updates in a real browser {}, in a watcher {}".format(*found.browser))


def _report_phases(phases: Sequence[Phase], watchers: int) -> None:
    watched, alone = ([each for each in phases if each.watched is wanted] for wanted in (True, False))
    seconds = sum(each.seconds for each in watched)
    updates, missed = sum(each.updates for each in watched), sum(each.missed for each in watched)
    middle, late, last = np.percentile([took for each in watched for took in each.latencies], (50, 95, 100))
    print(f"  update → watcher: median {middle:.2f} s, 95 % {late:.2f} s, worst {last:.2f} s")
    print(f"  {updates} updates to {watchers} watchers each; not received in time: {missed}")
    rate, slowed = (statistics.mean(each.steps for each in part) for part in (alone, watched))
    pairs = [100 * (1 - one.steps / other.steps) for one, other in zip(watched, alone, strict=True)]
    print(f"  training {rate:.1f} steps/s alone, {slowed:.1f} watched: {100 * (1 - slowed / rate):.1f} % slower")
    print(f"    in each turn: {', '.join(f'{pair:.1f}' for pair in pairs)} %")
    cost, raised = (statistics.mean(each.step_cpu for each in part) for part in (alone, watched))
    print(f"    processor time a step {cost:.3f} ms alone, {raised:.3f} watched: {100 * (raised / cost - 1):+.1f} %")
    cpu, answers = sum(each.server_cpu for each in watched), sum(each.answers for each in watched)
    print(
        f"  server: {100 * cpu / seconds:.0f} % of a core, {1000 * cpu / answers:.1f} ms for each of {answers} answers"
    )
    print(f"    {1000 * cpu / max(1, updates) / watchers:.1f} ms a watcher and update, looks in between included")
    idle = sum(each.server_cpu for each in alone) / sum(each.seconds for each in alone)
    print(f"    {100 * idle:.1f} % while nobody looks")
    print(f"  the watchers' own process: {100 * sum(each.client_cpu for each in watched) / seconds:.0f} % of a core")
    print(f"  sent: {sum(each.received for each in watched) / 2**20 / seconds:.2f} MiB/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0, help="watched, and as long alone, in turns")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--window", type=int, default=400, help="steps of training between updates")
    arguments = parser.parse_args()
    apart = len(os.sched_getaffinity(0)) > 1
    print("load before:", " ".join(f"{load:.2f}" for load in os.getloadavg()))
    found = watch(
        arguments.watchers,
        arguments.seconds / arguments.turns,
        arguments.turns,
        arguments.window,
        (False, True) if apart else (False,),
        browser=chromium.find() is not None,
    )
    report(found, arguments.watchers)
    print("load after:", " ".join(f"{load:.2f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main()
