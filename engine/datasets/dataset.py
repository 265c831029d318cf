"""The form every data set takes: tasks, and three splits held in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.tasks import Task


@dataclass(frozen=True, eq=False)
class Split:
    """Attributes:
    inputs: ``[samples, …]``, float32.
    labels: task → ``[samples]``; float32, or int64 class numbers for ``cross_entropy``.
    """

    inputs: Tensor
    labels: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.inputs)

    def batch(self, indices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Inputs and labels of the samples at ``indices``."""
        return self.inputs[indices], {task: values[indices] for task, values in self.labels.items()}

    def to(self, device: torch.device) -> "Split":
        """The same split on another device."""
        return Split(self.inputs.to(device), {task: values.to(device) for task, values in self.labels.items()})


@dataclass(frozen=True, eq=False)
class Dataset:
    """Attributes:
    name: as in the catalog.
    tasks: what to predict, all from the same inputs.
    train, validation, test: disjoint splits, the same in every run.
    """

    name: str
    tasks: tuple[Task, ...]
    train: Split
    validation: Split
    test: Split


def epoch_order(samples: int, seed: int, epoch: int) -> Tensor:
    """A permutation of the samples that depends on nothing but its arguments, so that a resumed run sees the same."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(samples, generator=generator)


def split_randomly(name: str, tasks: Sequence[Task], inputs: np.ndarray, labels: dict[str, np.ndarray]) -> Dataset:
    """60 % training, 20 % validation, 20 % test by a fixed shuffle; inputs and real labels standardised on training.

    Args:
        inputs: ``[samples, …]``; standardised per feature if flat, by one mean and deviation if images.
        labels: task → ``[samples]``.
    """
    samples = len(inputs)
    order = np.random.default_rng(0).permutation(samples)
    ends = round(samples * 0.6), round(samples * 0.8)
    parts = np.split(order, ends)

    axes = 0 if inputs.ndim == 2 else None
    inputs = _standardised(inputs, parts[0], axes)
    tensors = {}
    for task in tasks:
        values = labels[task.name]
        if task.loss == "squared_error":
            values = _standardised(values, parts[0], 0)
        tensors[task.name] = torch.tensor(values, dtype=torch.int64 if task.loss == "cross_entropy" else torch.float32)
    whole = Split(torch.tensor(inputs, dtype=torch.float32), tensors)
    return Dataset(name, tuple(tasks), *(Split(*whole.batch(torch.tensor(part))) for part in parts))


def _standardised(values: np.ndarray, training: np.ndarray, axes: int | None) -> np.ndarray:
    mean, deviation = values[training].mean(axes), values[training].std(axes)
    return (values - mean) / np.where(deviation > 0, deviation, 1)
