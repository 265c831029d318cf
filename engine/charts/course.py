"""A training over its steps: one line a task, in colours that tell up to eight of them apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.affinity.series import AffinitySeries
from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, escape, shorten
from engine.errors import KindredError

MOST = len(LIGHT.tasks)  # lines that can be told apart
FAINT = 0.6
HEIGHT = 340


@dataclass(frozen=True, eq=False)
class Line:
    """Attributes:
    task: its name.
    colour: its place in the palette's ``tasks``.
    steps, values: of its points.
    part: what the line is of, such as ``validation``; empty where all are of one kind.
    dotted, faint: how it is drawn; faint is what matters less, an auxiliary task.
    """

    task: str
    colour: int
    steps: np.ndarray
    values: np.ndarray
    part: str = ""
    dotted: bool = False
    faint: bool = False


def task_colours(tasks: Sequence[str], chosen: Sequence[str], before: Mapping[str, int]) -> dict[str, int]:
    """A colour's place in the palette for each chosen task, no two the same.

    A task keeps the colour that it had before; a new one takes that of its place among all tasks, or the next free one.

    >>> task_colours(("a", "b", "c"), ["c", "a"], {})
    {'c': 2, 'a': 0}

    Raises:
        KindredError: if there are more tasks than colours.
    """
    if len(chosen) > MOST:
        raise KindredError(f"Curves show {MOST} tasks at most, found {len(chosen)}; leave some out.")
    colours = {task: before[task] for task in chosen if task in before}
    for task in chosen:
        if task not in colours:
            first = list(tasks).index(task)
            turns = [(first + turn) % MOST for turn in range(MOST)]
            colours[task] = next(place for place in turns if place not in colours.values())
    return {task: colours[task] for task in chosen}


def task_curves(lines: Sequence[Line], value: str) -> go.Figure:
    """One line a task and part, all of a task in its colour and under one entry of the legend.

    Args:
        value: the title of the axis of values.
    """
    figure = go.Figure(layout=base_layout())
    named = {line.task: place for place, line in enumerate(lines)}  # the last of a task is the one in the legend
    for place, line in enumerate(lines):
        part = f", {line.part}" if line.part else ""
        figure.add_scatter(
            x=np.asarray(line.steps),
            y=np.asarray(line.values),
            mode="lines+markers" if len(line.steps) < 12 else "lines",
            line={
                "color": LIGHT.tasks[line.colour],
                "width": 1.5 if line.dotted or line.faint else 2.4,
                "dash": "dot" if line.dotted else "solid",
            },
            marker={"size": 4},
            opacity=FAINT if line.faint else 1.0,
            meta={"task": line.colour},  # by which the browser takes the colour of its theme
            name=escape(shorten(line.task)),
            legendgroup=line.task,
            showlegend=named[line.task] == place,
            hovertemplate=f"{escape(line.task)}{part}, step %{{x}}: %{{y:.4~g}}<extra></extra>",
        )
    return figure.update_layout(
        height=HEIGHT,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",  # a label of all lines would be larger than the chart
        hoverdistance=40,
        margin={"t": 30},
        xaxis={"title": {"text": "step"}, "zeroline": False},
        yaxis={"title": {"text": value}, "zeroline": False},
    )


def pair_means(series: AffinitySeries) -> tuple[np.ndarray, np.ndarray]:
    """The mean of a reading over all pairs of different tasks in each window.

    Returns:
        the middle of every window that observed a pair, and the mean, each pair counting alike.
    """
    apart = ~np.eye(len(series.tasks), dtype=bool)
    counts = series.counts[:, apart].astype(np.float64)
    known = counts > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(known, series.totals[:, apart] / counts, 0).sum(1) / known.sum(1)
    middle = (series.edges[:-1] + series.edges[1:]) / 2
    return middle[known.any(1)], means[known.any(1)]


def conflict_share(entry: np.ndarray) -> np.ndarray:
    """The share of updates in conflict that an entry of ``gradient_conflict`` says: 1 is never, −1 always."""
    return (1 - entry) / 2


def over_pairs(steps: np.ndarray, values: np.ndarray, value: str, share: bool) -> go.Figure:
    """One line over the steps of what all pairs of tasks have in the mean.

    Args:
        value: the title of the axis of values.
        share: whether values are shares from 0 to 1, else they are cosines.
    """
    figure = go.Figure(layout=base_layout())
    figure.add_scatter(
        x=np.asarray(steps),
        y=np.asarray(values),
        mode="lines+markers" if len(steps) < 30 else "lines",
        line={"color": COLOURS[1] if share else COLOURS[0], "width": 2},
        marker={"size": 5},
        hovertemplate="step %{x}: " + ("%{y:.1%}" if share else "%{y:.3f}") + "<extra></extra>",
    )
    if not share:
        figure.add_hline(y=0, line={"width": 1, "color": LIGHT.muted})
    axis = {"range": [0, 1], "tickformat": ".0%"} if share else {}
    return figure.update_layout(
        height=260,
        xaxis={"title": {"text": "step"}, "zeroline": False},
        yaxis={"title": {"text": value}, "zeroline": False, **axis},
    )
