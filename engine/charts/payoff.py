"""What each way of choosing costs and what it loses."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, escape
from engine.texts import text

ADVISOR = "advisor"


def payoff_chart(
    ways: Sequence[str], costs: Sequence[float], regrets: Sequence[float], names: Sequence[str]
) -> go.Figure:
    """A point for every way, named; the advisor's joined by a line. Ways of unknown cost are left out.

    Args:
        ways: of ``engine.studies.ways``, or ``ADVISOR``, as often as it chose.
        costs: shares of the full search.
        regrets: in percent.
        names: what each is called.
    """
    across, up = 100 * np.array(costs, float), np.array(regrets, float)
    figure = go.Figure(layout=base_layout())
    advised = [place for place, way in enumerate(ways) if way == ADVISOR]
    others = [place for place in range(len(ways)) if place not in advised and np.isfinite(across[place])]
    for name, places, colour, symbol, mode in (
        ("others", others, COLOURS[1], "diamond", "markers+text"),
        ("advisor", advised, COLOURS[0], "circle", "lines+markers"),
    ):
        figure.add_scatter(
            x=across[places],
            y=up[places],
            mode=mode,
            name=text(f"payoff.{name}"),
            marker={"color": colour, "size": 11, "symbol": symbol},
            line={"color": colour, "width": 2},
            text=[escape(names[place]) for place in places],
            textposition="top center",
            textfont={"color": LIGHT.text},
            cliponaxis=False,
            hovertemplate=text("payoff.point", way="%{text}", regret="%{y:.2f}", cost="%{x:.0f}") + "<extra></extra>",
        )
    return figure.update_layout(
        height=420,
        showlegend=True,
        legend={"orientation": "h", "y": 1.12},
        xaxis={"title": {"text": text("payoff.cost")}, "range": [-4, 108], "zeroline": False},
        yaxis={"title": {"text": text("payoff.regret")}, "zeroline": True},
    )
