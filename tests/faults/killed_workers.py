"""Workers killed at random moments: ``python -m tests.faults.killed_workers``.

Each run is killed several times by SIGKILL and resumed until it ends; its course must be that of a run with the same
settings that was left alone, to the bit, and whoever reads it meanwhile must only ever see a beginning of that.
"""

import argparse
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from engine.runs.launching.local import start_worker
from engine.runs.store import Store
from tests.faults.courses import SETTINGS, config, course, half_read
from tests.waiting import wait_for

END_SECONDS = 600


@dataclass
class Found:
    """Attributes:
    kills: of a worker that was at work.
    steps: the steps at which they came.
    differing: runs that ended with another course than one left alone.
    reads: of courses while they grew.
    halves: of these, how many were not the beginning of the whole course.
    """

    kills: int = 0
    steps: list[int] = field(default_factory=list)
    runs: int = 0
    differing: list[str] = field(default_factory=list)
    reads: int = 0
    halves: int = 0


def kill_workers(store: Store, kills: int, a_run: int = 5, epochs: int = 120, at_once: int = 3, seed: int = 0) -> Found:
    """Kill workers ``kills`` times in all, ``a_run`` times each, ``at_once`` runs at a time."""
    found, draw, lock = Found(), random.Random(seed), threading.Lock()
    alone = {}
    for place in range(min(len(SETTINGS), -(-kills // a_run))):
        run_id = store.create(config(place, epochs), f"left alone {place}")
        began = time.monotonic()
        assert start_worker(store, run_id).wait(END_SECONDS) == 0, store.run(run_id).error
        alone[place] = course(store, run_id), time.monotonic() - began

    def disturbed(place: int, left: int) -> None:
        whole, took = alone[place % len(SETTINGS)]
        run_id = store.create(config(place, epochs), f"killed {place}")
        watching = threading.Event()
        watcher = threading.Thread(target=watch, args=(run_id, whole, watching))
        watcher.start()
        while store.run(run_id).status != "finished":
            worker = start_worker(store, run_id)
            if left:
                wait_for(lambda: store.run(run_id).status != "queued", END_SECONDS)
                time.sleep(draw.uniform(0, took / 2))
                worker.kill()
                left -= 1
            worker.wait(END_SECONDS)
            run = wait_for(lambda: not (now := store.run(run_id)).active and now, END_SECONDS)
            if run.status == "finished":
                break
            with lock:
                found.kills += 1
                found.steps.append(run.step)
            store.requeue(run_id)
        watching.set()
        watcher.join()
        with lock:
            found.runs += 1
            if course(store, run_id) != whole:
                found.differing.append(run_id)

    def watch(run_id: str, whole: dict[str, object], ended: threading.Event) -> None:
        reader = Store(store.url)
        while not ended.wait(0.05):
            half = bool(reader.run(run_id).tasks) and half_read(reader, run_id, whole)
            with lock:
                found.reads += 1
                found.halves += half

    planned = [min(a_run, kills - place * a_run) for place in range(-(-kills // a_run))]
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(disturbed, range(len(planned)), planned))
    while found.kills < kills:  # where a run had ended before its last one
        disturbed(found.runs, kills - found.kills)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", help="default: an SQLite store of its own")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(arguments.store or f"sqlite:///{folder}/kindred.db")
        began = time.monotonic()
        found = kill_workers(store, arguments.kills, seed=arguments.seed)
    print(f"{found.kills} kills in {found.runs} runs, at the steps {sorted(found.steps)}")
    print(f"runs that differ from one left alone: {len(found.differing)} {found.differing}")
    print(f"reads meanwhile: {found.reads}, of half a window: {found.halves}")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
