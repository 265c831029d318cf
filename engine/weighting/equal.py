"""Equal weighting: every task loss has the weight 1."""

import torch
from torch import Tensor

from engine.weighting.weighting import JointStep, Weighting


class Equal(Weighting):
    """The sum of the task losses, as in Fifty et al. 2021: a task's step alone is then its share of the joint step."""

    def weights(self, joint: JointStep) -> Tensor:
        return torch.ones(len(joint.tasks))
