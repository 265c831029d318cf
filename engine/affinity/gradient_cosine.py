"""The angle between two tasks' gradients, and how often they conflict."""

import torch
from torch import Tensor

from engine.affinity.estimator import Estimator, Update


class GradientCosine(Estimator):
    """``Z[s, t] = ⟨g_s, g_t⟩ / (‖g_s‖ ‖g_t‖)`` on the shared parameters: in −1 … 1, symmetric, 1 on the diagonal.

    Knows nothing of the size of an effect, so that a target with a tiny gradient counts as much as any other; losses
    may have any sign. NaN for a gradient of zero. Cost: one backward pass a task. As an estimate of affinity it is
    biased by whatever the gradients' norms say.

    Args:
        block: only the last so many shared parameter tensors; 0: all.

    Source: Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, definition 1.
    """

    quantity = "cosine of the two tasks' gradients on the shared parameters"

    def __init__(self, block: int = 0) -> None:
        self.block = block

    def __call__(self, update: Update) -> Tensor:
        gradients = update.flat_gradients(update.shared.parameters()[-self.block :])
        lengths = gradients.norm(dim=1, keepdim=True)
        directions = (gradients / lengths).double()  # 0 / 0 is NaN: no direction
        return (directions @ directions.T).clamp(-1, 1)

    def costs(self, tasks: int) -> float:
        return 0.7 * tasks


class GradientConflict(GradientCosine):
    """−1 where the two gradients conflict (their cosine is negative), else 1; the cost is the cosine's.

    The mean over updates is 1 − 2 · (rate of conflict): 1 for two tasks that never conflict, 0 where every second
    update does, −1 where each does. Written so that, as in every other reading, higher is better.
    """

    quantity = "agreement of gradient directions: 1 never in conflict, −1 always; rate of conflict = (1 − entry) / 2"

    def __call__(self, update: Update) -> Tensor:
        cosine = super().__call__(update)
        return torch.where(cosine.isnan(), cosine, torch.where(cosine < 0, -1.0, 1.0))
