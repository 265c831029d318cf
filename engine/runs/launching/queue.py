"""The process that works off this machine's queue: one for each store and launcher, there while something waits."""

import fcntl
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.errors import KindredError
from engine.logs import log_to_stderr
from engine.paths import ROOT
from engine.runs.launching.launcher import launcher, queue_name
from engine.runs.launching.local import environment, logs
from engine.runs.launching.work_off import work_off
from engine.runs.patience import patiently
from engine.runs.store import Store

LOG = logging.getLogger("engine.runs.launching.queue")  # also where this module is run itself


def launch(store: Store, run_ids: Sequence[str]) -> None:
    """Put queued runs into this machine's queue, and see that it is worked off, whatever becomes of this process.

    Raises:
        KindredError: if ``KINDRED_LAUNCHER`` names no launcher, or no process can be started.
    """
    store.enqueue(run_ids, queue_name())
    begin(store)


def begin(store: Store) -> None:
    """Start the process that works off this machine's queue; it ends at once where there is one, or nothing to do.

    Raises:
        KindredError: if no process can be started.
    """
    folder = logs(store, queue_name())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "queue.log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "engine.runs.launching.queue"],
                cwd=ROOT,
                env=os.environ | environment(store),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise KindredError(
            f"No process could be started to work off the queue ({error}); free space or processes, then resume the "
            "runs that wait."
        ) from error


def serve(store: Store) -> None:
    """Work off this machine's queue, unless another process does; until nothing is left of it."""
    name = queue_name()
    while patiently(lambda: store.waiting(name)):  # again after each end, as a run may have come since the last look
        with _alone(store, name) as alone:
            if not alone:
                return
            LOG.info("Working off the queue %s.", name)
            work_off(store, launcher(store), lambda: store.waiting(name))
            LOG.info("The queue %s is empty.", name)


@contextmanager
def _alone(store: Store, name: str) -> Iterator[bool]:
    """Whether no other process of this machine is within; a lock that ends with the process."""
    folder = logs(store, name)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "queue.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def main() -> int:
    """Exit with 0 when nothing waits, with 2 and one sentence where the queue cannot be worked off."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        log_to_stderr()
        serve(patiently(Store))
    except KindredError as error:
        print(f"kindred: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
