"""A tracker's way into the store: a thread of its own, so that no transaction holds up the training loop."""

import threading
from typing import Any

from engine.affinity.series import Window
from engine.errors import KindredError
from engine.runs.database import StoreError
from engine.runs.run import HEARTBEAT
from engine.runs.store import Store, WriterReplaced
from engine.tasks import Evaluation

FLUSH_SECONDS = 0.5
LAST_TRIES = 3


class StoreWriter:
    """Writes a tracked run, and beats so that onlookers know its process is alive.

    What could not be written (a full disk, say) is kept and tried again at the next beat.

    Args:
        store: where to.
        run_id, token: the run and the right to write it.

    Attributes:
        cancelled: whether someone asked the run to stop.
        trouble: why the run can be written no more, in a sentence; empty while all is well.
    """

    def __init__(self, store: Store, run_id: str, token: str) -> None:
        self.store, self.run_id, self.token = store, run_id, token
        self.cancelled, self.trouble = False, ""
        self._lock = threading.Lock()
        self._windows: list[Window] = []
        self._losses: list[Evaluation] = []
        self._columns: dict[str, Any] = {}
        self._news, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"kindred {run_id}", daemon=True)
        self._thread.start()

    def window(self, window: Window, losses: Evaluation) -> None:
        """Store both soon."""
        with self._lock:
            self._windows.append(window)
            self._losses.append(losses)
            self._columns["step"] = window.step_to
        self._news.set()

    def rewind(self, step: int) -> None:
        """Remove what is stored of later steps: the loop makes them again."""
        with self._lock:
            self._windows = [window for window in self._windows if window.step_to <= step]
            self._losses = [each for each in self._losses if each.step <= step]
        self.store.rewind(self.run_id, self.token, step)

    def tell(self, **columns: Any) -> None:
        """Store columns of the run soon."""
        with self._lock:
            self._columns |= columns

    def end(self, **columns: Any) -> None:
        """Store everything now, with the run's last columns, and stop.

        Raises:
            KindredError: if it cannot be stored even after some tries.
        """
        self._ended.set()
        self._news.set()
        self._thread.join()
        self.tell(**columns)
        for attempt in range(LAST_TRIES):
            try:
                self._flush()
                return
            except StoreError:
                if attempt == LAST_TRIES - 1:
                    raise

    def _work(self) -> None:
        while not self._ended.is_set():
            self._news.wait(HEARTBEAT)
            self._news.clear()
            try:
                self._flush()
            except StoreError:
                pass  # it may pass; the next beat tries again, and `end` reports it if not
            except KindredError as error:
                self.trouble = str(error)
                return
            self._ended.wait(FLUSH_SECONDS)

    def _flush(self) -> None:
        with self._lock:
            windows, losses, columns = self._windows, self._losses, self._columns
            self._windows, self._losses, self._columns = [], [], {}
        try:
            self.cancelled |= self.store.write(self.run_id, self.token, windows, losses, **columns)
        except WriterReplaced:
            raise
        except StoreError:
            with self._lock:
                self._windows, self._losses = windows + self._windows, losses + self._losses
                self._columns = {**columns, **self._columns}
            raise
