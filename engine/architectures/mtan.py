"""Multi-task attention network: one trunk for all tasks, of whose features every task attends to those it needs.

Source: Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019, eq. 1 and 2.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.architectures.backbone import at_positions, mixing_layer
from engine.architectures.network import Blueprint, Network

REDUCTION, LEAST = 4, 4  # the hidden channels of an attention module: the stage's divided by 4, but at least 4


class Mtan(Network):
    """A shared backbone, and for every task and stage an attention module, which makes a mask in [0, 1].

    With p the shared output of a stage and â the task's attended features of the stage before, at p's positions:
    mask = sigmoid(h(ReLU(g([p; â])))), and the task's attended features are mask ⊙ p; those of the last stage go to its
    head. g and h are 1×1 convolutions, linear layers for vectors, each followed by BatchNorm if ``batch_norm``.

    Departures from the paper: a stage here has no inner layer to take u from, so that p stands for both; the 3×3
    convolution f between modules is left out, as g mixes the channels of â and [p; â] is brought to one size by
    averaging; g narrows to a quarter of the channels, as in the authors' code for ResNet, without which 14 modules cost
    more than 14 trunks.

    Attributes:
        shared: the backbone.
        attention: the modules, by stage and task.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.shared = blueprint.backbone()
        shapes = self.shared.shapes
        before = (0, *(channels for channels, *_ in shapes[:-1]))
        self.attention = nn.ModuleList(
            nn.ModuleList(_attention(shape, attended, blueprint.settings.batch_norm) for _ in self.tasks)
            for shape, attended in zip(shapes, before, strict=True)
        )
        self.heads = blueprint.heads(shapes[-1])
        self._masks: dict[int, list[Tensor]] = {}  # of the last training batch, by task and stage
        self._together = True  # whether all tasks saw that batch

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        shared, attended, masks = inputs, [], []
        for stage, modules in zip(self.shared.stages, self.attention, strict=True):
            shared = stage(shared)
            seen = [torch.cat([shared, at_positions(each, shared.shape[1:])], 1) for each in attended]
            seen = seen or [shared] * len(places)  # nothing is attended to before the first stage
            masks.append([modules[place](each) for place, each in zip(places, seen, strict=True)])
            attended = [mask * shared for mask in masks[-1]]
        if self.training and torch.is_grad_enabled():
            self._keep(masks, places)
        return attended

    def readings(self) -> dict[str, Tensor]:
        """``attention``: Pearson correlation of two tasks' masks over the last training batch and all its positions and
        channels, mean over the stages; 0 where a mask is constant. Where tasks have inputs of their own, of the masks'
        means over the batches. Nothing before every task had a training batch."""
        if len(self._masks) < len(self.tasks):
            return {}
        by_task = [[self.gathered(mask) for mask in self._masks[place]] for place in range(len(self.tasks))]
        if not self._together:
            by_task = [[mask.mean(0) for mask in masks] for masks in by_task]
        return {"attention": torch.stack([_correlations(of_stage) for of_stage in zip(*by_task, strict=True)]).mean(0)}

    def _keep(self, masks: list[list[Tensor]], places: Sequence[int]) -> None:
        self._together = len(places) == len(self.tasks)
        for place, of_task in zip(places, zip(*masks, strict=True), strict=True):
            self._masks[place] = [mask.detach() for mask in of_task]


def _attention(shape: tuple[int, ...], attended: int, batch_norm: bool) -> nn.Module:
    """From the stage's and ``attended`` more channels to a mask of the stage's shape."""
    channels, *positions = shape
    hidden = max(channels // REDUCTION, LEAST)
    norm = (nn.BatchNorm2d if positions else nn.BatchNorm1d) if batch_norm else nn.Identity
    return nn.Sequential(
        mixing_layer((channels + attended, *positions), hidden, bias=True),
        norm(hidden),
        nn.ReLU(),
        mixing_layer((hidden, *positions), channels, bias=True),
        norm(channels),
        nn.Sigmoid(),
    )


def _correlations(masks: Sequence[Tensor]) -> Tensor:
    rows = torch.stack([mask.flatten() for mask in masks])
    rows = F.normalize(rows - rows.mean(1, keepdim=True), dim=1)
    return rows @ rows.T
