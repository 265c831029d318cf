"""A data set in words and numbers: which inputs its tasks share, and what each task and its labels are."""

import numpy as np
import pandas as pd

from app.components.samples import Names, labels_of
from engine.datasets.dataset import NO_CLASS, SPLITS, Dataset, known
from engine.tasks import Task
from engine.texts import text

BINS = 16  # of the distribution of real numbers
MOST_BARS = 40  # classes that are drawn


def loss_name(task: Task) -> str:
    """What its loss is called."""
    return text(f"tasks_table.{task.loss}")


def adjectives() -> dict[str, str]:
    """What the samples of each split are called, as in ``training samples``."""
    return {split: text(f"tasks_table.{split}") for split in SPLITS}


def regime(dataset: Dataset) -> str:
    """Which inputs the tasks share, and how many kinds of loss they have, in two sentences."""
    parts = [list(part.labels) for part in dataset.train]
    if len(parts) == 1:
        shared = text("tasks_table.all_share")
    elif all(len(part) == 1 for part in parts):
        shared = text("tasks_table.none_share")
    else:
        shared = text("tasks_table.some_share", groups=" · ".join(", ".join(part) for part in parts))
    losses = list(dict.fromkeys(map(loss_name, dataset.tasks)))
    if len(dataset.tasks) == 1:
        return text("tasks_table.one_task", loss=losses[0])
    if len(losses) == 1:
        return text("tasks_table.same_loss", shared=shared, loss=losses[0])
    return text("tasks_table.losses_differ", shared=shared, losses=text("words.comma").join(losses))


def split_sizes(dataset: Dataset) -> pd.DataFrame:
    """Samples of each part, one a row, in each split."""
    called = adjectives()
    rows = [
        {"tasks": ", ".join(part.labels)} | {called[split]: len(getattr(dataset, split)[place]) for split in SPLITS}
        for place, part in enumerate(dataset.train)
    ]
    return pd.DataFrame(rows)


def task_rows(dataset: Dataset, names: Names) -> pd.DataFrame:
    """Every task and its training labels, one a row.

    The columns are task, loss, labels (in words), distribution (shares of the classes, or of ``BINS`` equal intervals
    of the numbers), known (percent of the labels), metric, outputs, dense and summary.
    """
    rows = []
    for task, part in zip(dataset.tasks, dataset.part_of, strict=True):
        labels = labels_of(dataset.train[part], task.name)
        there = known(labels)
        said, shares = _distribution(task, labels, names)
        rows.append(
            {
                "task": task.name,
                "loss": loss_name(task),
                "labels": said,
                "distribution": shares,
                "known": 100 * float(there.mean()) if there.size else 0.0,
                "metric": task.metric,
                "outputs": task.outputs,
                "dense": task.dense,
                "summary": task.summary,
            }
        )
    return pd.DataFrame(rows)


def _distribution(task: Task, labels: np.ndarray, names: Names) -> tuple[str, list[float]]:
    if task.loss == "soft_cross_entropy":
        shares = np.nan_to_num(np.nanmean(labels, 0))
        return text("tasks_table.shares", count=len(shares)), [float(share) for share in shares[:MOST_BARS]]
    there = labels[known(labels)]
    if not len(there):
        return text("tasks_table.none_known"), []
    if task.real:
        counts, _ = np.histogram(there, BINS)
        return text("tasks_table.numbers", mean=_number(there.mean()), deviation=_number(there.std())), _shares(counts)
    counts = np.bincount(there[there != NO_CLASS].astype(int), minlength=max(task.outputs, 2))
    most = int(counts.argmax())
    called = names.get(task.name, ())
    name = called[most] if most < len(called) else str(most)
    share = counts[most] / counts.sum()
    if len(counts) == 2:
        return text("tasks_table.two_classes", share=share, name=name), _shares(counts)
    return text("tasks_table.classes", count=len(counts), share=share, name=name), _shares(counts[:MOST_BARS])


def _shares(counts: np.ndarray) -> list[float]:
    return [float(share) for share in counts / max(counts.sum(), 1)]


def _number(value: float) -> str:
    """Two decimals; never −0.00."""
    said = f"{value:.2f}"
    return said.removeprefix("-") if not float(said) else said.replace("-", "−")
