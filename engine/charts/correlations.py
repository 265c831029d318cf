"""How alike one matrix is to several others: their correlations, each with its interval."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.affinity.comparison import Correlation
from engine.charts.colours import Style
from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, escape, shorten
from engine.texts import text

ROW = 34  # pixels
LONGEST = 26  # characters of a row's name


def correlations_chart(
    names: Sequence[str],
    correlations: Sequence[Correlation],
    styles: Sequence[Style] | None = None,
    kind: Literal["pearson", "spearman"] = "pearson",
) -> go.Figure:
    """One row a comparison: a point with its 95 % interval; a row stays empty where the correlation is not known.

    Args:
        names: of the rows, from the top.
        correlations: of the rows.
        styles: of the rows; all blue where not given.
        kind: whose correlation it is.
    """
    figure = go.Figure(layout=base_layout())
    for row, (name, each) in enumerate(zip(names, correlations, strict=True)):
        known = np.isfinite(each.low)
        line = {"line": {"color": COLOURS[0]}} if styles is None else styles[row].line
        figure.add_scatter(
            x=[each.value],
            y=[row],
            error_x={
                "array": [each.high - each.value if known else 0],
                "arrayminus": [each.value - each.low if known else 0],
                "symmetric": False,
                "thickness": 2,
                "width": 4,
            },
            mode="markers",
            marker={"size": 10, "symbol": "circle" if styles is None else styles[row].symbol},
            hovertemplate=f"{escape(name)}: {_in_words(each)}<extra></extra>",
            **line,
        )
    figure.add_vline(x=0, line={"width": 1, "color": LIGHT.muted})
    return figure.update_layout(
        height=90 + ROW * len(names),
        xaxis={"title": {"text": text(f"correlations.{kind}")}, "range": [-1.05, 1.05], "zeroline": False},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [escape(shorten(name, LONGEST)) for name in names],
            "range": [len(names) - 0.4, -0.6],
            "zeroline": False,
            "automargin": True,
        },
    )


def _in_words(correlation: Correlation) -> str:
    values = {name: f"{getattr(correlation, name):.2f}".replace("-", "−") for name in ("value", "low", "high")}
    return text(f"correlations.{'known' if np.isfinite(correlation.low) else 'no_interval'}", **values)
