"""How a run, or several seeds as one, went: losses and metrics of every task, and by how much each counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import streamlit as st

from app.components.runs import store
from app.components.subject import Subject
from engine.charts.course import Line
from engine.runs.run import Run
from engine.tasks import Evaluation, TaskWeights
from engine.texts import text

GENERATED = " (generated)"  # what the name of MAXL's task ends with


@dataclass(frozen=True, eq=False)
class Points:
    """Attributes:
    steps: ``[points]``, increasing.
    values: ``[points, tasks]``; NaN where unknown.
    """

    steps: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)

    def of(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of one task, where it has any."""
        known = np.isfinite(self.values[:, place])
        return self.steps[known], self.values[known, place]

    @property
    def last(self) -> np.ndarray:
        """``[tasks]``: the last known value of each; NaN where there is none."""
        each = [self.of(place)[1] for place in range(self.values.shape[1])]
        return np.array([values[-1] if len(values) else np.nan for values in each])


@dataclass(frozen=True, eq=False)
class Course:
    """Attributes:
    tasks: in the order of all that follows.
    losses, metrics: by split; of several seeds their mean, at the steps that all have.
    weights: at the middle of each window, likewise.
    """

    tasks: tuple[str, ...]
    losses: Mapping[str, Points]
    metrics: Mapping[str, Points]
    weights: Points

    @classmethod
    def of(
        cls,
        tasks: tuple[str, ...],
        evaluations: Sequence[Sequence[Evaluation]],
        weights: Sequence[Sequence[TaskWeights]],
    ) -> Self:
        """Of one run, or of several seeds; a run that has nothing of a kind yet does not count for it."""
        splits = dict.fromkeys(each.split for run in evaluations for each in run)
        measured = [run for run in evaluations if run]

        def points(split: str, field: str) -> Points:
            return _mean([{e.step: getattr(e, field) for e in run if e.split == split} for run in measured], len(tasks))

        return cls(
            tasks,
            {split: points(split, "losses") for split in splits},
            {split: points(split, "metrics") for split in splits},
            _mean([{(w.step_from + w.step_to) / 2: w.weights for w in run} for run in weights if run], len(tasks)),
        )

    def last(self, kind: str, split: str) -> np.ndarray:
        """``[tasks]``: the last known value of ``losses`` or ``metrics`` in a split; NaN where there is none."""
        points = getattr(self, kind).get(split)
        return points.last if points is not None else np.full(len(self.tasks), np.nan)


def _mean(runs: Sequence[Mapping[float, np.ndarray]], tasks: int) -> Points:
    """The mean over runs at the steps that all have; of a task over those in which its value is known there."""
    common = sorted(set.intersection(*map(set, runs))) if runs else []
    values = [_mean_of_known(np.array([run[step] for run in runs])) for step in common]
    return Points(np.array(common), np.array(values, np.float64).reshape(len(common), tasks))


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """``[runs, tasks]`` → ``[tasks]``; NaN where no run knows it."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(0) / known.sum(0)


def course_in(subject: Subject) -> Course:
    """The course of a run or a group; read again only when a run has moved on."""
    runs = tuple((run.id, run.step, run.status) for run in subject.runs)
    return _course(store().url, subject.first.tasks, runs)


# Step and status only tell one state of a run from the next.
@st.cache_resource(show_spinner=False, max_entries=32)
def _course(url: str, tasks: tuple[str, ...], runs: tuple[tuple[str, int, str], ...]) -> Course:
    ids = [run_id for run_id, _, _ in runs]
    return Course.of(tasks, list(map(store().evaluations, ids)), list(map(store().weights, ids)))


def role(run: Run, task: str) -> str:
    """``primary`` where a task is judged, as all are if none is named; ``auxiliary`` or ``generated`` of a helper."""
    if task.endswith(GENERATED) and run.config.get("auxiliary", "none") != "none":
        return "generated"
    primary = primary_tasks(run)
    return "primary" if not primary or task in primary else "auxiliary"


def primary_tasks(run: Run) -> tuple[str, ...]:
    """The tasks that the run's settings name as primary, of those it has; empty: all are."""
    named = [name.strip() for name in str(run.config.get("primary", "")).split(",")]
    return tuple(task for task in run.tasks if task in named)


def curves_table(lines: Iterable[Line]) -> pd.DataFrame:
    """What lines of a chart are drawn through: a step a row, a line a column; NaN where a line has no point."""
    named = {f"{line.task} · {line.part}" if line.part else line.task: line for line in lines}
    columns = {name: pd.Series(line.values, line.steps, float) for name, line in named.items()}
    return pd.DataFrame(columns).rename_axis(text("course.step"))


def losses_table(runs: Iterable[Run]) -> pd.DataFrame:
    """Every loss and metric of the runs, one task a row; the metric is empty where it was not measured."""
    found = [
        (run.id, each.split, each.step, task, run_metric, float(loss), float(metric))
        for run in runs
        for each in store().evaluations(run.id)
        for task, run_metric, loss, metric in zip(
            run.tasks, run.metrics or [""] * len(run.tasks), each.losses, each.metrics, strict=True
        )
    ]
    return pd.DataFrame(found, columns=["run", "split", "step", "task", "metric", "loss", "value"])


def weights_table(runs: Iterable[Run]) -> pd.DataFrame:
    """By how much each task counted in each window of the runs, one window a row."""
    found = [
        {"run": run.id, "step_from": each.step_from, "step_to": each.step_to}
        | dict(zip(run.tasks, map(float, each.weights), strict=True))
        for run in runs
        for each in store().weights(run.id)
    ]
    return pd.DataFrame(found)
