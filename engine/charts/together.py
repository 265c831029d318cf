"""How often two tasks are grouped together when the affinities are drawn anew."""

import numpy as np
import plotly.graph_objects as go

from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, labels

SEQUENTIAL = ((0.0, LIGHT.scale[len(LIGHT.scale) // 2][1]), (1.0, COLOURS[0]))


def together_heatmap(tasks: tuple[str, ...], together: np.ndarray) -> go.Figure:
    """The share of replicates in whose best grouping two tasks are served by one network.

    Args:
        tasks: the serving tasks, in the order of the matrix.
        together: ``[tasks, tasks]``, symmetric, 0 to 1; the diagonal is left blank, as it is 1 always.

    The trace's ``meta`` is "sequential": the live chart then begins its colours at what the page's theme draws as
    nothing.
    """
    shares = np.array(together, dtype=np.float64)
    np.fill_diagonal(shares, np.nan)
    names = labels(tasks)
    pairs = [[f"{one} and {other}" for other in names["full"]] for one in names["full"]]
    axis = {
        "tickvals": list(range(len(tasks))),
        "ticktext": names["narrow"] if len(tasks) > 6 else names["wide"],
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
    }
    trace = go.Heatmap(
        z=shares,
        zmin=0,
        zmax=1,
        colorscale=[list(stop) for stop in SEQUENTIAL],
        meta="sequential",
        text=[["" if np.isnan(each) else f"{100 * each:.0f} %" for each in row] for row in shares],
        customdata=pairs,
        hovertemplate="%{customdata}: together in %{text}<extra></extra>",
        hoverongaps=False,
        texttemplate="%{text}",
        xgap=1,
        ygap=1,
        showscale=False,
    )
    longest = max(len(name) for name in axis["ticktext"])
    layout = base_layout() | {
        "width": 40 + 8 * longest + 64 * len(tasks),
        "height": 36 + 8 * longest + 34 * len(tasks),
        "margin": {"l": 24 + 8 * longest, "r": 16, "t": 12, "b": 24 + 8 * longest},
        "xaxis": axis | {"tickangle": -90},
        "yaxis": axis | {"autorange": "reversed"},
    }
    return go.Figure(trace, layout)
