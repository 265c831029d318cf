"""Workers as tasks of a Ray cluster, tried again elsewhere where a node is lost.

Every node needs this Kindred at the same place with its dependencies, as from one image, and reaches the store and its
files: PostgreSQL, and a folder or URL in ``KINDRED_FILES`` that all nodes share.
"""

import os
import time
from typing import Any

from engine.errors import KindredError, LostHelpers
from engine.paths import ROOT
from engine.runs.launching.launcher import needs_of
from engine.runs.launching.local import environment
from engine.runs.patience import patiently
from engine.runs.reader import Reader
from engine.runs.run import Run
from engine.runs.store import Store

TRIES = 3  # after the first one, where a node or process is lost
LOOK_SECONDS = 1.0


class RayTasks:
    """A task for each run, with its cores and devices; Ray waits for room and finds the node.

    Args:
        store: of the runs.
        attached: let what workers print appear here.

    Raises:
        KindredError: if Ray is not installed, or the cluster that ``RAY_ADDRESS`` names does not answer; without an
            address one is begun on this machine.
    """

    def __init__(self, store: Reader, attached: bool = False) -> None:
        try:
            import ray
        except ImportError:
            raise KindredError(
                "The launcher is ray, which is not installed; run `pip install --group ray`, or set "
                "KINDRED_LAUNCHER=local."
            ) from None
        self._ray, self._store = ray, store
        told = {name: value for name, value in os.environ.items() if name.startswith("KINDRED_")}
        told |= environment(store) | {"PYTHONPATH": str(ROOT)}
        self._url = told.pop("KINDRED_STORE")  # it may hold a password, and Ray shows the environment
        try:
            if not ray.is_initialized():
                ray.init(
                    log_to_driver=attached,
                    logging_level="error",
                    runtime_env={"env_vars": told},
                    include_dashboard=False if "RAY_ADDRESS" not in os.environ else None,
                )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise KindredError(
                f"The Ray cluster {os.environ.get('RAY_ADDRESS', 'of this machine')!r} does not answer ({error}); "
                "start it with `ray start --head`, or correct RAY_ADDRESS."
            ) from error
        self._tasks: dict[Any, str] = {}

    def start(self, run: Run) -> bool:
        needs = needs_of(run)
        alone = not needs.helpers  # else its helpers take the cores
        task = self._ray.remote(_work).options(
            name=run.id, num_cpus=needs.cpus if alone else 0, num_gpus=needs.gpus if alone else 0, max_retries=TRIES
        )
        self._tasks[task.remote(self._url, run.id)] = run.id
        return True

    def ended(self) -> list[str]:
        if not self._tasks:
            return []
        done, _ = self._ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=0)
        return [self._tasks.pop(task) for task in done]

    @property
    def at_work(self) -> tuple[str, ...]:
        return tuple(self._tasks.values())


def _work(url: str, run_id: str) -> None:
    """Work a run off, in a process of Ray; a task that is tried again takes the run over from the lost one."""
    from engine.logs import log_to_stderr
    from engine.runs.worker import work

    log_to_stderr()
    store = patiently(lambda: Store(url))
    for left in reversed(range(TRIES + 1)):
        if not _taken_over(store, run_id):
            return  # it has ended, by its worker or by whoever cancelled it
        try:
            work(store, run_id)
            return
        except LostHelpers:
            if not left:
                raise
            patiently(lambda: store.requeue(run_id))


def _taken_over(store: Store, run_id: str) -> bool:
    """Wait until the run is queued, or its last worker is seen to be dead, and then queue it; False if it has ended."""
    while True:
        run = patiently(lambda: store.run(run_id))
        if run.status == "queued":
            return True
        if run.status == "interrupted":
            patiently(lambda: store.requeue(run_id))
        elif not run.active:
            return False
        time.sleep(LOOK_SECONDS)
