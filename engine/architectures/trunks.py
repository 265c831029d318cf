"""Trunks: the stages that networks are made of. Each function takes the shape of one input and gives a backbone."""

import math

from torch import nn

from engine.architectures.backbone import Backbone
from engine.errors import KindredError


def mlp(input_shape: tuple[int, ...], width: int, depth: int, dropout: float, batch_norm: bool) -> Backbone:
    """``depth`` fully connected layers of ``width`` units, each followed by ReLU; images are flattened."""
    stages = []
    size = math.prod(input_shape)
    for place in range(depth):
        layers: list[nn.Module] = [] if place else [nn.Flatten()]
        layers.append(nn.Linear(size, width))
        if batch_norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
        if dropout:
            layers.append(nn.Dropout(dropout))
        stages.append(nn.Sequential(*layers))
        size = width
    return Backbone(stages, input_shape)


def convolutional(input_shape: tuple[int, ...], width: int, depth: int, dropout: float, batch_norm: bool) -> Backbone:
    """``depth`` 3×3 convolutions of ``width`` channels with ReLU, each map as large as the image.

    Raises:
        KindredError: if the inputs are not images ``[channels, rows, columns]``.
    """
    return _convolutions("convolutional", input_shape, [width] * depth, 1, dropout, batch_norm)


def encoder(input_shape: tuple[int, ...], width: int, depth: int, dropout: float, batch_norm: bool) -> Backbone:
    """``depth`` 3×3 convolutions with ReLU that halve rows and columns; ``width`` channels, then twice as many a stage.

    With a decoder for each dense task it is the encoder-decoder network of Standley et al., ICML 2020, in small.

    Raises:
        KindredError: if the inputs are not images, or too small to be halved so often.
    """
    if len(input_shape) == 3 and min(input_shape[1:]) < 2**depth:
        raise KindredError(
            f"The encoder halves an image at each of its {depth} stages, but one input has the shape {input_shape}; "
            "choose a smaller depth, or the trunk convolutional."
        )
    return _convolutions("encoder", input_shape, [width * 2**stage for stage in range(depth)], 2, dropout, batch_norm)


def _convolutions(
    name: str, input_shape: tuple[int, ...], widths: list[int], stride: int, dropout: float, batch_norm: bool
) -> Backbone:
    if len(input_shape) != 3:
        raise KindredError(
            f"The {name} trunk needs images, but one input has the shape {input_shape}; use the trunk mlp."
        )
    stages = []
    channels = input_shape[0]
    for width in widths:
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, stride, padding=1)]
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU())
        if dropout:
            layers.append(nn.Dropout2d(dropout))
        stages.append(nn.Sequential(*layers))
        channels = width
    return Backbone(stages, input_shape)
