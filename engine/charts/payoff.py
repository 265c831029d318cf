"""What each way of choosing costs and what it loses."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, escape

ADVISOR = "advisor"  # what the names of its points begin with


def payoff_chart(ways: Sequence[str], costs: Sequence[float], regrets: Sequence[float]) -> go.Figure:
    """A point for every way, named; the advisor's joined by a line. Ways of unknown cost are left out.

    Args:
        ways: their names.
        costs: shares of the full search.
        regrets: in percent.
    """
    across, up = 100 * np.array(costs, float), np.array(regrets, float)
    figure = go.Figure(layout=base_layout())
    advised = [place for place, way in enumerate(ways) if way.startswith(ADVISOR)]
    others = [place for place in range(len(ways)) if place not in advised and np.isfinite(across[place])]
    for name, places, colour, mode in (
        ("other ways", others, COLOURS[1], "markers+text"),
        (ADVISOR, advised, COLOURS[0], "lines+markers"),
    ):
        figure.add_scatter(
            x=across[places],
            y=up[places],
            mode=mode,
            name=name,
            marker={"color": colour, "size": 11, "symbol": "circle" if name == ADVISOR else "diamond"},
            line={"color": colour, "width": 2},
            text=[escape(ways[place]) for place in places],
            textposition="top center",
            textfont={"color": LIGHT.text},
            cliponaxis=False,
            hovertemplate="%{text}: %{y:.2f} % regret at %{x:.0f} % of the full search<extra></extra>",
        )
    return figure.update_layout(
        height=420,
        showlegend=True,
        legend={"orientation": "h", "y": 1.12},
        xaxis={"title": {"text": "cost, % of training every network"}, "range": [-4, 108], "zeroline": False},
        yaxis={"title": {"text": "regret on test, %"}, "zeroline": True},
    )
