"""Dynamic task prioritisation: more weight to the tasks whose metric is still low."""

from typing import Any

import torch
from torch import Tensor

from engine.weighting.weighting import JointStep, Weighting

LEAST, MOST = 0.001, 0.999
NEWEST = 0.1
UNKNOWN = 0.5


class Dtp(Weighting):
    """Weights that grow with a task's difficulty, one minus its metric ::

        FL_i = −(1 − κ̄_i)^γ · log κ̄_i          w_i = T · FL_i / Σ_j FL_j          γ: ``focus``
        κ̄_i ← α κ_i + (1 − α) κ̄_i          α = .1; κ_i: the task's metric (accuracy or R²) on the batch

    They sum to T: equal gradients of tasks with equal metrics get their sum.

    Source: Guo et al., "Dynamic Task Prioritization for Multitask Learning", ECCV 2018.

    Departures: the weights are brought to the sum T, as the paper's vanish with the end of training and the learning
    rate with them. κ is kept within [.001, .999] before it is averaged, as R² may be any negative number, and weights
    of 0 or ∞ mean nothing. A metric that is no number, R² where a batch's labels are all equal, is passed over; at the
    first update it counts as .5. The paper's other half, priorities among a task's samples, is left out.
    """

    average: Tensor | None = None

    def weights(self, joint: JointStep) -> Tensor:
        metrics = joint.metrics().double().cpu()
        if self.average is None:
            self.average = torch.where(metrics.isfinite(), metrics, UNKNOWN).clamp(LEAST, MOST)
        newest = torch.where(metrics.isfinite(), metrics, self.average).clamp(LEAST, MOST)
        self.average = NEWEST * newest + (1 - NEWEST) * self.average
        focal = -((1 - self.average) ** self.settings.focus) * self.average.log()
        return len(focal) * focal / focal.sum()

    def state(self) -> dict[str, Any]:
        return {"average": self.average}

    def load_state(self, state: dict[str, Any]) -> None:
        self.average = state["average"]
