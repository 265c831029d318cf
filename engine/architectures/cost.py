"""What a network costs, known before it is trained."""

from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine import catalog
from engine.architectures.network import Blueprint, Network


@dataclass(frozen=True)
class Cost:
    """Attributes:
    parameters: trainable numbers.
    shared: how many of them several tasks depend on, or relate tasks.
    snt: inference cost in standard network times: multiplications of linear and convolutional layers, as a multiple of
        those of one trunk of full size with all heads (hard sharing).
    """

    parameters: int
    shared: int
    snt: float


def cost_of(blueprint: Blueprint) -> Cost:
    """The cost of the network that the blueprint describes; nothing is allocated for it.

    Raises:
        KindredError: if it cannot be built.
    """
    standard = replace(blueprint, settings=replace(blueprint.settings, architecture="hard_sharing"))
    network = _imagined(blueprint)
    shared = network.joint_parameters() if len(blueprint.tasks) > 1 else []
    return Cost(
        sum(each.numel() for each in network.parameters() if each.requires_grad),
        sum(each.numel() for each in shared if each.requires_grad),
        _multiplications(network, blueprint) / max(_multiplications(_imagined(standard), blueprint), 1),
    )


def build(blueprint: Blueprint) -> Network:
    """The network that the blueprint describes."""
    return catalog.load("architecture", blueprint.settings.architecture)(blueprint)


def _imagined(blueprint: Blueprint) -> Network:
    with torch.device("meta"):
        return build(blueprint).eval()


def _multiplications(network: nn.Module, blueprint: Blueprint) -> int:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network(torch.zeros(1, *blueprint.input_shape, device="meta"))
    return counter.get_total_flops() // 2
