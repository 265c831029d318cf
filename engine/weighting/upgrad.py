"""UPGrad: each gradient projected to where it harms no task, then added."""

import torch
from torch import Tensor

from engine.weighting.min_norm import into_dual_cone, points
from engine.weighting.weighting import JointStep, Surgery


class UpGrad(Surgery):
    """The sum of the gradients' projections onto the dual cone of all gradients ::

        d = Σ_i (g_i + Σ_j v_ij g_j)          v_i ≥ 0 minimises ‖g_i + Σ_j v_ij g_j‖²

    Each projection, and so the sum, has ⟨d, g_j⟩ ≥ 0 for every task: a small step makes none worse. Gradients that do
    not conflict, equal ones among them, get their plain sum.

    Source: Quinton and Rey, "Jacobian Descent for Multi-Objective Optimization", 2024.

    Departures: the sum, where the paper has the mean. Each projection is found by non-negative least squares, exactly,
    where the authors' code solves a quadratic programme in the Gram matrix.
    """

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        gradients = points(gram)
        added = sum(into_dual_cone(gradients, gradient) for gradient in gradients)
        return torch.from_numpy(1 + added)
