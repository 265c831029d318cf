"""Sums of relation matrices over the updates of a window, and how they go into a checkpoint."""

from typing import Any

import numpy as np
import torch

from engine.affinity.series import Window


class Sums:
    """Adds up matrices until a window is closed.

    Args:
        tasks: how many there are.

    Attributes:
        window_from: the first step of the open window.
        updates: matrices added to it.
        counts, total, total_squares: ``[source, target]``, see ``Window``.
    """

    def __init__(self, tasks: int) -> None:
        self.window_from = 0
        self._shape = tasks, tasks
        self._clear()

    def add(self, relation: np.ndarray, places: tuple[np.ndarray, ...] = (slice(None), slice(None))) -> np.ndarray:
        """Add the matrix of one update; NaN where it tells nothing of a pair.

        Args:
            places: of its rows and columns, where it holds some of the tasks only.

        Returns:
            of its shape, which entries were known.
        """
        seen = np.isfinite(relation)
        relation = np.where(seen, relation, 0.0)
        self.updates += 1
        self.counts[places] += seen
        self.total[places] += relation
        self.total_squares[places] += np.square(relation)
        return seen

    def close(self, step: int) -> Window | None:
        """End the window before ``step``; None if nothing was added to it, and it then stays open."""
        if not self.updates:
            return None
        total, squares = (values.astype(np.float32) for values in (self.total, self.total_squares))
        window = Window(self.window_from, step, self.updates, total, squares, self.counts)
        self.window_from = step
        self._clear()
        return window

    def state(self) -> dict[str, Any]:
        """All of it, as tensors and plain values."""
        sums = [torch.tensor(values) for values in (self.counts, self.total, self.total_squares)]
        return {"window_from": self.window_from, "updates": self.updates, "sums": sums}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self.window_from, self.updates = state["window_from"], state["updates"]
        self.counts, self.total, self.total_squares = (each.numpy().copy() for each in state["sums"])

    def _clear(self) -> None:
        self.updates = 0
        self.counts = np.zeros(self._shape, np.int64)
        self.total, self.total_squares = np.zeros(self._shape), np.zeros(self._shape)
