"""Runs and groupings in a notebook: labelled frames, figures, and solutions that show themselves. Loads no torch.

>>> import engine
>>> run = engine.open_run("yeast-1f0e5a")  # doctest: +SKIP
>>> run.affinity(steps=(100, 500))  # doctest: +SKIP
>>> engine.solve(run, budget=3)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import AffinitySeries, IntervalMean
from engine.affinity.uncertainty import SeedGroup
from engine.errors import KindredError
from engine.grouping import solving
from engine.grouping.observed import observed_part
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.runs.reader import Reader
from engine.runs.run import Run
from engine.runs.store import Store

if TYPE_CHECKING:
    import plotly.graph_objects as go

Steps = tuple[int | None, int | None]
WHOLE: Steps = (None, None)
READING = "affinity"


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run, or several seeds of one setting as one, with what the store has of it, read anew at every call.

    Attributes:
        reader: of the store.
        runs: the run, or the seeds, the oldest first.
    """

    reader: Reader
    runs: tuple[Run, ...]

    @property
    def id(self) -> str:
        """Of the run, or of the group."""
        return self.runs[0].id if len(self.runs) == 1 else self.runs[0].group

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Their names, in the order of rows and columns."""
        return next((run.tasks for run in self.runs if run.tasks), ())

    def mean(self, steps: Steps = WHOLE, reading: str = READING) -> IntervalMean:
        """The mean of a reading over an interval, with its standard error; a ``SeedMean`` of several seeds.

        Args:
            steps: the first step and the one after the last, widened to whole windows; ``None`` for an open end.
            reading: its name in the catalog, such as ``gradient_cosine``.

        Raises:
            KindredError: if nothing was observed there.
        """
        return self._observed(reading).mean(*steps)

    def affinity(self, steps: Steps = WHOLE, reading: str = READING) -> pd.DataFrame:
        """`mean` as a frame: rows are sources, columns are targets; NaN where a pair was never observed."""
        return self._labelled(self.mean(steps, reading).affinity)

    def standard_error(self, steps: Steps = WHOLE, reading: str = READING) -> pd.DataFrame:
        """Of that mean, labelled likewise; NaN where it is not known."""
        return self._labelled(self.mean(steps, reading).standard_error)

    def heatmap(self, steps: Steps = WHOLE, reading: str = READING, scale: str = "shared") -> go.Figure:
        """The mean as an interactive figure, tasks that help each other side by side.

        Args:
            scale: ``shared``, ``target`` or ``centred``, as of ``engine.charts.heatmap.scale_affinity``.
        """
        from engine.charts.heatmap import affinity_heatmap, cluster_order
        from engine.charts.quantity import quantity_of

        matrix = self.mean(steps, reading).affinity
        figure = affinity_heatmap(matrix, self.tasks, cluster_order(matrix), scale, quantity=quantity_of(reading))
        return figure.update_layout(height=140 + 32 * len(self.tasks), template="none")

    def losses(self) -> pd.DataFrame:
        """Every loss and metric, one row a task: run, split, step, task, loss and metric (NaN where not measured)."""
        found = [
            (run.id, each.split, each.step, task, float(loss), float(metric))
            for run in self.runs
            for each in self.reader.evaluations(run.id)
            for task, loss, metric in zip(run.tasks, each.losses, each.metrics, strict=True)
        ]
        return pd.DataFrame(found, columns=["run", "split", "step", "task", "loss", "metric"])

    def problem(self, serving: Sequence[str] | None = None, steps: Steps = WHOLE, **settings: Any) -> GroupingProblem:
        """The grouping problem of an interval's affinities.

        Args:
            serving: the tasks that must be served; all where ``None``. Others that were not observed with all the rest
                are left out.
            settings: further fields of ``GroupingProblem``, such as ``aggregate`` and ``constraints``.

        Raises:
            KindredError: if the affinities or the settings make no problem.
        """
        tasks, affinity = observed_part(self.tasks, self.mean(steps).affinity, serving)
        return GroupingProblem(tasks, affinity, serving and tuple(serving), **settings)

    def __repr__(self) -> str:
        seeds = f", {len(self.runs)} seeds" if len(self.runs) > 1 else ""
        return f"StoredRun({self.id}, {len(self.tasks)} tasks, {self.runs[0].status}{seeds})"

    def _observed(self, reading: str) -> AffinitySeries | SeedGroup:
        members = [self.reader.series(run.id, reading) for run in self.runs]
        return SeedGroup(tuple(members)) if len(members) > 1 else members[0]

    def _labelled(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, pd.Index(self.tasks, name="source"), pd.Index(self.tasks, name="target"))


def open_run(run_id: str, *, group: bool = False, store: Reader | None = None) -> StoredRun:
    """A run, or all seeds of its setting as one.

    Args:
        run_id: of the run.
        group: open the group of seeds that the run is in, or that has this id.
        store: where it is; the one that ``KINDRED_STORE`` names, or ``data/kindred.db``, where left out.

    Raises:
        KindredError: if there is no such run, or it is in no group.
    """
    reader = store or Store()
    return StoredRun(reader, tuple(reader.seeds(run_id)) if group else (reader.run(run_id),))


def solve(
    what: GroupingProblem | StoredRun | pd.DataFrame, budget: float, time_limit: float | None = None, **settings: Any
) -> Solution:
    """The best grouping within a budget, with its proof; in a notebook it shows itself.

    >>> frame = pd.DataFrame([[0, 2, -1], [2, 0, -1], [-1, -1, 0.5]], list("abc"), list("abc"))
    >>> solve(frame, budget=2, singleton="diagonal")
    Solution(budget 2 SNT, value 1.5, proved optimal: {a, b}, {c})

    Args:
        what: a problem, a run, or a labelled frame of affinities with rows = sources, columns = targets.
        budget: in SNT; rounded down to half steps.
        time_limit: seconds; without one, until it is proved.
        settings: fields of ``GroupingProblem``, such as ``serving``, ``singleton``; they count above a problem's own.

    Raises:
        KindredError: if it is none of these, its rows and columns are not the same tasks, or no grouping exists.
    """
    if isinstance(what, GroupingProblem):
        problem = replace(what, **settings)
    elif isinstance(what, StoredRun):
        problem = what.problem(**settings)
    elif isinstance(what, pd.DataFrame):
        matrix = _matrix(what)
        problem = GroupingProblem(matrix.tasks, matrix.values, **settings)
    else:
        raise KindredError(f"A {type(what).__name__} cannot be solved; give a problem, a run or a frame of affinities.")
    return solving.solve(problem, budget, time_limit)


def _matrix(frame: pd.DataFrame) -> AffinityMatrix:
    rows, columns = ([str(name) for name in labels] for labels in (frame.index, frame.columns))
    if rows != columns:
        raise KindredError(
            "The rows and columns of the frame are not the same tasks in the same order; rows are sources, columns are "
            "targets, so reindex one by the other."
        )
    return AffinityMatrix(tuple(rows), frame.to_numpy(dtype=np.float64))
