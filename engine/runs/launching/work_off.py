"""Working off a queue: runs begin in the order in which they were made, as there is room."""

import time
from collections.abc import Callable, Sequence

from engine.errors import KindredError
from engine.runs.launching.launcher import Launcher
from engine.runs.patience import patiently
from engine.runs.run import PATIENCE, Run
from engine.runs.store import Store

POLL_SECONDS = 0.3


def work_off(
    store: Store, launcher: Launcher, waiting: Callable[[], Sequence[Run]], tick: Callable[[], None] = lambda: None
) -> None:
    """Give queued runs their workers until none waits and none is at work.

    A run that does not fit holds up those after it, so that a large one gets its turn.

    Args:
        waiting: gives the queued runs, the oldest first.
        tick: is called between looks at the queue.
    """
    beaten = 0.0
    while True:
        for run_id in launcher.ended():
            _give_up(store, run_id, "Its worker ended before it could begin; see its log, then resume it.")
        at_work = launcher.at_work
        queued = [run for run in patiently(waiting) if run.id not in at_work]
        for run in queued:
            if not _started(store, launcher, run):
                break
        if not queued and not at_work:
            return
        if time.monotonic() - beaten > PATIENCE / 4:
            _keep_waiting(store, [*(run.id for run in queued), *at_work])
            beaten = time.monotonic()
        tick()
        time.sleep(POLL_SECONDS)


def _started(store: Store, launcher: Launcher, run: Run) -> bool:
    """Whether the queue can go on to the next run."""
    try:
        return launcher.start(run)
    except KindredError as error:
        _give_up(store, run.id, str(error))
        return True


def _give_up(store: Store, run_id: str, error: str) -> None:
    patiently(lambda: store.give_up(run_id, error))


def _keep_waiting(store: Store, run_ids: Sequence[str]) -> None:
    patiently(lambda: store.keep_waiting(run_ids))
