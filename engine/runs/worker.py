"""The process that works off one run: ``python -m engine.runs.worker RUN --store URL``."""

import argparse
import gc
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
from engine.runs.checkpoint import load_checkpoint, save_checkpoint
from engine.runs.configs import KINDS, config_of, kind_of
from engine.runs.database import StoreError
from engine.runs.run import HEARTBEAT
from engine.runs.store import Store, WriterReplaced
from engine.studies.measurement import Measurement
from engine.tasks import Evaluation, TaskWeights
from engine.training.sink import Claim, Work

FLUSH_SECONDS = 0.4
CHECKPOINT_SECONDS = 2.0


class StoreSink:
    """Reports a session to the store: in batches, so that writing costs little; checkpoints to a file, ``checkpoint``.

    What is buffered and lost with the process is computed again after a resume, as a checkpoint always follows a flush.
    """

    def __init__(self, store: Store, run_id: str, token: str, checkpoint: Path) -> None:
        self.store, self.run_id, self.token = store, run_id, token
        self._checkpoint = checkpoint
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
        if self.stopped or time.monotonic() - self._saved > CHECKPOINT_SECONDS:
            self.flush()
            save_checkpoint(self._checkpoint, state())
            self._saved = time.monotonic()

    def stop_requested(self) -> bool:
        return self.stopped

    def known(self, setting: str) -> list[Measurement]:
        return self.store.measurements(setting)

    def claim(self, key: str, settings: Mapping[str, Any]) -> Claim:
        return self.store.claim_measurement(key, settings, self.run_id)

    def measured(self, measurement: Measurement, settings: Mapping[str, Any]) -> None:
        self.store.put_measurement(measurement, settings, self.run_id)

    def affinity(self) -> np.ndarray | None:
        self.flush()
        series = self.store.series(self.run_id)
        return series.mean().affinity if len(series) else None

    def flush(self, **values: Any) -> None:
        """Write what is buffered, and further columns of the run."""
        readings = dict(self._windows)
        self.stopped = self.store.write(
            self.run_id,
            self.token,
            readings.pop("affinity", ()),
            self._evaluations,
            readings=readings,
            weights=self._weights,
            artifacts=self._artifacts,
            **{**self._progress, **values},
        )
        self._clear()
        self._flushed = time.monotonic()

    def _clear(self) -> None:
        self._windows: defaultdict[str, list[Window]] = defaultdict(list)
        self._evaluations: list[Evaluation] = []
        self._weights: list[TaskWeights] = []
        self._artifacts: dict[str, Any] = {}


def work(store: Store, run_id: str) -> None:
    """Work a queued run off to its end, or until it is cancelled, from its checkpoint if there is one.

    Raises:
        KindredError: if the run cannot go on; the reason is then also stored with it.
    """
    kind = kind_of(store.run(run_id).config)
    if kind in KINDS:
        _session_class(kind)  # takes seconds for networks; whoever claims a run must keep beating
    gc.freeze()  # what was imported stays; to search it for garbage takes as long as many training steps
    token = store.claim(run_id)
    beating = threading.Event()
    threading.Thread(target=_beat, args=(store, run_id, token, beating), daemon=True).start()
    try:
        _carry_out(store, run_id, token)
    except WriterReplaced:
        raise
    except KindredError as error:
        _record_failure(store, run_id, token, str(error))
        raise
    except Exception as error:
        _record_failure(store, run_id, token, f"The worker stopped on an unexpected error ({error!r}); see its log.")
        raise
    finally:
        beating.set()


def _session_class(kind: str) -> type[Work]:
    module, name = KINDS[kind].session.split(":")
    return getattr(import_module(module), name)


def _carry_out(store: Store, run_id: str, token: str) -> None:
    run = store.run(run_id)
    config = config_of(run.config)
    kind = kind_of(run.config)
    session = _session_class(kind)(config)
    checkpoint = store.files(run_id) / KINDS[kind].checkpoint
    if checkpoint.exists():
        session.load_state(load_checkpoint(checkpoint))
    sink = StoreSink(store, run_id, token, checkpoint)
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
    sink.flush(
        status="finished" if finished else "cancelled",
        finished=time.time(),
        seconds_left=None,
        step_seconds=session.seconds / session.step if session.step else None,
        worker="",
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


def _record_failure(store: Store, run_id: str, token: str, sentence: str) -> None:
    try:
        store.write(run_id, token, status="failed", error=sentence, finished=time.time(), seconds_left=None)
    except KindredError:
        return  # the store itself is the trouble: the heartbeat stops and the run shows as interrupted


def main() -> int:
    """Exit with 0 when the run ended as asked, with 2 and one sentence where it could not."""
    parser = argparse.ArgumentParser(prog="python -m engine.runs.worker")
    parser.add_argument("run")
    parser.add_argument("--store", required=True)
    arguments = parser.parse_args()
    try:
        work(Store(arguments.store), arguments.run)
    except KindredError as error:
        print(f"kindred: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
