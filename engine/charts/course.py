"""A training over its steps: one line a task, in colours that tell up to eight of them apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.affinity.series import AffinitySeries
from engine.charts.curves import COLOURS
from engine.charts.palette import LEGEND_ABOVE, LIGHT, LONG_LABEL, base_layout, escape, shorten
from engine.texts import text

MOST = len(LIGHT.tasks)  # lines that can be told apart
FAINT = 0.6
SHORT, FEW = 12, 4  # characters of a task's name in the legend where there are more tasks than these
HEIGHT = 340


@dataclass(frozen=True, eq=False)
class Line:
    """Attributes:
    task: its name.
    colour: its place in the palette's ``tasks``.
    steps, values: of its points.
    part: what the line is of, such as ``validation``, as it is told; empty where all are of one kind.
    dotted, faint: how it is drawn; faint is what matters less, an auxiliary task.
    """

    task: str
    colour: int
    steps: np.ndarray
    values: np.ndarray
    part: str = ""
    dotted: bool = False
    faint: bool = False


def task_curves(lines: Sequence[Line], value: str) -> go.Figure:
    """One line a task and part, all of a task in its colour and under one entry of the legend.

    Args:
        value: the title of the axis of values.
    """
    figure = go.Figure(layout=base_layout())
    named = {line.task: place for place, line in enumerate(lines)}  # the last of a task is the one in the legend
    limit = SHORT if len(named) > FEW else LONG_LABEL  # so that two names fit beside each other on a small screen
    for place, line in enumerate(lines):
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
            meta={"task": line.task, "colour": line.colour},  # the browser takes the colour of its theme
            name=escape(shorten(line.task, limit)),
            legendgroup=line.task,
            showlegend=named[line.task] == place,
            hovertemplate=_hover(line),
        )
    return figure.update_layout(
        height=HEIGHT,
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",  # a label of all lines would be larger than the chart
        hoverdistance=40,
        margin={"t": 30},
        xaxis={"title": {"text": text("course.step")}, "zeroline": False},
        yaxis={"title": {"text": value}, "zeroline": False},
    )


def _hover(line: Line) -> str:
    told = {"task": escape(line.task), "step": "%{x}", "value": "%{y:.4~g}"}
    said = text("course.point_of_part", part=line.part, **told) if line.part else text("course.point", **told)
    return f"{said}<extra></extra>"


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
        hovertemplate=text("course.mean", step="%{x}", value="%{y:.1%}" if share else "%{y:.3f}") + "<extra></extra>",
    )
    if not share:
        figure.add_hline(y=0, line={"width": 1, "color": LIGHT.muted})
    axis = {"range": [0, 1], "tickformat": ".0%"} if share else {}
    return figure.update_layout(
        height=260,
        xaxis={"title": {"text": text("course.step")}, "zeroline": False},
        yaxis={"title": {"text": value}, "zeroline": False, **axis},
    )
