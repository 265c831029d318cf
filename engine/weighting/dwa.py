"""Dynamic weight average: more weight to the tasks whose loss fell least over the last two epochs."""

from typing import Any

import torch
from torch import Tensor

from engine.tasks import Task
from engine.weighting.settings import WeightingSettings
from engine.weighting.weighting import JointStep, Weighting


class Dwa(Weighting):
    """Weights of one epoch from the mean losses of the two before, K tasks, epoch t ::

        w_i = L_i(t−1) / L_i(t−2)          λ_i = K · exp(w_i / T) / Σ_j exp(w_j / T)          T: ``dwa_temperature``

    All 1 in the first two epochs. They sum to K: equal gradients of equal losses get their sum.

    Source: Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019.

    Departure: a task whose loss was exactly 0 two epochs ago, or that had no label in one of the two, counts as one
    whose loss has not changed, w_i = 1. Means are over the updates in which a task had labels.
    """

    def __init__(self, tasks: tuple[Task, ...], settings: WeightingSettings, seed: int = 0) -> None:
        super().__init__(tasks, settings, seed)
        self.epoch = 0
        self.sum = torch.zeros(len(tasks), dtype=torch.float64)
        self.updates = torch.zeros(len(tasks), dtype=torch.int64)
        self.means: list[Tensor] = []

    def weights(self, joint: JointStep) -> Tensor:
        if joint.epoch != self.epoch:
            self.means = [*self.means[-1:], self.sum / self.updates]
            self.epoch = joint.epoch
            self.sum, self.updates = torch.zeros_like(self.sum), torch.zeros_like(self.updates)
        self.sum = self.sum + joint.values.nan_to_num(0)
        self.updates = self.updates + joint.labelled
        if len(self.means) < 2:
            return torch.ones_like(self.sum)
        before, last = self.means
        change = torch.where((before > 0) & ~last.isnan(), last / before, 1.0)
        return len(change) * (change / self.settings.dwa_temperature).softmax(0)

    def state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "sum": self.sum, "updates": self.updates, "means": list(self.means)}

    def load_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.sum, self.updates = state["epoch"], state["sum"], state["updates"]
        self.means = list(state["means"])
