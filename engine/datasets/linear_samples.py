"""From a data set to what linear models take: flat inputs and known labels of every task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.datasets.dataset import SPLITS, Dataset, Values, known
from engine.datasets.tables.columns import listed
from engine.errors import KindredError
from engine.tasks import Task

MOST_BYTES = 4 * 2**30  # of all flat inputs
LOSSES = {"binary_cross_entropy": "logistic", "squared_error": "squared"}
TaskSamples = tuple[list[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True, eq=False)
class LinearSamples:
    """Attributes:
    tasks: in the order of the data set.
    loss: ``squared`` for tasks of one real number, ``logistic`` for binary ones.
    train, validation, test: for each task inputs ``[samples, features]`` and labels ``[samples]``, both float64; just
        the samples whose label is known. Tasks with the same inputs share an array where all labels are.
    """

    tasks: tuple[Task, ...]
    loss: str
    train: TaskSamples
    validation: TaskSamples
    test: TaskSamples

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tasks."""
        return tuple(task.name for task in self.tasks)


def linear_samples(dataset: Dataset, tasks: Sequence[str] = ()) -> LinearSamples:
    """The samples of the tasks named; of all by default.

    Inputs are flattened and else left as they are.

    Raises:
        KindredError: if there is no such task, the tasks are not all binary or all single real numbers, a binary label
            is neither 0 nor 1, or the inputs do not fit into memory.
    """
    chosen = chosen_tasks(dataset, tasks)
    loss = _loss(dataset, chosen)
    _check_size(dataset, chosen)
    found = LinearSamples(chosen, loss, *(_split(dataset, split, chosen) for split in SPLITS))
    if loss == "logistic":
        _check_binary(dataset, found)
    return found


def chosen_tasks(dataset: Dataset, names: Sequence[str]) -> tuple[Task, ...]:
    """Those of the names, or all without any, in the order of the data set.

    Raises:
        KindredError: if there is no such task.
    """
    there = {task.name: task for task in dataset.tasks}
    for name in names:
        if name not in there:
            raise KindredError(f"There is no task {name!r} in {dataset.name}; choose of {', '.join(there)}.")
    return tuple(task for task in dataset.tasks if not names or task.name in names)


def _loss(dataset: Dataset, tasks: tuple[Task, ...]) -> str:
    groups: dict[str, list[str]] = {"logistic": [], "squared": []}
    others = []
    for task in tasks:
        suits = task.loss in LOSSES and task.outputs == 1 and not task.dense
        (groups[LOSSES[task.loss]] if suits else others).append(task.name)
    fitting = [loss for loss, names in groups.items() if names]
    if len(fitting) == 1 and not others:
        return fitting[0]
    kinds = ((groups["logistic"], "binary"), (groups["squared"], "a single real number"), (others, "neither"))
    said = "; ".join(f"{_few(names)} {words}" for names, words in kinds if names)
    most = max(groups.values(), key=len)
    way_out = f"name those to take, such as {listed(most[:3])}" if most else "choose another, like yeast or digit_pairs"
    raise KindredError(
        f"Linear models learn tasks that are all binary, or all a single real number; of the data set {dataset.name}, "
        f"{said}. So {way_out}."
    )


def _few(names: Sequence[str]) -> str:
    """Names in a sentence, with its verb."""
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


def _check_size(dataset: Dataset, tasks: tuple[Task, ...]) -> None:
    used = {part for task, part in zip(dataset.tasks, dataset.part_of, strict=True) if task in tasks}
    features = int(np.prod(dataset.input_shape))
    samples = sum(len(getattr(dataset, split)[part]) for split in SPLITS for part in used)
    taken = samples * features * 8
    if taken > MOST_BYTES:
        raise KindredError(
            f"The inputs of {dataset.name}, {samples} samples of {features} numbers, take {taken / 2**30:.1f} GiB, and "
            f"may take {MOST_BYTES / 2**30:.0f}; choose fewer samples, or smaller images."
        )


def _split(dataset: Dataset, split: str, tasks: tuple[Task, ...]) -> TaskSamples:
    flat: dict[int, np.ndarray] = {}
    inputs, labels = [], []
    for task, place in zip(dataset.tasks, dataset.part_of, strict=True):
        if task not in tasks:
            continue
        part = getattr(dataset, split)[place]
        if place not in flat:
            flat[place] = _whole(part.inputs).reshape(len(part), -1).astype(np.float64)
        label = _whole(part.labels[task.name])
        there = known(label)
        inputs.append(flat[place] if there.all() else flat[place][there])
        labels.append(label[there].astype(np.float64))
    return inputs, labels


def _whole(values: Values) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else values[np.arange(len(values))]


def _check_binary(dataset: Dataset, samples: LinearSamples) -> None:
    for split in SPLITS:
        for task, labels in zip(samples.tasks, getattr(samples, split)[1], strict=True):
            strange = labels[(labels != 0) & (labels != 1)]
            if len(strange):
                raise KindredError(
                    f"A {split} label of {task.name!r} in {dataset.name} is {strange[0]:g}; linear models take 0 and "
                    "1, so recode it, or leave the task out."
                )
    for task, labels in zip(samples.tasks, samples.train[1], strict=True):
        if len(np.unique(labels)) < 2:
            raise KindredError(
                f"All training labels of {task.name!r} in {dataset.name} are {labels[0]:g}; a model needs some of "
                "both, so leave the task out, or split otherwise."
            )
