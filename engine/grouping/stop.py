"""Ending a solver early: when its time is up, or when its answer is no longer wanted."""

import threading
import time

import numpy as np

from engine.errors import KindredError


class Stop:
    """A time limit and a way to cancel, which compiled code sees as well.

    Use as ``with Stop(seconds) as stop:``; on leaving, its timer is gone.

    Attributes:
        flag: ``[1]``, not 0 once the solver shall end; compiled code looks at it now and then.
    """

    def __init__(self, seconds: float | None = None) -> None:
        if seconds is not None and not seconds > 0:
            raise KindredError(f"The time limit is {seconds!r} seconds; give a positive number, or none.")
        self.flag = np.zeros(1, dtype=np.int64)
        self._started = time.perf_counter()
        self._limit = seconds
        self._timer: threading.Timer | None = None
        self._parts: list[Stop] = []

    def __enter__(self) -> "Stop":
        if self._limit is not None and self._limit < threading.TIMEOUT_MAX:
            self._timer = threading.Timer(self._limit, self.now)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def now(self) -> None:
        """End the solver as soon as it looks."""
        self.flag[0] = 1
        for part in self._parts:
            part.now()

    def part(self, seconds: float) -> "Stop":
        """A limit for a part of the work, which also ends when the whole does."""
        part = Stop(max(min(seconds, self.left), 1e-6))
        self._parts = [part]
        if self.flag[0]:
            part.now()
        return part

    @property
    def due(self) -> bool:
        """Whether the solver shall end."""
        return bool(self.flag[0]) or self.left <= 0

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._started

    @property
    def left(self) -> float:
        """Seconds that are left; infinite without a limit."""
        return float("inf") if self._limit is None else self._limit - self.seconds
