"""Samples on their way to a network: as tensors, on its device."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.datasets.dataset import Samples, Values, known
from engine.tasks import Task

CHUNK, CHUNK_NUMBERS = 4096, 2**21  # of a pass without gradients: samples at most, and numbers of their inputs


@dataclass(frozen=True, eq=False)
class Batch:
    """Attributes:
    tasks: those that see these inputs.
    inputs: ``[batch, …]``.
    labels: task → ``[batch, …]``.
    sparse: the tasks of which some labels may be missing.
    joint: of how many samples this is one process's share; None if it is all of them.
    shares: of a process's share, task → the factor of its mean loss, see ``task_losses``.
    """

    tasks: tuple[Task, ...]
    inputs: Tensor
    labels: dict[str, Tensor]
    sparse: frozenset[str]
    joint: int | None = None
    shares: Mapping[str, float] | None = None


class Part:
    """One part of a split. What is held in memory is moved to the device at once; files are read as they are needed.

    Args:
        tasks: those of the part.
        samples: of the split.
        device: of the network.

    Attributes:
        tasks: as given.
        sparse: the tasks of which labels are, or may be, missing.
    """

    def __init__(self, tasks: Sequence[Task], samples: Samples, device: torch.device) -> None:
        self.tasks, self._device = tuple(tasks), device
        self.sparse = frozenset(task for task, labels in samples.labels.items() if _sparse(labels))
        self._inputs = _ready(samples.inputs, device)
        self._labels = {task.name: _ready(samples.labels[task.name], device) for task in tasks}

    def __len__(self) -> int:
        return len(self._inputs)

    def batch(self, indices: Tensor) -> Batch:
        """The samples at ``indices``."""
        labels = {task: _taken(values, indices, self._device) for task, values in self._labels.items()}
        return Batch(self.tasks, _taken(self._inputs, indices, self._device), labels, self.sparse)

    def chunks(self, samples: int | None = None, own: slice = slice(None)) -> Iterator[Batch]:
        """The first so many samples, or all, and ``own`` of those, in their order, in pieces that fit into memory."""
        numbers = max(int(np.prod(self._inputs.shape[1:])), 1)
        size = min(max(CHUNK_NUMBERS // numbers, 1), CHUNK)
        for indices in torch.arange(min(samples or len(self), len(self)))[own].split(size):
            if len(indices):
                yield self.batch(indices)


def parts_of(tasks: Sequence[Task], split: Sequence[Samples], device: torch.device) -> list[Part]:
    """The parts of a split, the tasks of each in the order given."""
    return [Part([task for task in tasks if task.name in samples.labels], samples, device) for samples in split]


def _sparse(labels: Values) -> bool:
    return not isinstance(labels, np.ndarray) or not known(labels).all()


def _ready(values: Values, device: torch.device) -> Tensor | Values:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device) if isinstance(values, np.ndarray) else values


def _taken(values: Tensor | Values, indices: Tensor, device: torch.device) -> Tensor:
    if isinstance(values, Tensor):
        return values[indices.to(device)]
    return torch.from_numpy(np.ascontiguousarray(values[indices.numpy()])).to(device)
