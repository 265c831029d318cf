"""Networks trained per minute by local workers and by a Ray cluster: ``python -m tests.benchmarks.launchers``.

Each way measures the same networks of yeast, on this machine; the cluster's nodes are processes of it. Counted is from
the launch to the end of the study, less what its first training waits for: interpreters, data, and Ray's own processes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from engine.runs.store import Store
from tests.ray_cluster import Cluster, environment
from tests.waiting import wait_for

END_SECONDS = 1800


def minutes(folder: str, name: str, workers: int, networks: str, epochs: int, env: dict[str, str]) -> tuple[int, float]:
    """How many networks were trained after the first one had ended, and the minutes from then to the last end."""
    store = Store(f"sqlite:///{folder}/{name}.db")
    told = {"KINDRED_STORE": store.url, "KINDRED_FILES": str(store.folder)}
    command = [sys.executable, "-m", "engine", "measure", "--dataset", "yeast", "--networks", networks, "--detach"]
    command += ["--epochs", str(epochs), "--patience", str(epochs), "--workers", str(workers)]
    done = subprocess.run(command, env=os.environ | env | told, capture_output=True, text=True, check=True)
    run_id = done.stdout.split()[-1]
    first = wait_for(lambda: len(store.measurements()), END_SECONDS, pause=0.05)
    began = time.monotonic()
    wait_for(lambda: not store.run(run_id).active, END_SECONDS, pause=0.05)
    run = store.run(run_id)
    assert run.status == "finished", run.error
    return len(store.measurements()) - first, (time.monotonic() - began) / 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="random:60")
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    rates: dict[str, float] = {}

    def measure(name: str, workers: int, env: dict[str, str]) -> None:
        trained, took = minutes(folder, name, workers, arguments.networks, arguments.epochs, env)
        rates[name] = trained / took
        ratio = rates[name] / rates["1 local worker"]
        print(f"{name:24} {rates[name]:6.1f} networks a minute, {ratio:.2f} times one worker", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        local = {"OMP_NUM_THREADS": "1"}
        measure("1 local worker", 1, local)
        measure("2 local workers", 2, local)
        with Cluster() as cluster:
            cluster.node(1)
            cluster.node(1)
            there = environment() | local | {"RAY_ADDRESS": cluster.address, "KINDRED_LAUNCHER": "ray"}
            measure("2 nodes of Ray", 2, there)
    print(f"efficiency of 2 local workers {rates['2 local workers'] / rates['1 local worker'] / 2:.0%}, ", end="")
    print(f"of 2 nodes of Ray {rates['2 nodes of Ray'] / rates['1 local worker'] / 2:.0%}")


if __name__ == "__main__":
    main()
