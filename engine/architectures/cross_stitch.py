"""Cross-stitch networks: a tower for every task, whose features are mixed after every stage by learned weights.

Source: Misra et al., "Cross-stitch Networks for Multi-task Learning", CVPR 2016, eq. 1.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from engine.architectures.network import Blueprint, Network
from engine.architectures.towers import equal_towers, initial_shares


class CrossStitch(Network):
    """T towers that begin equal; after stage *k* tower *t* goes on with x̃_t = Σ_s α_k[t, s] x_s.

    Departures from the paper: T tasks, where it has two; α begins with ``own_share`` on the diagonal, and every other
    entry (1 − own_share) / (T − 1); one weight a pair and stage, where the authors' code has one a channel; a unit
    follows every stage, the last one too; towers begin equal, where the paper begins with networks trained alone.

    Attributes:
        shared: the towers.
        alpha: ``[stages, target, source]``.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.shared = equal_towers(blueprint)
        shapes = self.shared[0].shapes
        self.alpha = Parameter(initial_shares(blueprint).repeat(len(shapes), 1, 1))
        self.heads = blueprint.heads(shapes[-1])

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        features = [inputs] * len(self.tasks)
        for place, alpha in enumerate(self.alpha):
            given = zip(self.shared, features, strict=True)
            features = torch.tensordot(alpha, torch.stack([tower.stages[place](each) for tower, each in given]), 1)
        return [features[place] for place in places]

    def relation_parameters(self) -> list[Parameter]:
        return [self.alpha]

    def readings(self) -> dict[str, Tensor]:
        """``mixing``: α of the source in the target, mean over the stages."""
        return {"mixing": self.alpha.detach().mean(0).T}
