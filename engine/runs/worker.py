"""The process that works off one run: ``python -m engine.runs.worker RUN --store URL``."""

import argparse
import gc
import io
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from engine.affinity.series import Window
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.database import StoreError
from engine.runs.run import HEARTBEAT
from engine.runs.store import Store, WriterReplaced
from engine.tasks import Evaluation, TaskWeights
from engine.training.session import Session

FLUSH_SECONDS = 0.4
CHECKPOINT_SECONDS = 2.0


class StoreSink:
    """Reports a session to the store: in batches, so that writing costs little; checkpoints to a file beside it.

    What is buffered and lost with the process is computed again after a resume, as a checkpoint always follows a flush.
    """

    def __init__(self, store: Store, run_id: str, token: str) -> None:
        self.store, self.run_id, self.token = store, run_id, token
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

    def progress(self, step: int, seconds_left: float) -> None:
        self._progress |= {"step": step, "seconds_left": seconds_left}
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None:
        if self.stopped or time.monotonic() - self._saved > CHECKPOINT_SECONDS:
            self.flush()
            save_checkpoint(self.store.files(self.run_id) / "checkpoint.pt", state())
            self._saved = time.monotonic()

    def stop_requested(self) -> bool:
        return self.stopped

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
    """Train a queued run to its end, or until it is cancelled, from its checkpoint if there is one.

    Raises:
        KindredError: if the run cannot go on; the reason is then also stored with it.
    """
    token = store.claim(run_id)
    beating = threading.Event()
    threading.Thread(target=_beat, args=(store, run_id, token, beating), daemon=True).start()
    try:
        _train(store, run_id, token)
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


def _train(store: Store, run_id: str, token: str) -> None:
    run = store.run(run_id)
    session = Session(RunConfig.from_json(run.config))
    checkpoint = store.files(run_id) / "checkpoint.pt"
    if checkpoint.exists():
        session.load_state(load_checkpoint(checkpoint))
    sink = StoreSink(store, run_id, token)
    sink.flush(
        tasks=[task.name for task in session.tasks],
        metrics=[task.metric for task in session.tasks],
        step=session.step,
        steps=session.steps,
        quantity=session.quantity,
        parameters=session.cost.parameters,
        cost=session.cost.snt,
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


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint in one step: whoever reads it finds the old one or the new one, whole.

    Raises:
        StoreError: if it cannot be written; the old one is kept.
    """
    draft = path.with_suffix(".draft")
    content = io.BytesIO()
    torch.save(state, content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise StoreError(
            f"The checkpoint {path} cannot be written ({error}); free some space or make the folder writable, then "
            "resume the run. What was stored is kept."
        ) from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state last saved.

    Raises:
        StoreError: if the file is damaged.
    """
    try:
        return torch.load(path, weights_only=True)
    except Exception as error:  # torch raises whatever its parser meets
        raise StoreError(
            f"The checkpoint {path} is damaged ({type(error).__name__}); delete that file and resume, which trains the "
            "run again from its start."
        ) from error


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
    gc.freeze()  # what was imported stays; to search it for garbage takes as long as many training steps
    try:
        work(Store(arguments.store), arguments.run)
    except KindredError as error:
        print(f"kindred: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
