"""What the designs with a tower for every task begin with."""

import copy

import torch
from torch import Tensor, nn

from engine.architectures.network import Blueprint


def equal_towers(blueprint: Blueprint) -> nn.ModuleList:
    """One backbone a task, all with the same weights: what sets them apart later, the tasks did."""
    first = blueprint.backbone()
    return nn.ModuleList([first, *(copy.deepcopy(first) for _ in blueprint.tasks[1:])])


def initial_shares(blueprint: Blueprint) -> Tensor:
    """``[target, source]``: ``own_share`` on the diagonal, the rest even over the other tasks; 1 for a single task."""
    tasks, own = len(blueprint.tasks), blueprint.settings.own_share
    if tasks == 1:
        return torch.ones(1, 1)
    others = (1 - own) / (tasks - 1)
    return torch.full((tasks, tasks), others) + (own - others) * torch.eye(tasks)
