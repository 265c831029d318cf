"""Each task's mean training loss over a window."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


class MeanLosses:
    """Sums losses until a window is closed; a task counts where it has labels.

    Args:
        tasks: how many there are.
    """

    def __init__(self, tasks: int) -> None:
        self._sums = torch.zeros(2, tasks, dtype=torch.float64)  # of the losses, and of how many updates

    def add(self, losses: Tensor, labelled: Tensor) -> None:
        """Take in one update.

        Args:
            losses: ``[tasks]``, float64.
            labelled: ``[tasks]``: which tasks had labels in it.
        """
        self._sums[:, labelled] += torch.stack([losses, torch.ones_like(losses)])[:, labelled]

    def close(self) -> tuple[np.ndarray, np.ndarray]:
        """``[tasks]``, float32, the means; and which tasks had labels, the others' means being NaN. Begins anew."""
        losses, updates = self._sums
        self._sums = torch.zeros_like(self._sums)
        return (losses / updates).float().numpy(), (updates > 0).numpy()

    def state(self) -> dict[str, Any]:
        """What is summed in the open window."""
        return {"sums": self._sums.clone()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self._sums = state["sums"].clone()
