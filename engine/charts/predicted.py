"""What was foretold of networks against what was measured of them."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.charts.colours import styles
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape, shorten
from engine.texts import text

LONGEST = 60  # characters of a network's name in a hover label
CROWDED = 300  # points, from where on smaller ones


def predicted_chart(
    tasks: Sequence[str], networks: Sequence[str], measured: np.ndarray, predicted: np.ndarray, width: np.ndarray
) -> go.Figure:
    """A point for every task of every network that is both foretold and measured, with its interval.

    Each task has the colour that it has everywhere and a marker of its own, filled where the interval holds the
    measured value. On the dashed line what was foretold came true.

    Args:
        measured, predicted: ``[networks, tasks]``, change of the loss in percent; NaN where not known.
        width: ``[networks, tasks]``, half of the interval.
    """
    figure = go.Figure(layout=base_layout())
    there = np.isfinite(measured) & np.isfinite(predicted)
    if there.any():
        both = np.concatenate([measured[there], predicted[there]])
        span = float(np.ptp(both)) or 1.0
        ends = [float(both.min() - 0.05 * span), float(both.max() + 0.05 * span)]
        dashed = {"color": LIGHT.muted, "width": 1.5, "dash": "dash"}
        figure.add_scatter(x=ends, y=ends, mode="lines", line=dashed, hoverinfo="skip", showlegend=False)
        half = np.nan_to_num(width[there])
        lowest, highest = (predicted[there] - half).min(), (predicted[there] + half).max()
        up = [min(ends[0], float(lowest)), max(ends[1], float(highest))]
        figure.update_layout(xaxis={"range": ends}, yaxis={"range": up})
    for place, (task, style) in enumerate(styles(tasks).items()):
        rows = np.flatnonzero(there[:, place])
        if not len(rows):
            continue
        across, up, half = measured[rows, place], predicted[rows, place], width[rows, place]
        held = np.abs(across - up) <= half
        figure.add_scatter(
            x=across,
            y=up,
            error_y={"array": np.nan_to_num(half), "thickness": 1, "width": 0},
            mode="markers",
            **style.line,
            marker={
                "size": 6 if there.sum() > CROWDED else 9,
                "symbol": [style.symbol if inside else f"{style.symbol}-open" for inside in held],
            },
            opacity=0.8,
            name=escape(shorten(task)),
            customdata=[
                [escape(shorten(networks[row], LONGEST)), float(each), escape(task)]
                for row, each in zip(rows, half, strict=True)
            ],
            hovertemplate=text("predicted.hover"),
        )
    return figure.update_layout(
        height=520,
        margin={"l": 72, "b": 56, "t": 30},
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        xaxis={"title": {"text": text("predicted.measured_axis")}, "zeroline": True},
        yaxis={"title": {"text": text("predicted.foretold_axis")}, "zeroline": True},
    )
