"""What a network costs, known before it is trained; and the width at which it costs a part of that."""

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from engine import catalog
from engine.architectures.network import Blueprint, Network
from engine.architectures.settings import RANGES, NetworkSettings
from engine.errors import KindredError


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
    network = _imagined(blueprint)
    shared = network.joint_parameters() if len(blueprint.tasks) > 1 else []
    return Cost(
        sum(each.numel() for each in network.parameters() if each.requires_grad),
        sum(each.numel() for each in shared if each.requires_grad),
        snt_of(blueprint, blueprint),
    )


def snt_of(blueprint: Blueprint, full: Blueprint) -> float:
    """What a network costs, in multiples of one trunk of the width of ``full`` with all its heads."""
    standard = replace(full, settings=replace(full.settings, architecture="hard_sharing"))
    return multiplications(blueprint) / max(multiplications(standard), 1)


def multiplications(blueprint: Blueprint) -> int:
    """Of linear and convolutional layers, in one inference of the network."""
    own = NetworkSettings(**{field.name: getattr(blueprint.settings, field.name) for field in fields(NetworkSettings)})
    tasks = blueprint.tasks
    if not own.heads:  # a name decides nothing: networks of like tasks are counted once
        tasks = tuple(replace(task, name=str(place), summary="") for place, task in enumerate(tasks))
    return _multiplications(replace(blueprint, tasks=tasks, settings=own))


def at_capacity(blueprint: Blueprint, capacity: float) -> Blueprint:
    """The network with the width at which it costs nearest to ``capacity`` times what it costs now.

    Raises:
        KindredError: if it has a trunk of one's own, which has one size, or would have to be too wide.
    """
    if capacity == 1:
        return blueprint
    settings = blueprint.settings
    if ":" in settings.trunk:
        raise KindredError(
            f"The trunk {settings.trunk!r} has one size, so that no network of {capacity:g} SNT can be made of it; "
            "leave the capacity at 1, or choose a trunk of the catalog, whose width can change."
        )

    def cost(width: int) -> int:
        return multiplications(replace(blueprint, settings=replace(settings, width=width)))

    wanted = capacity * cost(settings.width)
    _, least, most = RANGES["width"]
    narrow, wide = least, settings.width
    while cost(wide) < wanted:
        narrow, wide = wide, 2 * wide
        if wide > most:
            raise KindredError(
                f"A network of {capacity:g} SNT would have to be wider than {most}, of a width of {settings.width} at "
                "1 SNT; choose a smaller capacity or a smaller width."
            )
    while narrow < wide:  # the least width that costs as much as is wanted, or more
        middle = (narrow + wide) // 2
        narrow, wide = (narrow, middle) if cost(middle) >= wanted else (middle + 1, wide)
    nearest = min((max(wide - 1, least), wide), key=lambda width: abs(cost(width) - wanted))
    return replace(blueprint, settings=replace(settings, width=nearest))


def build(blueprint: Blueprint) -> Network:
    """The network that the blueprint describes."""
    return catalog.load("architecture", blueprint.settings.architecture)(blueprint)


def _imagined(blueprint: Blueprint) -> Network:
    with torch.device("meta"):
        return build(blueprint).eval()


@lru_cache(maxsize=4096)
def _multiplications(blueprint: Blueprint) -> int:
    network, counter = _imagined(blueprint), FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network(torch.zeros(1, *blueprint.input_shape, device="meta"))
    return counter.get_total_flops() // 2
