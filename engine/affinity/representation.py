"""How alike two tasks see the samples of a batch: representational similarity analysis."""

import torch
from torch import Tensor

from engine.affinity.estimator import Estimator, Unsuited, Update

MOST_SAMPLES = 64  # a batch of more is cut; the number of pairs grows with its square


class Representation(Estimator):
    """The rank correlation of two tasks' representational dissimilarity matrices (RDMs) over the batch.

    Dwivedi and Roig compare networks trained for one task each. In a shared network a task's own representation is
    what it uses of the shared one: with a the input of the last shared layer, ::

        r_i[sample] = |a ⊙ ∂L_i/∂a|,    RDM_i[x, y] = 1 − Pearson(r_i[x], r_i[y])
        Z[s, t] = Spearman(RDM_s, RDM_t) over the pairs x < y

    (absolute values, as the sign of a residual is no property of the representation). Symmetric, in −1 … 1, 1 on the
    diagonal; no estimate of affinity. Several processes compare the samples of all of them. Cost: a backward pass
    through heads and last layer, and samples² · features, a task.

    Source: Dwivedi and Roig, "Representation Similarity Analysis for Efficient Task Taxonomy & Transfer Learning",
    CVPR 2019.
    """

    quantity = "representational similarity: rank correlation of the tasks' dissimilarity matrices"

    def __call__(self, update: Update) -> Tensor:
        calls = update.shared.last_calls()
        if len(calls) != 1 or calls[0].source is None:
            raise Unsuited(
                "Representations are compared where all tasks see one batch through a shared module of at least two "
                f"layers, whose last one runs once an update; here it was seen {len(calls)} times. Choose another "
                "estimator."
            )
        inputs = calls[0].inputs[:MOST_SAMPLES]
        seen = []
        for task, loss in update.losses.items():
            (gradient,) = torch.autograd.grad(loss, [calls[0].source], retain_graph=True, allow_unused=True)
            if gradient is None:
                raise Unsuited(
                    f"The loss of {task!r} does not depend on the last layer of the shared module; leave the task out."
                )
            seen.append((inputs * gradient[:MOST_SAMPLES]).abs().flatten(1).double())
        every = update.shared.gathered(torch.stack(seen, 1))[:MOST_SAMPLES]
        ranked = [_ranks(_dissimilarity(of_task)) for of_task in every.unbind(1)]
        return torch.corrcoef(torch.stack(ranked)).reshape(len(ranked), len(ranked))

    def costs(self, tasks: int) -> float:
        return 0.1 * tasks


def _dissimilarity(features: Tensor) -> Tensor:
    """``[pairs]``: 1 − Pearson correlation of every two samples x < y."""
    centred = features - features.mean(1, keepdim=True)
    unit = centred / centred.norm(dim=1, keepdim=True).clamp_min(torch.finfo(centred.dtype).tiny)
    rows, columns = torch.triu_indices(len(features), len(features), 1)
    return 1 - (unit @ unit.T)[rows, columns]


def _ranks(values: Tensor) -> Tensor:
    """Ranks from 0; equal values share their mean rank."""
    _, inverse, counts = values.unique(sorted=True, return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    return (ends - (counts.double() + 1) / 2)[inverse]
