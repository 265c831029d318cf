"""How long a full store takes to answer: ``python -m tests.benchmarks.store [--runs N] [--postgresql]``.

Runs of 500 windows with 40 tasks each, as trained ones store them. Timed are the calls behind the list of runs and a
run's page, and both pages as the server renders them to a new visitor, a run's page also when it is read already.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from engine.runs import new, schema
from engine.runs.config import RunConfig
from engine.runs.store import Store
from tests import postgresql

WINDOWS, TASKS = 500, 40
REPEATS = 7
PAGE = (
    "import time\nimport streamlit as st\nfrom app import state\nfrom app.components.guard import guarded\n"
    "from app.views import {page}\nbegan = time.perf_counter()\nstate.read_url()\nguarded({page}.show)()\n"
    "st.session_state['took'] = time.perf_counter() - began"
)


def fill(store: Store, runs: int) -> list[str]:
    """Add finished runs of random matrices; their ids."""
    generator = np.random.default_rng(0)
    blobs = [generator.normal(size=(TASKS, TASKS)).astype("<f4") for _ in range(WINDOWS)]
    windows = [
        {"step_from": 10 * place, "step_to": 10 * place + 10, "updates": 10, "total": blob.tobytes()}
        | {"total_squares": (blob**2).tobytes(), "counts": None}
        for place, blob in enumerate(blobs)
    ]
    names = [f"attribute {number}" for number in range(TASKS)]
    numbers = generator.normal(size=TASKS).astype("<f4").tobytes()
    run_ids = []
    for number in range(runs):
        columns = new.queued(RunConfig("yeast", seed=number), f"run {number}")
        columns |= {"status": "finished", "tasks": names, "metrics": ["accuracy"] * TASKS}
        columns |= {"step": 10 * WINDOWS, "steps": 10 * WINDOWS, "started": time.time(), "finished": time.time()}
        key = {"run": columns["id"]}
        losses = [
            key | {"split": split, "step": 500 * epoch, "losses": numbers, "metrics": numbers}
            for split in ("train", "validation")
            for epoch in range(10)
        ]
        with store._database.writing() as connection:
            connection.execute(schema.runs.insert().values(new.complete(columns)))
            connection.execute(schema.windows.insert(), [key | window for window in windows])
            connection.execute(schema.evaluations.insert(), losses)
        run_ids.append(columns["id"])
    return run_ids


def milliseconds(act: Callable[[], float | object], repeats: int = REPEATS) -> str:
    """The median, and the extremes, of several calls; where one says how many seconds it took, of what they say."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        said = act()
        took.append(1000 * (said if isinstance(said, float) else time.perf_counter() - began))
    return f"{statistics.median(took):7.0f} ms ({min(took):.0f} to {max(took):.0f})"


def rendered(page: str, **parameters: str) -> Callable[[], float]:
    """A page as the server renders it to a new visitor: the seconds of its script, as AppTest's own work, reading the
    page back, is nobody's wait."""
    from streamlit.testing.v1 import AppTest

    def show() -> float:
        app = AppTest.from_string(PAGE.format(page=page), default_timeout=120)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception and not app.error, (app.exception, app.error)
        return app.session_state["took"]

    return show


def measure(url: str, files: str, runs: int) -> None:
    """Fill a new store and print what its answers take."""
    store = Store(url, files)
    began = time.monotonic()
    run_ids = fill(store, runs)
    print(f"{runs} runs of {WINDOWS} windows with {TASKS} tasks, written in {time.monotonic() - began:.0f} s")
    with store._database._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("ANALYZE"))
    picked = iter(np.random.default_rng(1).permutation(run_ids).tolist() * 9)
    print("list of runs, read      ", milliseconds(store.runs))
    print("windows of a run, read  ", milliseconds(lambda: store.series(next(picked))))
    os.environ["KINDRED_STORE"], os.environ["KINDRED_FILES"] = store.url, files
    for page in ("runs", "affinity"):
        rendered(page)()  # imports
    print("list of runs, page      ", milliseconds(rendered("runs")))
    print("run's page, never read  ", milliseconds(lambda: rendered("affinity", run=next(picked))()))
    again = next(picked)
    rendered("affinity", run=again)()
    print("run's page, again       ", milliseconds(rendered("affinity", run=again)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--postgresql", action="store_true")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if arguments.postgresql:
            programs = postgresql.find() or postgresql.install()
            assert programs, "there is no PostgreSQL, and none can be installed"
            server = postgresql.Server(programs)
            stack.callback(server.remove)
            server.start()
            url = server.database()
        else:
            url = f"sqlite:///{folder}/kindred.db"
        measure(url, str(folder / "files"), arguments.runs)


if __name__ == "__main__":
    main()
