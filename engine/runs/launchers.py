"""How a queued run gets a worker."""

import subprocess
import sys

from engine.errors import KindredError
from engine.paths import ROOT
from engine.runs.store import Store


def launch(store: Store, run_id: str, *, attached: bool = False) -> subprocess.Popen[bytes]:
    """Start a worker process of its own for a queued run; it outlives whoever launched it.

    Args:
        attached: let its messages appear on the launcher's own standard error, instead of in ``worker.log`` among the
            run's files.

    Raises:
        KindredError: if the process cannot be started.
    """
    log = store.files(run_id) / "worker.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            output = None if attached else file
            return subprocess.Popen(
                [sys.executable, "-m", "engine.runs.worker", run_id, "--store", store.url],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        raise KindredError(
            f"No worker could be started for the run {run_id!r} ({error}); free space or processes, then resume it."
        ) from error
