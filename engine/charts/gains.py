"""What every design and weighting gains over single-task training."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.charts.palette import LIGHT, base_layout, escape
from engine.texts import text

ROW = 26  # pixels


def gains_chart(names: Sequence[str], gains: np.ndarray, spread: np.ndarray) -> go.Figure:
    """One row a variant: its mean relative gain, with one standard deviation over seeds at both sides.

    Args:
        names: of the variants, from the top.
        gains: ``[variants]``, in percent; positive is better than single-task training; NaN leaves a row empty.
        spread: ``[variants]``, the deviation; NaN with one seed.
    """
    places = np.arange(len(names))
    figure = go.Figure(layout=base_layout())
    for colour, side in ((LIGHT.helps, gains >= 0), (LIGHT.hurts, gains < 0)):
        figure.add_scatter(
            x=gains[side],
            y=places[side],
            error_x={"array": np.nan_to_num(spread[side]), "color": colour, "thickness": 1.5, "width": 3},
            mode="markers",
            marker={"color": colour, "size": 9},
            customdata=[escape(name) for name, shown in zip(names, side, strict=True) if shown],
            hovertemplate="%{customdata}: %{x:.2f} %<extra></extra>",
        )
    figure.add_vline(x=0, line={"width": 1, "color": LIGHT.muted})
    return figure.update_layout(
        height=90 + ROW * len(names),
        xaxis={"title": {"text": text("gains.axis")}, "zeroline": False},
        yaxis={
            "tickvals": places.tolist(),
            "ticktext": [escape(name) for name in names],
            "range": [len(names) - 0.4, -0.6],
            "zeroline": False,
            "automargin": True,
        },
    )
