"""What a comparison of linear methods has found so far: errors by method, size, seed and task, and their intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from engine.regularized.summary import mean_of
from engine.texts import text

ARTIFACT = "learning curves"
BASE = "independent"  # what the others are measured against


def error_of(loss: str) -> str:
    """What an error is, by the loss that is learned with: ``logistic``, ``hinge`` or ``squared``."""
    return text("learned.squared" if loss == "squared" else "learned.wrong")


@dataclass(frozen=True, eq=False)
class Learned:
    """Attributes:
    loss: ``logistic`` or ``squared``.
    methods, tasks: their names.
    sizes: training samples a task; None for all there are.
    samples: ``[sizes]``, what that is, of a task in the mean.
    drawn: ``[sizes]``, whether samples are drawn at all; not where a size takes all there are.
    seeds: of the samples drawn.
    errors: ``[methods, sizes, seeds, tasks]``, on test data; NaN where not known yet.
    strengths: ``[methods, sizes, seeds]``, how strongly the chosen models are regularised; NaN likewise.
    """

    loss: str
    methods: tuple[str, ...]
    tasks: tuple[str, ...]
    sizes: tuple[int | None, ...]
    samples: np.ndarray
    drawn: np.ndarray
    seeds: tuple[int, ...]
    errors: np.ndarray
    strengths: np.ndarray

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From what the run has stored, with its sizes ascending."""
        methods, tasks, seeds = (tuple(content[name]) for name in ("methods", "tasks", "seeds"))
        samples = np.array([float(np.mean(count)) for count in content["counts"]])
        order = np.argsort(samples, kind="stable")
        sizes = tuple(content["sizes"][place] for place in order)
        drawn = np.array([content["counts"][place] != content.get("available") for place in order])
        errors = np.full((len(methods), len(sizes), len(seeds), len(tasks)), np.nan)
        strengths = np.full(errors.shape[:3], np.nan)
        for row in content["rows"]:
            place = methods.index(row["method"]), sizes.index(row["size"]), seeds.index(row["seed"])
            errors[place] = [np.nan if error is None else error for error in row["errors"]]
            strengths[place] = np.nan if row.get("strength") is None else row["strength"]
        return cls(content["loss"], methods, tasks, sizes, samples[order], drawn, seeds, errors, strengths)

    def size_name(self, place: int) -> str:
        """A size as it is read: ``20``, or ``all (1,450)``."""
        size = self.sizes[place]
        return text("learned.all", samples=self.samples[place]) if size is None else f"{size:,}"

    def of_task(self, task: str | None) -> np.ndarray:
        """``[methods, sizes, seeds]``: the errors of one task, or the mean over all that have any.

        Where nothing is drawn, the first seed stands for all, as others are but the same again.
        """
        chosen = self.errors if task is None else self.errors[..., [self.tasks.index(task)]]
        known = np.isfinite(chosen)
        with np.errstate(invalid="ignore"):
            found = np.where(known, chosen, 0).sum(-1) / known.sum(-1)
        again = ~self.drawn[:, None] & (np.arange(len(self.seeds)) > 0)
        return np.where(again, np.nan, found)

    def less_base(self, task: str | None) -> np.ndarray | None:
        """``[methods, sizes, seeds]``: each error less that of ``BASE`` on the same samples; None without it."""
        if BASE not in self.methods:
            return None
        errors = self.of_task(task)
        return errors - errors[self.methods.index(BASE)]

    def table(self) -> pd.DataFrame:
        """One task of one fit a row."""
        found = [
            (method, size or "all", seed, self.strengths[fit], task, self.errors[fit][number])
            for m, method in enumerate(self.methods)
            for s, size in enumerate(self.sizes)
            for d, seed in enumerate(self.seeds)
            for number, task in enumerate(self.tasks)
            if np.isfinite(self.errors[(fit := (m, s, d))]).any()
        ]
        return pd.DataFrame(found, columns=["method", "size", "seed", "strength", "task", "error"])


def mean_and_margin(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over seeds, and the half width of its Student-t interval of 95 %; see `engine.regularized.summary`.

    Args:
        values: ``[methods, sizes, seeds]`` or ``[sizes, seeds]``; NaN counts for nothing.

    Returns:
        mean, NaN without a value; half width, NaN with fewer than two; how many values there are: each without seeds.
    """
    found = [mean_of(each[np.isfinite(each)]) for each in values.reshape(-1, values.shape[-1])]
    parts = ([each.value for each in found], [each.half_width for each in found], [each.seeds for each in found])
    mean, margin, count = (np.array(part).reshape(values.shape[:-1]) for part in parts)
    return mean, margin, count
