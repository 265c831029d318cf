"""How alike one matrix is to several others: their correlations, each with its interval."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.affinity.comparison import Correlation
from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, escape, shorten

ROW = 34  # pixels
LONGEST = 26  # characters of a row's name


def correlations_chart(names: Sequence[str], correlations: Sequence[Correlation]) -> go.Figure:
    """One row a comparison: a point with its 95 % interval; a row stays empty where the correlation is not known.

    Args:
        names: of the rows, from the top.
        correlations: Pearson's.
    """
    values = np.array([each.value for each in correlations], float)
    above = np.array([each.high - each.value for each in correlations], float)
    below = np.array([each.value - each.low for each in correlations], float)
    figure = go.Figure(layout=base_layout())
    figure.add_scatter(
        x=values,
        y=list(range(len(names))),
        error_x={
            "array": np.nan_to_num(above),
            "arrayminus": np.nan_to_num(below),
            "symmetric": False,
            "color": COLOURS[0],
            "thickness": 2,
            "width": 4,
        },
        mode="markers",
        marker={"color": COLOURS[0], "size": 10},
        customdata=[[escape(name), _interval(each)] for name, each in zip(names, correlations, strict=True)],
        hovertemplate="%{customdata[0]}: %{x:.2f}%{customdata[1]}<extra></extra>",
    )
    figure.add_vline(x=0, line={"width": 1, "color": LIGHT.muted})
    return figure.update_layout(
        height=90 + ROW * len(names),
        xaxis={"title": {"text": "Pearson’s correlation of the pairs"}, "range": [-1.05, 1.05], "zeroline": False},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [escape(shorten(name, LONGEST)) for name in names],
            "range": [len(names) - 0.4, -0.6],
            "zeroline": False,
            "automargin": True,
        },
    )


def _interval(correlation: Correlation) -> str:
    if not np.isfinite(correlation.low):
        return ", no interval"
    return f" ({correlation.low:.2f} to {correlation.high:.2f})".replace("-", "−")
