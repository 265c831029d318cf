"""Soft parameter sharing: a tower for every task, and a tie that draws the towers towards each other.

Sources: Duong et al., "Low Resource Dependency Parsing: Cross-lingual Parameter Sharing in a Neural Network Parser",
ACL 2015 (``l2``); Yang and Hospedales, "Trace Norm Regularised Deep Multi-Task Learning", ICLR workshop 2017
(``trace_norm``).
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.utils import parameters_to_vector

from engine.architectures.network import Blueprint, Network
from engine.architectures.towers import equal_towers


class SoftSharing(Network):
    """T towers that begin equal, each with its task's head. Without a tie this is single-task training.

    With the numbers θ_t of tower *t*, their mean θ̄, and λ the ``tie_strength``:

    - ``l2`` adds to the losses λ · Σ_{s<t} ‖θ_s − θ_t‖² / T, which equals λ · Σ_t ‖θ_t − θ̄‖². The paper ties one new
      parser to one that is trained already; here all are trained, and dividing the sum over pairs by T keeps the pull
      on a tower the same however many there are.
    - ``trace_norm`` asks that the towers' weights span few dimensions: λ times the sum of the singular values of
      ``[tasks, numbers]``, for every weight (the paper's "last axis flattening"). The paper follows a subgradient
      through the SVD, which has no limit where singular values meet; here the proximal step follows every update, with
      the threshold λ · learning rate. It is exact for plain gradient descent; after a step of Adam it is the same
      threshold on a step of other length. Biases and scales of normalisation are left alone, as a row of them is short
      and would be drawn to zero.

    Attributes:
        shared: empty, as no task's loss depends on another one's tower.
        own: the towers.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.tie, self.strength = blueprint.settings.tie, blueprint.settings.tie_strength
        self.shared = nn.ModuleList()
        self.own = equal_towers(blueprint)
        self.heads = blueprint.heads(self.own[0].shapes[-1])

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        return [self.own[place](inputs) for place in places]

    def regularizer(self) -> Tensor | None:
        if self.tie != "l2" or not self._tied:
            return None
        stacks = (torch.stack(same) for same in self._same())
        return self.strength * sum((stack - stack.mean(0)).square().sum() for stack in stacks)

    @torch.no_grad()
    def after_step(self, learning_rate: float) -> None:
        if self.tie != "trace_norm" or not self._tied:
            return
        for same in self._same():
            if same[0].dim() > 1 and same[0].requires_grad:
                stack = torch.stack([each.flatten() for each in same])
                for each, row in zip(same, _shrunk(stack, learning_rate * self.strength), strict=True):
                    each.copy_(row.view_as(each))

    def readings(self) -> dict[str, Tensor]:
        """``tower_distance``: −‖θ_s − θ_t‖ / (½ (‖θ_s‖ + ‖θ_t‖)), over all parameters; 0: equal."""
        rows = torch.stack([parameters_to_vector(tower.parameters()).detach() for tower in self.own])
        lengths = rows.norm(dim=1)
        # Not by the scalar products: towers are nearly equal at first, and these would cancel.
        distances = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")
        mean_length = (lengths + lengths[:, None]) / 2
        return {"tower_distance": -distances / mean_length.clamp_min(torch.finfo(rows.dtype).tiny)}

    @property
    def _tied(self) -> bool:
        return self.strength > 0 and len(self.tasks) > 1

    def _same(self) -> Iterator[tuple[Parameter, ...]]:
        """The parameters that have the same place in each tower, place by place."""
        return zip(*(tower.parameters() for tower in self.own), strict=True)


def _shrunk(stack: Tensor, threshold: float) -> Tensor:
    """``[tasks, numbers]`` with its singular values σ lowered to max(σ − threshold, 0).

    With M = UΣVᵀ the result is U diag(max(1 − threshold / σ, 0)) Uᵀ M, so that U and σ² from the small MMᵀ are enough;
    in float64, as squaring costs half the digits.
    """
    gram = stack.double() @ stack.double().T
    if not gram.isfinite().all():
        return stack  # the training has diverged; the losses say so
    squares, left = torch.linalg.eigh(gram)
    values = squares.clamp_min(0).sqrt()
    kept = torch.where(values > threshold, 1 - threshold / values, 0)
    return ((left * kept) @ left.T).to(stack.dtype) @ stack
