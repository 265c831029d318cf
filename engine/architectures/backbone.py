"""A staged backbone: what every network design is made of, for tables, images and dense maps alike."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import KindredError


class Backbone(nn.Module):
    """A list of stages, run one after the other; designs may look in, and mix, between them.

    Args:
        stages: each takes what the one before gives, and leaves it as it is: others may still look at it.
        input_shape: of one input, without the batch.

    Attributes:
        stages: the modules.
        input_shape: as given.
        shapes: of one output of each stage: ``(features,)``, or ``(channels, rows, columns)`` of a map. Found by
            running two blank inputs through, in evaluation mode.
    """

    def __init__(self, stages: Sequence[nn.Module], input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.input_shape = tuple(input_shape)
        self.shapes = self._shapes()

    def forward(self, inputs: Tensor) -> Tensor:
        """``[batch, *shapes[-1]]``: what the last stage gives."""
        for stage in self.stages:
            inputs = stage(inputs)
        return inputs

    def _shapes(self) -> tuple[tuple[int, ...], ...]:
        shapes = []
        device = next(iter(self.parameters()), torch.empty(0)).device
        training = self.training
        self.eval()
        with torch.no_grad():
            features = torch.zeros(2, *self.input_shape, device=device)
            for stage in self.stages:
                features = stage(features)
                shapes.append(tuple(features.shape[1:]))
        self.train(training)
        return tuple(shapes)


def mixing_layer(shape_in: tuple[int, ...], width: int, bias: bool = False) -> nn.Module:
    """A linear layer over the features of every position: linear for vectors, a 1×1 convolution for maps.

    Raises:
        KindredError: if the features are neither.
    """
    if len(shape_in) == 1:
        return nn.Linear(shape_in[0], width, bias=bias)
    if len(shape_in) == 3:
        return nn.Conv2d(shape_in[0], width, 1, bias=bias)
    raise KindredError(
        f"Features of shape {shape_in} cannot be mixed; let every stage of the trunk give vectors (features,) or maps "
        "(channels, rows, columns), or choose a network that does not look between stages."
    )


def at_positions(features: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Features of one stage where those of another are: a map averaged, or repeated, to as many rows and columns.

    Args:
        features: ``[batch, channels]`` or ``[batch, channels, rows, columns]``.
        shape: of the other stage's features, without the batch; vectors have one position.
    """
    if features.shape[2:] == tuple(shape[1:]):
        return features
    maps = features if features.dim() == 4 else features[..., None, None]
    return F.adaptive_avg_pool2d(maps, tuple(shape[1:])) if len(shape) == 3 else maps.mean((2, 3))
