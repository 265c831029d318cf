"""What a page shows of a data set's samples: pictures, labels in words, rows of a table. Draws nothing itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.charts.pictures import limits, map_picture, photograph
from engine.datasets.dataset import NO_CLASS, Dataset, Samples, Values
from engine.datasets.rendering.pictures import picture_of
from engine.datasets.rendering.scene import SEMANTIC_CLASSES
from engine.datasets.rooms import MAPS
from engine.tasks import Task
from engine.texts import text

ON_DEMAND = (-1.0, 1.0)  # what inputs read from files lie between
SAMPLED = 24  # maps that are looked at where they are read from files

Names = Mapping[str, Sequence[str]]  # task → what its classes are called


@dataclass(frozen=True, eq=False)
class Card:
    """One sample.

    Attributes:
        number: in its split and part, from 0.
        pictures: the input, and each dense label, by title; without any, the inputs are no image.
        labels: every other label in words, by task.
    """

    number: int
    pictures: tuple[tuple[str, np.ndarray], ...]
    labels: tuple[tuple[str, str], ...]


def names_in(dataset: Dataset) -> dict[str, Sequence[str]]:
    """What the classes of a data set of the catalog are called, where it is not their number."""
    names: dict[str, Sequence[str]] = {}
    for task in dataset.tasks:
        if dataset.name == "digit_pairs":
            names[task.name] = task.name.split(" or ")
        elif (dataset.name, task.name) == ("rooms", "semantic_segmentation"):
            names[task.name] = SEMANTIC_CLASSES
        elif task.loss == "binary_cross_entropy":
            names[task.name] = (text("samples.no"), text("samples.yes"))
    return names


def in_words(task: Task, value: np.ndarray, names: Names) -> str:
    """A label of one sample.

    >>> in_words(Task("odd", "binary_cross_entropy"), np.float32(1), {"odd": ("no", "yes")})
    'yes'
    >>> in_words(Task("place", "squared_error", 2), np.array([0.5, -1]), {})
    '0.50, −1.00'
    """
    unknown = text("samples.unknown")
    if task.loss == "soft_cross_entropy":
        return unknown if np.isnan(value).any() else f"{value.argmax()} ({value.max():.0%})"
    if task.real:
        each = [unknown if np.isnan(number) else f"{number:.2f}".replace("-", "−") for number in np.ravel(value)]
        return unknown if set(each) == {unknown} else ", ".join(each)
    if np.isnan(value) or value == NO_CLASS:
        return unknown
    called = names.get(task.name, ())
    return called[int(value)] if int(value) < len(called) else str(int(value))


def cards(dataset: Dataset, split: str, part: int, numbers: np.ndarray, names: Names) -> list[Card]:
    """Samples of one part of a split whose inputs are images, as cards.

    Args:
        numbers: which samples.
        names: what classes are called.
    """
    tasks = tasks_of(dataset, part)
    training = dataset.train[part]
    samples = getattr(dataset, split)[part].take(numbers)
    low, high = limits(training.inputs) if isinstance(training.inputs, np.ndarray) else ON_DEMAND
    spans = {task.name: _limits(training.labels[task.name], samples.labels[task.name]) for task in tasks if task.dense}
    found = []
    for place, number in enumerate(numbers):
        pictures = [(text("samples.input"), photograph(samples.inputs[place], low, high))]
        pictures += [
            (task.name, map_picture(task, samples.labels[task.name][place], *spans[task.name]))
            for task in tasks
            if task.dense
        ]
        labels = [
            (task.name, in_words(task, samples.labels[task.name][place], names)) for task in tasks if not task.dense
        ]
        found.append(Card(int(number), tuple(pictures), tuple(labels)))
    return found


def _limits(training: Values, shown: np.ndarray) -> tuple[float, float]:
    return limits(training if isinstance(training, np.ndarray) else shown)


def room_cards(maps: Mapping[str, np.ndarray], tasks: Sequence[Task], numbers: Sequence[int]) -> list[Card]:
    """Rooms as cards: the image, and the map of every task in the colours that suit it.

    Args:
        maps: as ``rendering.render`` returns them, of these rooms.
        numbers: what the rooms are numbered.
    """
    found = []
    for place, number in enumerate(numbers):
        pictures = [(text("samples.input"), picture_of("image", maps["image"][place]))]
        for task in tasks:
            name = MAPS[task.name][0] if task.name in MAPS else "semantic"
            pictures.append((task.name, picture_of(name, maps[name][place])))
        found.append(Card(int(number), tuple(pictures), ()))
    return found


def rows(dataset: Dataset, split: str, part: int, numbers: np.ndarray, names: Names) -> pd.DataFrame:
    """Samples whose inputs are no images, one a row, counted from 1: labels in words, then the inputs by number."""
    samples = getattr(dataset, split)[part].take(numbers)
    columns = {
        task.name: [in_words(task, value, names) for value in samples.labels[task.name]]
        for task in tasks_of(dataset, part)
    }
    inputs = samples.inputs.reshape(len(numbers), -1)
    columns |= {text("samples.input_number", number=place + 1): inputs[:, place] for place in range(inputs.shape[1])}
    return pd.DataFrame(columns, pd.Index(numbers + 1, name=text("samples.sample")))


def tasks_of(dataset: Dataset, part: int) -> list[Task]:
    """The tasks of one part, in the data set's order."""
    return [task for task, its in zip(dataset.tasks, dataset.part_of, strict=True) if its == part]


def labels_of(samples: Samples, task: str) -> np.ndarray:
    """The labels of a task; of maps in files, of a few samples evenly spaced among all."""
    values = samples.labels[task]
    if isinstance(values, np.ndarray):
        return values
    return values[np.unique(np.linspace(0, len(values) - 1, SAMPLED).astype(int))]
