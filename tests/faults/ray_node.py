"""A node of a Ray cluster killed during a study: ``python -m tests.faults.ray_node``.

Two nodes train the pairs of some tasks; one is killed with all that runs on it. Its networks must be trained again
elsewhere, the study must end complete, none counted twice, with the losses of a study that was left alone.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from engine.runs.store import Store
from engine.studies.measurement import Measurement
from tests.ray_cluster import Cluster, environment
from tests.waiting import wait_for

END_SECONDS = 900


@dataclass(frozen=True)
class Found:
    """Attributes:
    networks: of the study.
    known: of them, measured when the node was killed.
    trained: times that a training was begun for good, as the run's log of spent epochs has it.
    differing: networks whose losses are not those of a study that was left alone.
    status: of the run in the end.
    """

    networks: int
    known: int
    kept: int
    counted: float
    differing: list[str]
    status: str
    seconds: float


def measure(store: Store, *more: str, env: dict[str, str] | None = None) -> str:
    """Measure the networks of some tasks of yeast on the command line; the run's id."""
    command = [sys.executable, "-m", "engine", "measure", "--dataset", "yeast", "--workers", "2", *more]
    told = {"KINDRED_STORE": store.url, "KINDRED_FILES": str(store.folder)}
    done = subprocess.run(command, env=os.environ | (env or {}) | told, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def kill_node(folder: str, tasks: int, epochs: int) -> Found:
    """Measure every pair of so many tasks in a cluster of two nodes, and kill the second during it."""
    names = ",".join(f"Class{number + 1}" for number in range(tasks))
    study = ["--tasks", names, "--networks", "pairs", "--epochs", str(epochs), "--patience", str(epochs)]
    alone = Store(f"sqlite:///{folder}/alone.db")
    measure(alone, *study)
    store = Store(f"sqlite:///{folder}/kindred.db")
    with Cluster() as cluster:
        cluster.node(1)
        lost = cluster.node(1)
        began = time.monotonic()
        env = environment() | {"RAY_ADDRESS": cluster.address, "KINDRED_LAUNCHER": "ray"}
        run_id = measure(store, *study, "--detach", env=env)
        known = wait_for(lambda: store.measurements() or not store.run(run_id).active, END_SECONDS)
        assert known is not True, store.run(run_id).error
        cluster.kill(lost)
        run = wait_for(lambda: not (now := store.run(run_id)).active and now, END_SECONDS)
        seconds = time.monotonic() - began
    wanted, found = _by_key(alone), _by_key(store)
    differing = [
        each.name
        for key, each in wanted.items()
        if key not in found or any((each.losses[split] != found[key].losses[split]).any() for split in each.losses)
    ]
    counted = float(re.search(r"([\d.]+) SNT-epochs", run.note)[1]) / sum(each.snt_epochs for each in found.values())
    return Found(len(wanted), len(known), len(store.measurements()), counted, differing, run.status, seconds)


def _by_key(store: Store) -> dict[str, Measurement]:
    return {each.key: each for each in store.measurements()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(kill_node(folder, arguments.tasks, arguments.epochs))


if __name__ == "__main__":
    main()
