"""IMTL-G: the direction on which all tasks' gradients have the same projection."""

import torch
from torch import Tensor

from engine.weighting.torchjd_methods import imtl_g
from engine.weighting.weighting import JointStep, Surgery


class Imtl(Surgery):
    """The d = Σ α_i g_i whose scalar product with every g_i / ‖g_i‖ is the same, and not negative.

    With u_i = g_i / ‖g_i‖ and C their scalar products, α_i ∝ (C⁺ 1)_i / ‖g_i‖, computed by TorchJD on C. The factors
    are brought to the absolute sum k, for k gradients that are not zero: equal gradients get their sum. A factor may be
    negative. Where no direction serves all tasks alike, as with opposite gradients, all are 0.

    Source: Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021 (its gradient balance alone); for gradients
    that depend on each other: Quinton and Rey, "Jacobian Descent for Multi-Objective Optimization", 2024.

    Departure: the paper's α sum to 1. With three and more tasks of which one has a short gradient and a negative factor
    that sum can pass through 0, where d has no bound and turns against all tasks; the sum of the absolute values
    cannot, and is the same where no factor is negative.
    """

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        lengths = gram.diagonal().sqrt()
        weights = imtl_g(gram / lengths[:, None] / lengths) / lengths
        total = weights.abs().sum()
        return len(weights) * weights / total if total > 0 else torch.zeros_like(weights)
