"""PCGrad: each gradient loses what conflicts with another one."""

import torch
from torch import Tensor

from engine.affinity.estimator import step_generator
from engine.weighting.weighting import JointStep, Surgery


class PcGrad(Surgery):
    """The sum of the projected gradients, g_i^PC = g_i at first; for all j ≠ i in random order ::

        if ⟨g_i^PC, g_j⟩ < 0:  g_i^PC ← g_i^PC − ⟨g_i^PC, g_j⟩ / ‖g_j‖² · g_j

    Equal gradients do not conflict: they get their sum. Every task's order is drawn anew at every update, from the seed
    and the step alone, so that a resumed run draws the same.

    Each g_i^PC is a combination Σ_j C_ij g_j of the gradients, so that C and the Gram matrix are all that is needed,
    and the columns' sums are exactly the factors that the gradients got.

    Source: Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, algorithm 1. Departures: none.
    """

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        tasks = torch.arange(len(gram))
        generator = step_generator(self.seed, joint.step)
        orders = torch.rand(gram.shape, generator=generator).argsort(1)
        combinations = torch.eye(len(gram), dtype=gram.dtype)
        for others in orders.T:  # every task's next partner, all tasks at once
            conflicts = (combinations * gram[others]).sum(1).clamp(max=0)
            conflicts[others == tasks] = 0
            combinations[tasks, others] -= conflicts / gram.diagonal()[others]
        return combinations.sum(0)
