"""NDDR-CNN: a tower for every task; after every stage each task takes a 1×1 convolution of all towers' channels.

Source: Gao et al., "NDDR-CNN: Layerwise Feature Fusing in Multi-Task CNNs by Neural Discriminative Dimensionality
Reduction", CVPR 2019.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from engine.architectures.backbone import mixing_layer
from engine.architectures.network import Blueprint, Network
from engine.architectures.towers import equal_towers, initial_shares


class Nddr(Network):
    """T towers that begin equal; after each stage tower *t* goes on with Σ_s W[t, s] x_s.

    The block W[t, s], of C × C numbers, begins as the identity times the weight with which a cross-stitch unit begins.
    As long as blocks stay multiples of the identity this *is* a cross-stitch network. For the sake of that, the
    BatchNorm and ReLU with which the paper follows each mix are left out: the stages have a ReLU, and where wanted a
    BatchNorm, of their own. The paper trains W faster than the towers and with strong weight decay; here it is trained
    as they are. T tasks, where the paper has two.

    Attributes:
        shared: the towers.
        mixes: one layer a stage, that gives all tasks' mixes side by side: its weight, seen as
            ``[target, C, source, C]``, holds the blocks.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.shared = equal_towers(blueprint)
        tasks, shapes = len(self.tasks), self.shared[0].shapes
        self.mixes = nn.ModuleList(
            mixing_layer((tasks * channels, *positions), tasks * channels) for channels, *positions in shapes
        )
        with torch.no_grad():
            for mix, (channels, *_) in zip(self.mixes, shapes, strict=True):
                mix.weight.copy_(torch.kron(initial_shares(blueprint), torch.eye(channels)).view_as(mix.weight))
        self.heads = blueprint.heads(shapes[-1])

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        features = [inputs] * len(self.tasks)
        for place, mix in enumerate(self.mixes):
            given = zip(self.shared, features, strict=True)
            joined = torch.cat([tower.stages[place](each) for tower, each in given], 1)
            features = mix(joined).chunk(len(self.tasks), 1)
        return [features[place] for place in places]

    def joint_parameters(self) -> list[Parameter]:
        return [*super().joint_parameters(), *self.mixes.parameters()]

    def readings(self) -> dict[str, Tensor]:
        """``mixing``: the block's Frobenius norm divided by √C, mean over the stages: |α| where it is α · identity."""
        tasks = len(self.tasks)
        norms = []
        for mix in self.mixes:
            blocks = mix.weight.detach().view(tasks, -1, tasks, mix.weight.shape[1] // tasks)
            norms.append(blocks.square().sum((1, 3)).div(blocks.shape[1]).sqrt())
        return {"mixing": torch.stack(norms).mean(0).T}
