"""GradVac: gradients are turned until their cosines reach their own running mean."""

from typing import Any

import torch
from torch import Tensor

from engine.affinity.estimator import step_generator
from engine.tasks import Task
from engine.weighting.settings import WeightingSettings
from engine.weighting.torchjd_methods import gradvac
from engine.weighting.weighting import JointStep, Surgery

MOST = 0.99


class GradVac(Surgery):
    """The sum of the turned gradients, g_i' = g_i at first; for all j ≠ i in random order, φ_ij = cos(g_i', g_j) ::

        if φ_ij < φ̂_ij:  g_i' ← g_i' + ‖g_i'‖ (φ̂_ij √(1 − φ_ij²) − φ_ij √(1 − φ̂_ij²)) / (‖g_j‖ √(1 − φ̂_ij²)) · g_j
        φ̂_ij ← (1 − β) φ̂_ij + β φ_ij          0 at first; β: ``target_decay``

    after which g_i' and g_j have the cosine φ̂_ij. With φ̂ = 0 that is PCGrad. Equal gradients have all the cosine 1,
    which is above any goal: they get their sum. The orders are drawn from the seed and the step alone. Computed by
    TorchJD on the Gram matrix.

    Source: Wang et al., "Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively
    Multilingual Models", ICLR 2021; the cosines are of all shared parameters together.

    Departure: goals stay at most at .99, as √(1 − φ̂²) in the denominator would make an update of any length out of a
    goal of 1, which a large β reaches.
    """

    def __init__(self, tasks: tuple[Task, ...], settings: WeightingSettings, seed: int = 0) -> None:
        super().__init__(tasks, settings, seed)
        self.goals = torch.zeros(len(tasks), len(tasks), dtype=torch.float64)

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        block = present[:, None] & present
        goals = self.goals[block].view_as(gram)
        generator = step_generator(self.seed, joint.step)
        weights, goals = gradvac(gram, goals, self.settings.target_decay, generator)
        self.goals[block] = goals.clamp(max=MOST).flatten()
        return weights

    def state(self) -> dict[str, Any]:
        return {"goals": self.goals.clone()}

    def load_state(self, state: dict[str, Any]) -> None:
        self.goals = state["goals"].clone()
