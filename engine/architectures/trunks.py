"""Trunks: what the tasks share. Each takes the shape of one input and gives a module and the width of its output."""

import math

from torch import nn

from engine.errors import KindredError


def mlp(
    input_shape: tuple[int, ...], width: int, depth: int, dropout: float, batch_norm: bool
) -> tuple[nn.Module, int]:
    """``depth`` fully connected layers of ``width`` units, each followed by ReLU; images are flattened."""
    layers: list[nn.Module] = [nn.Flatten()]
    size = math.prod(input_shape)
    for _ in range(depth):
        layers.append(nn.Linear(size, width))
        if batch_norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
        if dropout:
            layers.append(nn.Dropout(dropout))
        size = width
    return nn.Sequential(*layers), size


def convolutional(
    input_shape: tuple[int, ...], width: int, depth: int, dropout: float, batch_norm: bool
) -> tuple[nn.Module, int]:
    """``depth`` 3×3 convolutions of ``width`` channels with ReLU, pooled to 2×2.

    Raises:
        KindredError: if the inputs are not images ``[channels, rows, columns]``.
    """
    if len(input_shape) != 3:
        raise KindredError(
            f"The convolutional trunk needs images, but one input has the shape {input_shape}; use the trunk mlp."
        )
    layers: list[nn.Module] = []
    channels = input_shape[0]
    for _ in range(depth):
        layers.append(nn.Conv2d(channels, width, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU())
        if dropout:
            layers.append(nn.Dropout2d(dropout))
        channels = width
    layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers), 4 * width
