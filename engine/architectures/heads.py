"""The tasks' own last layers."""

from collections.abc import Sequence

from torch import Tensor, nn

from engine.architectures.backbone import mixing_layer
from engine.errors import KindredError
from engine.tasks import Task

LEAST = 8  # channels of a decoder
POOLED = 2  # maps are pooled to so many rows and columns before a task that gives one output a sample


class Heads(nn.Module):
    """One head a task, in the order of the tasks. (Kept by position: a task may have any name.)

    A task of one output a sample has a linear layer, on maps after pooling to 2×2. A dense task has a decoder: as often
    as the maps can be doubled up to the input's rows and columns, an enlargement and a 3×3 convolution to half the
    channels, then a 1×1 convolution.

    Args:
        tasks: the T tasks.
        shape: of the features that a head is given, without the batch.
        input_shape: of one input.
    """

    def __init__(self, tasks: Sequence[Task], shape: tuple[int, ...], input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.layers = nn.ModuleList(_head(task, shape, input_shape) for task in tasks)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(POOLED), nn.Flatten()) if len(shape) == 3 else nn.Flatten()

    def forward(self, features: Sequence[Tensor], places: Sequence[int]) -> dict[str, Tensor]:
        """Each task's output, ``[batch, task.outputs]`` or ``[batch, task.outputs, rows, columns]``.

        Args:
            features: one tensor a task; the same one where tasks share them, which is then pooled once.
            places: of these tasks among all.
        """
        pooled: dict[int, Tensor] = {}
        outputs = {}
        for place, given in zip(places, features, strict=True):
            task = self.tasks[place]
            if not task.dense:
                if id(given) not in pooled:
                    pooled[id(given)] = self.pool(given)
                given = pooled[id(given)]
            outputs[task.name] = self.layers[place](given)
        return outputs


class OwnHeads(nn.Module):
    """Heads of the user's making, each given the features as they are."""

    def __init__(self, tasks: Sequence[Task], layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.layers = nn.ModuleList(layers)

    def forward(self, features: Sequence[Tensor], places: Sequence[int]) -> dict[str, Tensor]:
        """The outputs of the tasks at ``places``."""
        return {
            self.tasks[place].name: self.layers[place](given) for place, given in zip(places, features, strict=True)
        }


def _head(task: Task, shape: tuple[int, ...], input_shape: tuple[int, ...]) -> nn.Module:
    if not task.dense:
        return nn.Linear(shape[0] * POOLED**2 if len(shape) == 3 else shape[0], task.outputs)
    if len(shape) != 3:
        raise KindredError(
            f"The task {task.name!r} is dense: it needs maps, but the trunk's last stage gives {shape}; choose a trunk "
            "of convolutions."
        )
    return _decoder(task, shape, input_shape)


def _decoder(task: Task, shape: tuple[int, ...], input_shape: tuple[int, ...]) -> nn.Module:
    """From maps to one of the input's rows and columns: twice as large a step, with half the channels."""
    layers: list[nn.Module] = []
    channels, rows, columns = shape
    while 2 * rows <= input_shape[-2] and 2 * columns <= input_shape[-1]:
        narrower = max(channels // 2, LEAST)
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(channels, narrower, 3, padding=1), nn.ReLU()]
        channels, rows, columns = narrower, 2 * rows, 2 * columns
    layers.append(mixing_layer((channels, rows, columns), task.outputs, bias=True))
    if (rows, columns) != tuple(input_shape[-2:]):
        layers.append(nn.Upsample(input_shape[-2:], mode="bilinear", align_corners=False))
    return nn.Sequential(*layers)
