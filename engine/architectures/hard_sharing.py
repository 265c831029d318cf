"""Hard parameter sharing: one trunk for all tasks, one head a task.

Source: Caruana, "Multitask Learning", Machine Learning 28, 1997.
"""

from collections.abc import Sequence

from torch import Tensor

from engine.architectures.network import Blueprint, Network


class HardSharing(Network):
    """Any trunk, shared by all tasks, and a head for each.

    Attributes:
        shared: the trunk.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.shared = blueprint.backbone()
        self.heads = blueprint.heads(self.shared.shapes[-1])

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        return [self.shared(inputs)] * len(places)
