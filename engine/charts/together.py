"""How often two tasks are grouped together when the affinities are drawn anew."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import plotly.graph_objects as go

from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, labels
from engine.texts import text

SEQUENTIAL = ((0.0, LIGHT.scale[len(LIGHT.scale) // 2][1]), (1.0, COLOURS[0]))
OUTLINE = "#808a96"  # stands out from a light and a dark page
WRITTEN = 16  # tasks: with more, a cell is too small for its number
WIDEST = 960  # pixels of all cells together, before they are less than these
CELL, LEAST_CELL = (64, 34), (14, 14)


def together_heatmap(tasks: Sequence[str], together: np.ndarray, networks: Sequence[Sequence[str]] = ()) -> go.Figure:
    """The share of replicates in whose best grouping two tasks are served by one network.

    Args:
        tasks: the serving tasks, in the order of the matrix.
        together: ``[tasks, tasks]``, symmetric, 0 to 1; the diagonal is left blank, as it is 1 always.
        networks: the tasks that each network of a grouping serves. They are drawn side by side, so that every network
            is a block on the diagonal, which is outlined.

    The trace's ``meta`` is "sequential": the live chart then begins its colours at what the page's theme draws as
    nothing.
    """
    order = [tasks.index(task) for task in chain.from_iterable(networks)] or list(range(len(tasks)))
    shares = np.array(together, dtype=np.float64)[np.ix_(order, order)]
    np.fill_diagonal(shares, np.nan)
    names = labels(tuple(tasks[place] for place in order))
    pairs = [[text("together.pair", one=one, other=other) for other in names["full"]] for one in names["full"]]
    written = [["" if np.isnan(each) else f"{100 * each:.0f} %" for each in row] for row in shares]
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
        text=written,
        customdata=pairs,
        hovertemplate=text("together.hover") + "<extra></extra>",
        hoverongaps=False,
        texttemplate="%{text}" if len(tasks) <= WRITTEN else "",
        xgap=1,
        ygap=1,
        showscale=False,
    )
    longest = max(len(name) for name in axis["ticktext"])
    across, down = (max(least, min(most, WIDEST // len(tasks))) for most, least in zip(CELL, LEAST_CELL, strict=True))
    layout = base_layout() | {
        "width": 40 + 8 * longest + across * len(tasks),
        "height": 36 + 8 * longest + down * len(tasks),
        "margin": {"l": 24 + 8 * longest, "r": 16, "t": 12, "b": 24 + 8 * longest},
        "xaxis": axis | {"tickangle": -90},
        "yaxis": axis | {"autorange": "reversed"},
        "shapes": _outlines([len(network) for network in networks]),
    }
    return go.Figure(trace, layout)


def _outlines(sizes: Sequence[int]) -> list[dict]:
    """A square around each block on the diagonal."""
    ends = np.cumsum([0, *sizes]) - 0.5
    return [
        {
            "type": "rect",
            "x0": start, "x1": stop, "y0": start, "y1": stop,
            "line": {"color": OUTLINE, "width": 2},
            "fillcolor": "rgba(0,0,0,0)",
        }
        for start, stop in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    ]  # fmt: skip
