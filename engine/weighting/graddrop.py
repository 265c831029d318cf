"""GradDrop: every parameter follows the gradients of one sign, drawn by how much agree."""

from torch import Tensor

from engine.affinity.estimator import step_generator
from engine.weighting.torchjd_methods import graddrop
from engine.weighting.weighting import JointStep, Surgery


class GradDrop(Surgery):
    """For every shared parameter, with g_i the tasks' gradient numbers on it and U uniform on [0, 1] ::

        P = ½ (1 + Σ g_i / Σ |g_i|)          keep the positive g_i if P > U, else the negative ones; add what is kept

    Where all signs agree all is kept: equal gradients get their sum. U is drawn from the seed and the step alone.
    Computed by TorchJD.

    There are no weights; reported is the share of each task's gradient numbers, those that are not zero, that was kept
    (0 if there is none). Kept are those with the sign of the result, as all that is kept has one sign.

    Source: Chen et al., "Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign Dropout", NeurIPS 2020,
    algorithm 1, lines 10 to 15, with the identity for f and without leaks.

    Departure: signs are those of the gradients on the parameters; the paper drops at one layer's activations, each
    sample's gradient multiplied by the sign of the activation.
    """

    def direction(self, jacobian: Tensor, gram: Tensor, joint: JointStep) -> tuple[Tensor, Tensor]:
        kept_sum = graddrop(jacobian, step_generator(self.seed, joint.step))
        kept = (jacobian * kept_sum.sign() > 0).sum(1)
        return kept_sum, kept / (jacobian != 0).sum(1).clamp(min=1)
