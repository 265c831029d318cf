"""Workers as processes of this machine, as many at a time as its cores and devices allow."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from engine.errors import KindredError
from engine.paths import DATA, ROOT, local
from engine.runs.launching.launcher import Needs, needs_of
from engine.runs.reader import Reader
from engine.runs.run import Run

NVIDIA = Path("/proc/driver/nvidia/gpus")  # a folder for each device


class _Worker(NamedTuple):
    process: subprocess.Popen[bytes]
    needs: Needs
    device: int | None


class LocalProcesses:
    """A process for each run, which outlives whoever launched it.

    A run begins when its threads fit into the cores that are free (``KINDRED_CORES``, by default those of the machine),
    and there is a free device if it needs one, or when nothing else is at work.

    Args:
        store: of the runs.
        attached: as of ``start_worker``.

    Raises:
        KindredError: if ``KINDRED_CORES`` is no positive whole number.
    """

    def __init__(self, store: Reader, attached: bool = False) -> None:
        self._store, self._attached = store, attached
        self._cores = _cores()
        self._devices = len(list(NVIDIA.iterdir())) if NVIDIA.is_dir() else 0
        self._workers: dict[str, _Worker] = {}

    def start(self, run: Run) -> bool:
        needs = needs_of(run)
        used = sum(worker.needs.cpus for worker in self._workers.values())
        if self._workers and used + needs.cpus > self._cores:
            return False
        device = None
        if needs.gpus and self._devices:
            free = set(range(self._devices)) - {worker.device for worker in self._workers.values()}
            if not free:
                return False
            device = min(free)
        process = start_worker(self._store, run.id, attached=self._attached, device=device)
        self._workers[run.id] = _Worker(process, needs, device)
        return True

    def ended(self) -> list[str]:
        ended = [run_id for run_id, worker in self._workers.items() if worker.process.poll() is not None]
        for run_id in ended:
            del self._workers[run_id]
        return ended

    @property
    def at_work(self) -> tuple[str, ...]:
        return tuple(self._workers)


def start_worker(
    store: Reader, run_id: str, *, attached: bool = False, device: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a worker process of its own for a queued run.

    Args:
        attached: let it log to this process's own standard error, instead of to ``worker.log`` among the run's files.
        device: the number of the one CUDA device that it sees; all where left out.

    Raises:
        KindredError: if the process cannot be started.
    """
    env = os.environ | environment(store)
    if device is not None:
        env["CUDA_VISIBLE_DEVICES"] = str(device)
    log = logs(store, run_id) / "worker.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "engine.runs.worker", run_id],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if attached else file,
                start_new_session=True,
            )
    except OSError as error:
        raise KindredError(
            f"No worker could be started for the run {run_id!r} ({error}); free space or processes, then resume it."
        ) from error


def environment(store: Reader) -> dict[str, str]:
    """What tells another process the same store; by the environment, as a command line is seen by all users."""
    return {"KINDRED_STORE": store.url, "KINDRED_FILES": str(store.folder)}


def logs(store: Reader, name: str) -> Path:
    """A folder on this machine for the logs of a run or a queue: among its files, if these are here."""
    return store.files(name) if local(store.folder) else DATA / "kindred.files" / name


def _cores() -> int:
    given = os.environ.get("KINDRED_CORES")
    if given is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise KindredError(f"KINDRED_CORES is {given!r}; it must be a whole number of at least 1.")
    return int(given)
