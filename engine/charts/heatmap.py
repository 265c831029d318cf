"""A matrix of relations as a heatmap: rows are sources, columns are targets, blue is above zero, orange below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import plotly.graph_objects as go

from engine.charts.dendrogram import cluster_tree
from engine.charts.palette import LIGHT, base_layout, labels
from engine.charts.quantity import AFFINITY, Quantity, Scale
from engine.errors import KindredError
from engine.texts import text

WRITTEN_UP_TO = 15  # tasks; beyond, numbers in the cells are too small to read
ROBUST_SHARE = 0.98


@dataclass(frozen=True, eq=False)
class ScaledAffinity:
    """What the colours show.

    Attributes:
        values: ``[source, target]``, the affinity on the chosen scale.
        limit: the value at which the colours end, at both sides of zero.
    """

    values: np.ndarray
    limit: float


def robust_max(values: np.ndarray) -> float:
    """The 98th percentile of the finite absolute values, rounded up to one of them: the maximum of up to 50.

    A single noisy cell among many then does not fade all the others. Returns 1 where no value differs from zero.

    >>> robust_max(np.array([-3.0, 1.0, np.nan]))
    3.0
    """
    sizes = np.sort(np.abs(values[np.isfinite(values)]))
    limit = sizes[int(np.ceil(ROBUST_SHARE * (len(sizes) - 1)))] if len(sizes) else 0.0
    return float(limit) if limit > 0 else 1.0


def scale_affinity(affinity: np.ndarray, scale: Scale, over: np.ndarray | None = None) -> ScaledAffinity:
    """The affinity as the colours show it. The diagonal is scaled along, but never sets a limit.

    Args:
        affinity: ``[source, target]``; NaN where unknown.
        scale: ``"shared"``: as it is, one limit for all; ``"target"``: each column divided by its own robust maximum,
            so that targets with small effects show; ``"centred"``: less the column's mean over the other sources
            first, as published affinities can be negative throughout, where the sign alone says nothing.
        over: ``[windows, source, target]``, the matrices that fix the limits, so that colours compare over time;
            ``affinity`` alone where not given.

    Raises:
        KindredError: if there is no such scale.
    """
    if scale not in get_args(Scale):
        raise KindredError(f"There is no scale {scale!r}; choose one of {', '.join(get_args(Scale))}.")
    stack = affinity[None] if over is None else over
    own = np.eye(affinity.shape[-1], dtype=bool)
    others = np.where(own, np.nan, stack)
    if scale == "shared":
        return ScaledAffinity(affinity, robust_max(others))
    if scale == "centred":
        affinity = affinity - _mean_of_others(np.where(own, np.nan, affinity))
        others = others - _mean_of_others(others)
    divisors = np.array([robust_max(others[..., target]) for target in range(affinity.shape[-1])])
    return ScaledAffinity(affinity / divisors, 1.0)


def _mean_of_others(others: np.ndarray) -> np.ndarray:
    """The mean over sources, ignoring NaN; 0 where nothing is known."""
    known = np.isfinite(others)
    return np.where(known, others, 0).sum(-2, keepdims=True) / np.maximum(known.sum(-2, keepdims=True), 1)


def name_order(tasks: Sequence[str]) -> tuple[int, ...]:
    """The permutation that sorts tasks by name, without regard to case.

    >>> name_order(["pose", "Age", "hair"])
    (1, 2, 0)
    """
    return tuple(sorted(range(len(tasks)), key=lambda task: (tasks[task].casefold(), tasks[task])))


def cluster_order(matrix: np.ndarray) -> tuple[int, ...]:
    """The permutation that places tasks which help each other side by side, see :func:`.dendrogram.cluster_tree`."""
    return cluster_tree(matrix).order


def heatmap_frame(
    tasks: tuple[str, ...], order: Sequence[int], scale: Scale, quantity: Quantity = AFFINITY
) -> go.Figure:
    """The heatmap before its numbers: axes, labels, hover and colours; ``layout.meta`` carries the labels and words.

    Cell ``(row, column)`` belongs to source ``order[row]`` and target ``order[column]``. A cell's ``customdata`` is
    its pair's name and its unscaled entry.
    """
    count = len(tasks)
    names = labels(tuple(tasks[task] for task in order))
    axis = {
        "tickvals": list(range(count)),
        "ticktext": names["wide"],
        "range": [-0.5, count - 0.5],
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "ticklabeloverflow": "allow",  # measuring every label for it would take half the time of a redraw
    }
    hover = "%{customdata[0]}: %{customdata[1]:.3~g}"
    if scale != "shared":
        hover += f"<br>{text('heatmap.on_this_scale', value='%{z:.2f}')}"
    trace = go.Heatmap(
        x=list(range(count)),
        y=list(range(count)),
        colorscale=[list(stop) for stop in LIGHT.scale],
        zmid=0,
        hoverongaps=False,
        hovertemplate=hover + "<extra></extra>",
        texttemplate="%{text}" if count <= WRITTEN_UP_TO else None,
        xgap=1,
        ygap=1,
        colorbar={"title": {"text": quantity.measure(scale), "side": "right"}, "thickness": 12},
    )
    layout = base_layout() | {
        "plot_bgcolor": LIGHT.blank,
        "xaxis": axis | {"title": {"text": quantity.target}},
        "yaxis": axis | {"title": {"text": quantity.source}, "range": [count - 0.5, -0.5]},
        "meta": {"labels": names, "words": quantity.words(scale), "scale": scale},
    }
    return go.Figure(trace, layout)


def affinity_heatmap(
    affinity: np.ndarray,
    tasks: tuple[str, ...],
    order: Sequence[int] | None = None,
    scale: Scale = "shared",
    show_self: bool = False,
    quantity: Quantity = AFFINITY,
    over: np.ndarray | None = None,
) -> go.Figure:
    """The heatmap of one matrix.

    Args:
        affinity: ``[source, target]``, in the order of ``tasks``; NaN where unknown.
        tasks: the task names.
        order: the permutation in which rows and columns appear; as given where ``None``.
        scale: what the colours show, see :func:`scale_affinity`.
        show_self: show the diagonal, the effect of a task's step on its own loss.
        quantity: what the entries are.
        over: ``[matrices, source, target]``, those whose colours are to compare with these; see `scale_affinity`.
    """
    order = list(range(len(tasks)) if order is None else order)
    shown = scale_affinity(np.asarray(affinity, dtype=np.float64), scale, over)
    values = shown.values[np.ix_(order, order)].copy()
    if not show_self:
        np.fill_diagonal(values, np.nan)
    figure = heatmap_frame(tasks, order, scale, quantity)
    names = figure.layout.meta["labels"]["full"]
    cells = [
        [
            [text("heatmap.pair", source=source, target=target), affinity[order[row], order[column]]]
            for column, target in enumerate(names)
        ]
        for row, source in enumerate(names)
    ]
    written = [["" if np.isnan(value) else f"{value:.2g}" for value in row] for row in values]
    return figure.update_traces(z=values, zmin=-shown.limit, zmax=shown.limit, customdata=cells, text=written)
