"""The tasks' own last layers."""

from collections.abc import Sequence

from torch import Tensor, nn

from engine.architectures.backbone import mixing_layer
from engine.errors import KindredError
from engine.tasks import Task

POOLED = 2  # maps are pooled to so many rows and columns before a task that gives one output a sample


class Heads(nn.Module):
    """One head a task, in the order of the tasks. (Kept by position: a task may have any name.)

    A task of one output a sample has a linear layer, on maps after pooling to 2×2; a dense task has a 1×1 convolution,
    enlarged to the input's rows and columns.

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

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Each task's output, ``[batch, task.outputs]`` or ``[batch, task.outputs, rows, columns]``.

        Args:
            features: one tensor a task; the same one where tasks share them, which is then pooled once.
        """
        pooled: dict[int, Tensor] = {}
        outputs = {}
        for task, layer, given in zip(self.tasks, self.layers, features, strict=True):
            if not task.dense:
                if id(given) not in pooled:
                    pooled[id(given)] = self.pool(given)
                given = pooled[id(given)]
            outputs[task.name] = layer(given)
        return outputs


class OwnHeads(nn.Module):
    """Heads of the user's making, each given the features as they are."""

    def __init__(self, tasks: Sequence[Task], layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.layers = nn.ModuleList(layers)

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Each task's output."""
        return {task.name: layer(given) for task, layer, given in zip(self.tasks, self.layers, features, strict=True)}


def _head(task: Task, shape: tuple[int, ...], input_shape: tuple[int, ...]) -> nn.Module:
    if not task.dense:
        return nn.Linear(shape[0] * POOLED**2 if len(shape) == 3 else shape[0], task.outputs)
    if len(shape) != 3:
        raise KindredError(
            f"The task {task.name!r} is dense: it needs maps, but the trunk's last stage gives {shape}; choose a trunk "
            "of convolutions."
        )
    enlarge = nn.Upsample(input_shape[-2:], mode="bilinear", align_corners=False)
    return nn.Sequential(mixing_layer(shape, task.outputs, bias=True), enlarge)
