"""What a run tells of its tasks' relations besides the estimator's affinity, summed over windows of steps."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.affinity.series import Window
from engine.affinity.sums import Sums
from engine.tasks import TaskWeights
from engine.weighting.weighting import Weighed


class Readings:
    """Task weights and gradient angles of every update, and the network's own matrices at the end of each window.

    Args:
        tasks: how many there are.
    """

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._sums: dict[str, Sums] = {}
        self._step_from = 0
        self._weights = torch.zeros(2, tasks, dtype=torch.float64)  # their sum, and of how many updates

    def add(self, weighed: Weighed, labelled: Tensor) -> None:
        """Take in what a weighting did with one update.

        Args:
            labelled: ``[tasks]``: which tasks had labels in it.
        """
        self._weights[:, labelled] += torch.stack([weighed.weights, torch.ones(self._tasks)])[:, labelled]
        if weighed.cosines is not None:
            agreement = torch.where(weighed.cosines < 0, -1.0, 1.0)
            self._add("gradient_cosine", weighed.cosines)
            self._add("gradient_conflict", torch.where(weighed.cosines.isnan(), torch.nan, agreement))

    def close(self, step: int, network: Mapping[str, Tensor]) -> tuple[TaskWeights, dict[str, Window]]:
        """End the window before ``step``.

        Args:
            network: the network's own readings at this moment, see ``Network.readings``.

        Returns:
            the mean weights of the window (NaN for a task without labels in it), and a window of every reading.
        """
        for reading, relation in network.items():
            self._add(reading, relation)
        weights = TaskWeights(self._step_from, step, (self._weights[0] / self._weights[1]).float().numpy())
        windows = {reading: sums.close(step) for reading, sums in self._sums.items()}
        self._step_from = step
        self._weights = torch.zeros_like(self._weights)
        return weights, {reading: window for reading, window in windows.items() if window is not None}

    def state(self) -> dict[str, Any]:
        """All that is summed in the open window, as tensors and plain values."""
        return {
            "step_from": self._step_from,
            "weights": self._weights.clone(),
            "sums": {reading: sums.state() for reading, sums in self._sums.items()},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self._step_from, self._weights = state["step_from"], state["weights"].clone()
        for reading, sums in state["sums"].items():
            self._sums[reading] = Sums(self._tasks)
            self._sums[reading].load_state(sums)

    def _add(self, reading: str, relation: Tensor) -> None:
        sums = self._sums.setdefault(reading, Sums(self._tasks))
        if not sums.updates:
            sums.window_from = self._step_from
        sums.add(relation.detach().double().cpu().numpy())
