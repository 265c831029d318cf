"""The process that works off one run of the store named by ``KINDRED_STORE``: ``python -m engine.runs.worker RUN``."""

import argparse
import gc
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from engine.affinity.series import Window
from engine.errors import KindredError
from engine.logs import log_to_stderr
from engine.runs.checkpoint import save_checkpoint, take_up
from engine.runs.configs import KINDS, config_of, kind_of
from engine.runs.database import StoreError
from engine.runs.events import Events
from engine.runs.patience import patiently
from engine.runs.run import HEARTBEAT
from engine.runs.store import Store, WriterReplaced
from engine.studies.measurement import Measurement
from engine.tasks import Evaluation, TaskWeights
from engine.training.sink import Claim, Work

FLUSH_SECONDS = 0.4
CHECKPOINT_SECONDS = 2.0

LOG = logging.getLogger("engine.runs.worker")  # also where this module is run itself


class StoreSink:
    """Reports a session to the store: in batches, so that writing costs little; checkpoints to a file, ``checkpoint``.

    What is buffered and lost with the process is computed again after a resume, as a checkpoint always follows a flush.
    While the store is away it waits, and the session with it.

    Args:
        events: the log of the run, stored along.
        ending: is set once the process is to end.
    """

    def __init__(
        self, store: Store, run_id: str, token: str, checkpoint: Path, events: Events, ending: threading.Event
    ) -> None:
        self.store, self.run_id, self.token = store, run_id, token
        self._checkpoint, self._events, self._ending = checkpoint, events, ending
        self.workspace, self.networks = checkpoint.parent / "training", store.networks
        self.stopped = False
        self._progress: dict[str, Any] = {}
        self._clear()
        self._flushed = self._saved = time.monotonic()

    def window(self, window: Window, reading: str = "affinity") -> None:
        self._windows[reading].append(window)

    def weights(self, weights: TaskWeights) -> None:
        self._weights.append(weights)

    def artifact(self, name: str, content: Any) -> None:
        self._artifacts[name] = content

    def evaluation(self, evaluation: Evaluation) -> None:
        self._evaluations.append(evaluation)

    def note(self, note: str) -> None:
        self._progress["note"] = note

    def progress(self, step: int, seconds_left: float | None) -> None:
        self._progress |= {"step": step, "seconds_left": seconds_left}
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None:
        if self.stop_requested() or time.monotonic() - self._saved > CHECKPOINT_SECONDS:
            self.flush()
            content = state()
            patiently(lambda: save_checkpoint(self._checkpoint, content))
            self._saved = time.monotonic()

    def stop_requested(self) -> bool:
        return self.stopped or self._ending.is_set()

    def known(self, setting: str) -> list[Measurement]:
        return patiently(lambda: self.store.measurements(setting))

    def claim(self, key: str, settings: Mapping[str, Any]) -> Claim:
        return patiently(lambda: self.store.claim_measurement(key, settings, self.run_id))

    def measured(self, measurement: Measurement, settings: Mapping[str, Any]) -> None:
        patiently(lambda: self.store.put_measurement(measurement, settings, self.run_id))

    def affinity(self) -> np.ndarray | None:
        self.flush()
        series = patiently(lambda: self.store.series(self.run_id))
        return series.mean().affinity if len(series) else None

    def flush(self, **values: Any) -> None:
        """Write what is buffered, and further columns of the run."""
        readings = dict(self._windows)
        windows = readings.pop("affinity", ())
        events = self._events.waiting()
        self.stopped = patiently(
            lambda: self.store.write(
                self.run_id,
                self.token,
                windows,
                self._evaluations,
                readings=readings,
                weights=self._weights,
                artifacts=self._artifacts,
                events=events,
                **{**self._progress, **values},
            )
        )
        self._events.stored(events)
        self._clear()
        self._flushed = time.monotonic()

    def _clear(self) -> None:
        self._windows: defaultdict[str, list[Window]] = defaultdict(list)
        self._evaluations: list[Evaluation] = []
        self._weights: list[TaskWeights] = []
        self._artifacts: dict[str, Any] = {}


def work(store: Store, run_id: str, ending: threading.Event | None = None, session: Work | None = None) -> None:
    """Work a queued run off to its end, or until it is cancelled, from its checkpoint if there is one.

    Args:
        ending: once it is set, the run is left as it is, to be gone on with later.
        session: of the run, before its first step, if it is there already.

    Raises:
        KindredError: if the run cannot go on; the reason is then also stored with it.
    """
    kind = kind_of(patiently(lambda: store.run(run_id)).config)
    if kind in KINDS:
        _session_class(kind)  # takes seconds for networks; whoever claims a run must keep beating
    gc.freeze()  # what was imported stays; to search it for garbage takes as long as many training steps
    wanted = secrets.token_hex(8)
    token = patiently(lambda: store.claim(run_id, wanted))
    beating = threading.Event()
    threading.Thread(target=_beat, args=(store, run_id, token, beating), daemon=True).start()
    with Events() as events:
        try:
            _carry_out(store, run_id, token, events, ending or threading.Event(), session)
        except WriterReplaced:
            raise
        except KindredError as error:
            _record_failure(store, run_id, token, str(error), events)
            raise
        except Exception as error:
            told = f"The worker stopped on an unexpected error ({error!r}); see its log."
            _record_failure(store, run_id, token, told, events)
            raise
        finally:
            beating.set()


def _session_class(kind: str) -> type[Work]:
    module, name = KINDS[kind].session.split(":")
    return getattr(import_module(module), name)


def _carry_out(
    store: Store, run_id: str, token: str, events: Events, ending: threading.Event, session: Work | None
) -> None:
    LOG.info("Process %d on %s begins.", os.getpid(), socket.gethostname(), extra={"run": run_id})
    run = patiently(lambda: store.run(run_id))
    config = config_of(run.config)
    kind = kind_of(run.config)
    session = session or _session_class(kind)(config)
    checkpoint = store.files(run_id) / KINDS[kind].checkpoint
    if checkpoint.exists():
        take_up(session, checkpoint)
        LOG.info("Going on from step %d of %d.", session.step, session.steps, extra={"run": run_id})
    sink = StoreSink(store, run_id, token, checkpoint, events, ending)
    sink.flush(
        tasks=[task.name for task in session.tasks],
        metrics=[task.metric for task in session.tasks],
        step=session.step,
        steps=session.steps,
        quantity=session.quantity,
        parameters=session.cost.parameters if session.cost else None,
        cost=session.cost.snt if session.cost else None,
        started=run.started or time.time(),
    )
    try:
        finished = session.run(sink)
    except StoreError:
        raise
    except KindredError:
        sink.flush()  # keep what was observed before the trouble
        raise
    status = "finished" if finished else "cancelled" if sink.stopped else "interrupted"
    LOG.info("The run is %s at step %d of %d.", status, session.step, session.steps, extra={"run": run_id})
    sink.flush(
        status=status,
        finished=time.time(),
        seconds_left=None,
        step_seconds=session.seconds / session.step if session.step else None,
    )
    if finished:
        checkpoint.unlink(missing_ok=True)


def _beat(store: Store, run_id: str, token: str, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT):
        try:
            store.write(run_id, token)
        except WriterReplaced:
            return
        except StoreError:
            continue  # it may pass; if not, the training thread meets it and reports it


def _record_failure(store: Store, run_id: str, token: str, sentence: str, events: Events) -> None:
    LOG.error("%s", sentence, extra={"run": run_id})
    told = dict(status="failed", error=sentence, finished=time.time(), seconds_left=None)
    try:
        store.write(run_id, token, events=events.waiting(), **told)
    except KindredError:
        return  # the store itself is the trouble: the heartbeat stops and the run shows as interrupted


def main() -> int:
    """Exit with 0 when the run ended as asked, with 2 and one sentence where it could not.

    At SIGTERM it saves its state and leaves the run to be resumed.
    """
    parser = argparse.ArgumentParser(prog="python -m engine.runs.worker")
    parser.add_argument("run")
    arguments = parser.parse_args()
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    try:
        log_to_stderr()
        work(patiently(Store), arguments.run, ending)
    except KindredError as error:
        print(f"kindred: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
