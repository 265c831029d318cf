"""The form every data set takes: tasks, and three splits, each of one or more parts. Needs no torch."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.errors import KindredError
from engine.tasks import Task

NO_CLASS = -1  # in place of a class number that is not known; other labels are then NaN


class Values(Protocol):
    """An array ``[samples, …]``, or whatever reads one's rows from files when they are asked for."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int: ...

    def __getitem__(self, indices: np.ndarray, /) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs, and what is known of them: one part of a split.

    Attributes:
        inputs: ``[samples, …]``, float32.
        labels: task → ``[samples]``, or ``[samples, rows, columns]`` where it is dense; before the rows, a place for
            each output where a real-valued task has several. Class numbers int64, ``NO_CLASS`` where not known; all
            others float32, NaN where not known.
    """

    inputs: Values
    labels: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: np.ndarray) -> "Samples":
        """The samples at ``indices``, read into memory."""
        return Samples(self.inputs[indices], {task: values[indices] for task, values in self.labels.items()})


Split = tuple[Samples, ...]
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Tasks of which some, or all, share their inputs.

    Attributes:
        name: as in the catalog.
        tasks: what to predict.
        train, validation, test: disjoint splits, the same in every run. Each has the same parts: the tasks of one part
            share its inputs, and every task is in exactly one. Inputs have one shape in all parts.

    Raises:
        KindredError: naming the task and what is wrong with its labels.
    """

    name: str
    tasks: tuple[Task, ...]
    train: Split
    validation: Split
    test: Split

    def __post_init__(self) -> None:
        _check_parts(self)
        for task, part in zip(self.tasks, self.part_of, strict=True):
            for split in SPLITS:
                _check_labels(self, task, split, getattr(self, split)[part].labels[task.name])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one input."""
        return tuple(self.train[0].inputs.shape[1:])

    @property
    def part_of(self) -> tuple[int, ...]:
        """For each task, the number of its part."""
        places = {task: number for number, part in enumerate(self.train) for task in part.labels}
        return tuple(places[task.name] for task in self.tasks)


def known(labels: np.ndarray) -> np.ndarray:
    """Which labels there are, of the labels' shape."""
    return labels != NO_CLASS if np.issubdtype(labels.dtype, np.integer) else ~np.isnan(labels)


def standardised(values: np.ndarray, training: np.ndarray, each: bool) -> np.ndarray:
    """With mean 0 and deviation 1 over what is known of the training samples.

    Args:
        values: ``[samples, …]``.
        training: indices.
        each: every place of a sample by its own mean and deviation; otherwise all by one.
    """
    axes = 0 if each else None
    mean, deviation = np.nanmean(values[training], axes), np.nanstd(values[training], axes)
    return ((values - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)


def divide(inputs: Values, labels: Mapping[str, Values], splits: Sequence[np.ndarray]) -> tuple[Samples, ...]:
    """Training, validation and test samples of one part, at three arrays of indices."""
    return tuple(Samples(inputs, labels).take(indices) for indices in splits)


def randomly(samples: int, seed: int = 0) -> list[np.ndarray]:
    """Indices of 60 % of the samples for training, 20 % for validation and 20 % for testing, by a fixed shuffle."""
    order = np.random.default_rng(seed).permutation(samples)
    return np.split(order, [round(samples * 0.6), round(samples * 0.8)])


def in_order(values: np.ndarray) -> list[np.ndarray]:
    """Indices of the first 60 % of the samples in the order of ``values``, of the next 20 % and of the last 20 %."""
    samples = len(values)
    return np.split(np.argsort(values, kind="stable"), [round(samples * 0.6), round(samples * 0.8)])


def together(name: str, tasks: Sequence[Task], parts: Sequence[tuple[Samples, Sequence[np.ndarray]]]) -> Dataset:
    """A data set of several parts.

    Args:
        parts: the samples of each, and the indices of those for training, validation and testing.
    """
    divided = [divide(part.inputs, part.labels, splits) for part, splits in parts]
    return Dataset(name, tuple(tasks), *(tuple(split) for split in zip(*divided, strict=True)))


def split_randomly(name: str, tasks: Sequence[Task], inputs: np.ndarray, labels: Mapping[str, np.ndarray]) -> Dataset:
    """A data set of one part, split by ``randomly``; inputs and real labels standardised on training.

    Args:
        inputs: ``[samples, …]``; standardised per feature if flat, by one mean and deviation if images.
        labels: task → ``[samples]``.
    """
    splits = randomly(len(inputs))
    inputs = standardised(inputs, splits[0], each=inputs.ndim == 2)
    ready = {task.name: prepared(task, labels[task.name], splits[0]) for task in tasks}
    return Dataset(name, tuple(tasks), *((part,) for part in divide(inputs, ready, splits)))


def prepared(task: Task, labels: np.ndarray, training: np.ndarray) -> np.ndarray:
    """A task's labels in the type its loss takes; real numbers standardised on training."""
    if task.loss == "cross_entropy":
        return labels.astype(np.int64)
    if task.real:
        return standardised(labels, training, each=labels.ndim == 1)
    return labels.astype(np.float32)


def at_most(dataset: Dataset, samples: int, seed: int) -> Dataset:
    """The data set with at most so many training samples of each part, drawn by the seed; 0: all of them."""
    if not samples:
        return dataset
    train = []
    for part in dataset.train:
        drawn = np.random.default_rng([seed, len(part)]).permutation(len(part))[:samples]
        train.append(part.take(np.sort(drawn)) if samples < len(part) else part)
    return Dataset(dataset.name, dataset.tasks, tuple(train), dataset.validation, dataset.test)


def only(dataset: Dataset, tasks: Collection[str]) -> Dataset:
    """The data set with those of its tasks alone, and the parts that have one of them; nothing is copied."""

    def kept(split: Split) -> Split:
        labels = [{task: part.labels[task] for task in part.labels if task in tasks} for part in split]
        return tuple(Samples(part.inputs, own) for part, own in zip(split, labels, strict=True) if own)

    chosen = tuple(task for task in dataset.tasks if task.name in tasks)
    return Dataset(dataset.name, chosen, *(kept(getattr(dataset, split)) for split in SPLITS))


def _check_parts(dataset: Dataset) -> None:
    names = [task.name for task in dataset.tasks]
    if not names or len(set(names)) < len(names):
        raise KindredError(f"The tasks of {dataset.name} are {names}; give at least one, each with a name of its own.")
    first = [set(part.labels) for part in dataset.train]
    shape = dataset.train[0].inputs.shape[1:] if dataset.train else ()
    for split in SPLITS:
        parts = getattr(dataset, split)
        if [set(part.labels) for part in parts] != first or sorted(task for part in parts for task in part.labels) != (
            sorted(names)
        ):
            raise KindredError(
                f"The {split} split of {dataset.name} has labels of the tasks "
                f"{[sorted(part.labels) for part in parts]}; every task of {names} must be in exactly one part, the "
                "same in all splits."
            )
        for part in parts:
            if part.inputs.shape[1:] != shape:
                raise KindredError(
                    f"The inputs of {', '.join(part.labels)} in {dataset.name} have the shape {part.inputs.shape[1:]}, "
                    f"others {shape}; bring all to one shape, as one network is to see them."
                )
            lengths = {task: len(values) for task, values in part.labels.items() if len(values) != len(part)}
            for task, length in lengths.items():
                raise KindredError(
                    f"There are {len(part)} inputs but {length} labels of {task!r} in the {split} split of "
                    f"{dataset.name}; give one each, NaN (or −1 for a class) where it is not known."
                )


def _check_labels(dataset: Dataset, task: Task, split: str, labels: Values) -> None:
    if not isinstance(labels, np.ndarray):
        return  # read when they are asked for
    there = labels[known(labels)]
    if not len(there):
        raise KindredError(
            f"No sample of the {split} split of {dataset.name} has a label of {task.name!r}; a task needs some in "
            "every split, so give it more labels, or leave it out."
        )
    if task.loss == "cross_entropy" and not 0 <= there.min() <= there.max() < task.outputs:
        raise KindredError(
            f"The classes of {task.name!r} in {dataset.name} are {there.min()} to {there.max()}; they must be 0 to "
            f"{task.outputs - 1}."
        )
    if task.loss == "binary_cross_entropy" and not 0 <= there.min() <= there.max() <= 1:
        raise KindredError(
            f"The labels of {task.name!r} in {dataset.name} are {there.min():g} to {there.max():g}; they must be 0 "
            "or 1."
        )
