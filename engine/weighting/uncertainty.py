"""Uncertainty weighting: each loss divided by a learned variance of its task's noise."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from engine.tasks import Task
from engine.weighting.settings import WeightingSettings
from engine.weighting.weighting import JointStep, Weighed, Weighting

BOUND = 20.0


class Uncertainty(Weighting):
    """The negative log-likelihood of all tasks' labels, each with a noise of its own that is learned along.

    With s_i = log σ_i², zero at the start and trained by the network's optimiser at ``weight_rate``, the total is ::

        Σ c_i · exp(−s_i) · L_i + s_i / 2        c_i = ½ for a squared error, 1 for all others

    over the tasks with labels in the batch. A total below zero is normal. The weights are c_i · exp(−s_i). Its scale is
    not that of the other methods: a regression starts at the weight ½, and a task of small loss is weighed up without a
    bound, at the optimum to 1 / L_i in total, so that a learning rate that suits ``equal`` may be too large here.

    Source: Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and
    Semantics", CVPR 2018, eq. 7 and 10, in s as the authors advise there.

    Departure: s_i is kept within ±20, as the loss of a solved task may be exactly 0, whose optimum is s = −∞.
    """

    def __init__(self, tasks: tuple[Task, ...], settings: WeightingSettings, seed: int = 0) -> None:
        super().__init__(tasks, settings, seed)
        self.log_variances = Parameter(torch.zeros(len(tasks)))
        self.factors = torch.tensor([0.5 if task.loss == "squared_error" else 1.0 for task in tasks])

    def backward(self, joint: JointStep) -> Weighed:
        weights = self.weights(joint)
        labelled = joint.labelled.to(weights.device)
        (weights[labelled] * joint.stacked + self.log_variances[labelled] / 2).sum().backward()
        return Weighed(weights.detach().double().cpu())

    def weights(self, joint: JointStep) -> Tensor:
        with torch.no_grad():
            self.log_variances.clamp_(-BOUND, BOUND)
        return self.factors * (-self.log_variances).exp()

    def parameters(self) -> list[Parameter]:
        return [self.log_variances]

    def to(self, device: torch.device) -> None:
        self.log_variances.data = self.log_variances.data.to(device)
        self.factors = self.factors.to(device)

    def state(self) -> dict[str, Any]:
        return {"log_variances": self.log_variances.detach().clone()}

    def load_state(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            self.log_variances.copy_(state["log_variances"])
