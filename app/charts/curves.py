"""A pair of tasks over training: how they affect each other, and how each one learns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from app.charts.palette import LIGHT, base_layout, escape, shorten, translucent
from engine.affinity.series import AffinitySeries
from engine.errors import KindredError

COLOURS = ("#2f7fc4", "#d9661f")  # readable on a light and on a dark page


@dataclass(frozen=True, eq=False)
class LossHistory:
    """One task's losses: at which steps they were taken and their values, on training and validation data."""

    train_steps: np.ndarray
    train_loss: np.ndarray
    validation_steps: np.ndarray
    validation_loss: np.ndarray


def window_means(series: AffinitySeries, source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean affinity of one pair in each window and its standard error.

    Returns:
        twice ``[windows]``; NaN where a window holds no update, and for the error fewer than two.
    """
    updates = series.updates.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = series.totals[:, source, target].astype(np.float64) / updates
        spread = np.maximum(series.total_squares[:, source, target].astype(np.float64) / updates - mean**2, 0)
        error = np.sqrt(spread / (updates - 1))
    return mean, np.where(updates > 1, error, np.nan)


def pair_curves(series: AffinitySeries, source: str, target: str) -> go.Figure:
    """How each of two tasks affected the other in each window, with a band of one standard error at both sides.

    One line only where both names are the same task: how its own step lowers its own loss.

    Raises:
        KindredError: if the series has no such task.
    """
    for task in (source, target):
        if task not in series.tasks:
            raise KindredError(f"The run has no task {task!r}; its tasks are {', '.join(series.tasks)}.")
    steps = (series.edges[:-1] + series.edges[1:]) / 2
    figure = go.Figure(layout=base_layout())
    directions = dict.fromkeys([(source, target), (target, source)])
    for colour, (one, other) in zip(COLOURS, directions, strict=False):
        mean, error = window_means(series, series.tasks.index(one), series.tasks.index(other))
        name = f"{escape(shorten(one))} → {escape(shorten(other))}"
        pair = f"{escape(one)} → {escape(other)}"
        known = np.isfinite(mean)
        margin = np.nan_to_num(error[known])
        figure.add_scatter(
            x=np.concatenate([steps[known], steps[known][::-1]]),
            y=np.concatenate([mean[known] + margin, (mean[known] - margin)[::-1]]),
            fill="toself",
            fillcolor=translucent(colour, 0.2),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
        )
        figure.add_scatter(
            x=steps,
            y=mean,
            customdata=error,
            mode="lines+markers" if len(steps) < 30 else "lines",
            line={"color": colour, "width": 2, "dash": "solid" if one == source else "dash"},
            marker={"size": 5},
            name=name,
            legendgroup=name,
            hovertemplate=pair + ": %{y:.3~g} ± %{customdata:.2~g}<extra></extra>",
        )
    figure.add_hline(y=0, line={"width": 1, "color": LIGHT.muted})
    return _over_steps(figure, "affinity (positive = helps)")


def loss_curves(histories: Mapping[str, LossHistory]) -> go.Figure:
    """The training loss (dotted) and the validation loss (solid) of up to two tasks.

    Raises:
        KindredError: if there are more tasks than colours that can be told apart.
    """
    if len(histories) > len(COLOURS):
        raise KindredError(f"Loss curves show {len(COLOURS)} tasks at most, found {len(histories)}; choose a pair.")
    figure = go.Figure(layout=base_layout())
    for colour, (task, history) in zip(COLOURS, histories.items(), strict=False):
        parts = {
            "train": (history.train_steps, history.train_loss, "dot"),
            "validation": (history.validation_steps, history.validation_loss, "solid"),
        }
        for part, (steps, loss, dash) in parts.items():
            name = f"{escape(shorten(task))}, {part}"
            figure.add_scatter(
                x=np.asarray(steps),
                y=np.asarray(loss),
                mode="lines",
                line={"color": colour, "width": 2, "dash": dash},
                name=name,
                hovertemplate=f"{escape(task)}, {part}" + ": %{y:.4~g}<extra></extra>",
            )
    return _over_steps(figure, "loss (lower is better)")


def _over_steps(figure: go.Figure, value: str) -> go.Figure:
    """Axes, a legend above the plot and one hover label for all lines at a step."""
    return figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x unified",
        margin={"t": 40},
        xaxis={"title": {"text": "step"}, "zeroline": False},
        yaxis={"title": {"text": value}, "zeroline": False},
    )
