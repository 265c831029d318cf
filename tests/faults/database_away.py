"""PostgreSQL restarted, and then away for a while, during runs: ``python -m tests.faults.database_away``.

The workers must wait and go on; the runs must end with the course of one that was left alone, to the bit: nothing
written twice, nothing missing.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass

from engine.runs.launching.local import start_worker
from engine.runs.store import Store
from tests import postgresql
from tests.faults.courses import config, course
from tests.waiting import wait_for

END_SECONDS = 1800


@dataclass(frozen=True)
class Found:
    """Attributes:
    runs: that were at work.
    steps_before, steps_after: their least step when the database went away for long, and their greatest when it came
        back.
    waited: runs whose log says that they waited.
    failed: exit codes of workers that did not end well.
    differing: runs with another course than one left alone.
    """

    runs: int
    steps_before: int
    steps_after: int
    waited: int
    failed: list[int]
    differing: list[str]


def take_database_away(server: postgresql.Server, store: Store, runs: int, seconds: float, epochs: int) -> Found:
    """Stop and start the server while runs are at work: at once, and then after ``seconds``."""
    alone = store.create(config(0, epochs), "left alone")
    assert start_worker(store, alone).wait(END_SECONDS) == 0
    whole = course(store, alone)
    run_ids = [store.create(config(0, epochs), f"disturbed {number}") for number in range(runs)]
    workers = [start_worker(store, run_id) for run_id in run_ids]

    def steps() -> list[int]:
        return [store.run(run_id).step for run_id in run_ids]

    wait_for(lambda: all(steps()), END_SECONDS)
    server.stop("immediate")
    server.start()
    before = steps()
    wait_for(lambda: all(now > then for now, then in zip(steps(), before, strict=True)), END_SECONDS)
    before = steps()
    server.stop("immediate")
    time.sleep(seconds)
    server.start()
    after = steps()
    codes = [worker.wait(END_SECONDS) for worker in workers]
    return Found(
        runs,
        min(before),
        max(after),
        sum(any("is back" in event.message for event in store.events(run_id)) for run_id in run_ids),
        [code for code in codes if code],
        [run_id for run_id in run_ids if course(store, run_id) != whole],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--epochs", type=int, default=150)
    arguments = parser.parse_args()
    programs = postgresql.find() or postgresql.install()
    assert programs, "there is no PostgreSQL, and none can be installed"
    server = postgresql.Server(programs)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server.start()
            store = Store(server.database(), folder)
            found = take_database_away(server, store, arguments.runs, arguments.seconds, arguments.epochs)
        finally:
            server.remove()
    print(found)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
