"""What each way of choosing networks comes to at every budget, as the plots of Standley et al. show it."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from engine.charts.naming import way_name
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape
from engine.texts import text

HEIGHT = 420
OPTIMAL = "everything known"
# Colour (a place in the palette's ``tasks``), dash and marker: each way has its own of all three.
STROKES = {
    OPTIMAL: (0, "solid", "circle"),
    "HOA": (1, "dash", "square"),
    "ESA": (2, "dot", "diamond"),
    "TAG": (3, "dashdot", "triangle-up"),
    "Grad-TAG": (5, "longdash", "triangle-down"),
    "single-task": (7, "longdashdot", "x"),
    "all-in-one": (6, "4px,2px", "cross"),
}


def budget_curves(
    budgets: Sequence[float], scores: Mapping[str, Sequence[float | None]], value: str, current: float | None = None
) -> go.Figure:
    """One line a way: what its grouping loses under each budget.

    Args:
        budgets: in SNT, ascending.
        scores: way → one value a budget, lower is better; None where it has no grouping, which leaves the line open.
        value: the title of the axis of values.
        current: the budget that a dotted line marks.
    """
    figure = go.Figure(layout=base_layout())
    for name, values in scores.items():
        colour, dash, symbol = STROKES[name]
        figure.add_scatter(
            x=list(budgets),
            y=list(values),
            mode="lines+markers",
            line={"color": LIGHT.tasks[colour], "dash": dash, "width": 3 if name == OPTIMAL else 2},
            marker={"symbol": symbol, "size": 8},
            name=text("budgets.optimal", way=way_name(name)) if name == OPTIMAL else escape(way_name(name)),
            meta={"task": colour},
            hovertemplate=f"{escape(way_name(name))}, %{{x}} SNT: %{{y:.4~g}}<extra></extra>",
        )
    if current is not None:
        figure.add_vline(x=current, line={"width": 1.5, "color": LIGHT.muted, "dash": "dot"})
    return figure.update_layout(
        height=HEIGHT,
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        margin={"t": 30},
        xaxis={
            "title": {"text": text("budgets.budget")},
            "dtick": 0.5 if budgets[-1] - budgets[0] <= 6 else 1,
            "zeroline": False,
        },
        yaxis={"title": {"text": value}, "zeroline": False},
    )
