"""Errors of several methods as samples a task grow: one line a method, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.charts.methods import stroke
from engine.charts.palette import LEGEND_ABOVE, base_layout, escape
from engine.texts import text

WIDE = 8.0  # times more samples at the largest size than at the smallest, from which on the axis is logarithmic
HEIGHT = 430
_SPREAD = 0.3  # of the least distance of two sizes, over which the lines' points are set apart


@dataclass(frozen=True, eq=False)
class MethodCurve:
    """Attributes:
    method: its name in the catalog.
    mean: ``[sizes]``; NaN where nothing is known yet.
    margin: ``[sizes]``, half the width of the interval around it; NaN where unknown.
    seeds: ``[sizes]``, how many it is the mean of.
    """

    method: str
    mean: np.ndarray
    margin: np.ndarray
    seeds: np.ndarray


def learning_curves(curves: Sequence[MethodCurve], samples: np.ndarray, names: Sequence[str], value: str) -> go.Figure:
    """The methods' values against the samples a task; references grey and dashed.

    The points of a size are set a little apart, so that their intervals can be told apart.

    Args:
        samples: ``[sizes]``, of a task in the mean, ascending.
        names: what the sizes are called.
        value: the title of the axis of values.
    """
    samples = np.asarray(samples, float)
    logarithmic = len(samples) > 1 and samples[-1] / samples[0] >= WIDE
    places = np.log10(samples) if logarithmic else samples
    gap = np.diff(places).min() if len(places) > 1 else 1.0
    figure = go.Figure(layout=base_layout())
    for number, curve in enumerate(curves):
        apart = places + (number - (len(curves) - 1) / 2) * _SPREAD * gap / max(len(curves), 1)
        known = np.isfinite(curve.mean)
        sure = np.isfinite(curve.margin)
        told = [
            text("learning_curves.sure", margin=margin, seeds=count) if has else ""
            for margin, count, has in zip(curve.margin, curve.seeds, sure, strict=True)
        ]
        figure.add_scatter(
            x=(10**apart if logarithmic else apart)[known],
            y=curve.mean[known],
            error_y={"type": "data", "array": np.where(sure, curve.margin, 0)[known], "thickness": 1.3, "width": 3},
            customdata=[[escape(name), sure] for name, sure, has in zip(names, told, known, strict=True) if has],
            mode="lines+markers",
            marker={"size": 5},
            name=escape(curve.method),
            hovertemplate=f"{escape(curve.method)}, %{{customdata[0]}}: %{{y:.4~g}} %{{customdata[1]}}<extra></extra>",
            **stroke("linear", curve.method).style,
        )
    axis = {"type": "log"} if logarithmic else {}
    across = "samples_logarithmic" if logarithmic else "samples"
    return figure.update_layout(
        height=HEIGHT,
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        hoverdistance=40,
        margin={"t": 30},
        xaxis={
            "title": {"text": text(f"learning_curves.{across}")},
            "tickvals": samples,
            "ticktext": [escape(name) for name in names],
            "zeroline": False,
            **axis,
        },
        yaxis={"title": {"text": value}, "zeroline": False},
    )
