"""Arrays that grow at their end without being copied each time."""

import threading
from collections.abc import Sequence

import numpy as np

ROOM = 1.5  # times what is held, for what is to come


class Growing:
    """Arrays of one length, to all of which values are appended. What was there before stays as it is.

    >>> growing = Growing([np.arange(3)])
    >>> growing.append(3, [np.array([7, 8])])
    [array([0, 1, 2, 7, 8])]
    >>> growing.append(3, [np.array([9])]) is None
    True
    """

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        self._lock = threading.Lock()
        self._held, self._length = list(arrays), len(arrays[0])

    def append(self, length: int, added: Sequence[np.ndarray]) -> list[np.ndarray] | None:
        """All values, with ``added`` behind the first ``length``; ``None`` where others already stand there."""
        with self._lock:
            if length != self._length:
                return None
            self._length = length + len(added[0])
            if self._length > len(self._held[0]):
                self._held = [self._moved(held, length) for held in self._held]
            for held, values in zip(self._held, added, strict=True):
                held[length : self._length] = values
            return [held[: self._length] for held in self._held]

    def _moved(self, held: np.ndarray, length: int) -> np.ndarray:
        moved = np.empty((int(ROOM * self._length), *held.shape[1:]), held.dtype)
        moved[:length] = held[:length]
        return moved
