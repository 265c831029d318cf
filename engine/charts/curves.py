"""A pair of tasks over training: how they affect each other, and how each one learns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.affinity.series import AffinitySeries
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape, shorten, translucent
from engine.charts.quantity import AFFINITY, Quantity
from engine.errors import KindredError
from engine.texts import text

COLOURS = ("#2f7fc4", "#d9661f")  # readable on a light and on a dark page


@dataclass(frozen=True, eq=False)
class LossHistory:
    """One task's losses: at which steps they were taken and their values, on training and validation data."""

    train_steps: np.ndarray
    train_loss: np.ndarray
    validation_steps: np.ndarray
    validation_loss: np.ndarray


def window_means(series: AffinitySeries, source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean affinity of one pair in each window and its standard error, the updates taken as independent.

    Returns:
        twice ``[windows]``; NaN where no update of a window observed the pair, and for the error fewer than two.
    """
    counts = series.counts[:, source, target].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = series.totals[:, source, target].astype(np.float64) / counts
        spread = np.maximum(series.total_squares[:, source, target].astype(np.float64) / counts - mean**2, 0)
        error = np.sqrt(spread / (counts - 1))
    return mean, np.where(counts > 1, error, np.nan)


def seed_means(seeds: Sequence[AffinitySeries], source: int, target: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One pair in each window of several seeds on common edges.

    Returns:
        ``[seeds, windows]``, each seed's means, and twice ``[windows]``, the mean over the seeds that observed the pair
        and its standard error, their spread / √seeds; NaN where no seed did, and for the error fewer than two.
    """
    each = np.stack([window_means(seed, source, target)[0] for seed in seeds])
    known = np.isfinite(each)
    count = known.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, each, 0).sum(0) / count
        spread = np.where(known, (each - mean) ** 2, 0).sum(0) / (count - 1)
        error = np.sqrt(spread / count)
    return each, mean, np.where(count > 1, error, np.nan)


def pair_curves(
    series: AffinitySeries,
    source: str,
    target: str,
    seeds: Sequence[AffinitySeries] = (),
    quantity: Quantity = AFFINITY,
) -> go.Figure:
    """How each of two tasks affected the other in each window.

    One line only where both names are the same task: how its own step lowers its own loss; and where both directions
    are the same by what they are.

    Args:
        series: of the run, drawn with a band of one standard error at both sides.
        seeds: several seeds on the edges of ``series``, each drawn thin below their mean; no band then, as the lines
            show the spread.
        quantity: what the entries are.

    Raises:
        KindredError: if the series has no such task.
    """
    for task in (source, target):
        if task not in series.tasks:
            raise KindredError(f"The run has no task {task!r}; its tasks are {', '.join(series.tasks)}.")
    apart = quantity.unit == "seed"  # windows that have no order
    steps = series.edges[1:] if apart else (series.edges[:-1] + series.edges[1:]) / 2
    figure = go.Figure(layout=base_layout())
    directions = dict.fromkeys([(source, target)] if quantity.mutual else [(source, target), (target, source)])
    joined = "curves.mutual" if quantity.mutual else "curves.directed"
    for colour, (one, other) in zip(COLOURS, directions, strict=False):
        place = series.tasks.index(one), series.tasks.index(other)
        name = text(joined, one=escape(shorten(one)), other=escape(shorten(other)))
        style = {"color": colour, "dash": "solid" if one == source else "dash"}
        if seeds:
            each, mean, error = seed_means(seeds, *place)
            for values in each:
                thin = style | {"width": 1}
                figure.add_scatter(
                    x=steps, y=values, line=thin, opacity=0.45, mode="lines", hoverinfo="skip", showlegend=False,
                    legendgroup=name,
                )  # fmt: skip
        else:
            mean, error = window_means(series, *place)
            _add_band(figure, steps, mean, error, colour, name)
        sure = " ± %{customdata:.2~g}" if np.isfinite(error).any() else ""  # none where windows hold one update
        figure.add_scatter(
            x=steps,
            y=mean,
            customdata=error,
            mode="markers" if apart else "lines+markers" if len(steps) < 30 else "lines",
            line=style | {"width": 2.5 if seeds else 2},
            marker={"size": 9 if apart else 5},
            name=name,
            legendgroup=name,
            hovertemplate=text(joined, one=escape(one), other=escape(other)) + ": %{y:.3~g}" + sure + "<extra></extra>",
        )
    if quantity.noisy or quantity.mutual:  # a network's weights may all be far from zero
        figure.add_hline(y=0, line={"width": 1, "color": LIGHT.muted})
    _over_steps(figure, quantity.pair_axis, quantity.unit_said)
    return figure.update_xaxes(dtick=1) if apart and len(steps) <= 20 else figure


def _add_band(
    figure: go.Figure, steps: np.ndarray, mean: np.ndarray, error: np.ndarray, colour: str, name: str
) -> None:
    """One error at both sides of the mean; without a break where a window did not observe the pair."""
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


def loss_curves(histories: Mapping[str, LossHistory]) -> go.Figure:
    """The training loss (dotted) and the validation loss (solid) of up to two tasks, as far as there are any.

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
            if not len(steps):  # a tracked loop has no validation losses
                continue
            name, full = (text(f"curves.{part}", task=escape(each)) for each in (shorten(task), task))
            figure.add_scatter(
                x=np.asarray(steps),
                y=np.asarray(loss),
                mode="lines",
                line={"color": colour, "width": 2, "dash": dash},
                meta={"task": task},  # by which the browser finds it where the task is looked at
                name=name,
                hovertemplate=full + ": %{y:.4~g}<extra></extra>",
            )
    return _over_steps(figure, text("curves.loss"), AFFINITY.unit_said)


def _over_steps(figure: go.Figure, value: str, unit: str) -> go.Figure:
    """Axes, a legend above the plot and one hover label for all lines at a step."""
    return figure.update_layout(
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="x unified",
        margin={"t": 40},
        xaxis={"title": {"text": unit}, "zeroline": False},
        yaxis={"title": {"text": value}, "zeroline": False},
    )
