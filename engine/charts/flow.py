"""How the regret falls while networks are trained, one after another."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from engine.charts.budgets import STROKES
from engine.charts.naming import way_name
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape
from engine.charts.ways import ADVISOR_COLOUR, HEIGHT, RANDOM_COLOUR
from engine.texts import text

EXPECTED_COLOUR = 0


def flow_chart(
    cost: Sequence[float],
    names: Sequence[str],
    bound: Sequence[float],
    expected: Sequence[float],
    regret: Sequence[float] = (),
    random: tuple[Sequence[float], Sequence[float]] = ((), ()),
    ways: Mapping[str, tuple[float, float]] | None = None,
    current: float | None = None,
) -> go.Figure:
    """Lines over what the networks trained so far cost; other ways, which train all that they need at once, as points.

    Args:
        cost: SNT, a number a step.
        names: of what was trained last.
        bound, expected: what the advisor said of its regret, in percent.
        regret: what it was in truth; nothing where that is not known.
        random: the cost and the true regret while networks are trained in random order.
        ways: way of ``engine.studies.ways`` → cost and true regret.
        current: the cost that a dotted line marks.
    """
    figure = go.Figure(layout=base_layout())
    own = LIGHT.tasks[ADVISOR_COLOUR], ADVISOR_COLOUR
    blue = LIGHT.tasks[EXPECTED_COLOUR], EXPECTED_COLOUR
    lines = [
        ("bound", bound, blue, {"dash": "dash", "width": 2}),
        ("expected", expected, blue, {"width": 2}),
        ("regret", regret, own, {"width": 3}),
    ]
    for kind, values, (colour, place), line in lines:
        if len(values):
            figure.add_scatter(
                x=list(cost),
                y=list(values),
                mode="lines+markers",
                line={"color": colour, **line},
                marker={"size": 5},
                name=text(f"flow.{kind}"),
                meta={"task": place},
                customdata=[escape(name) for name in names],
                hovertemplate=text(f"flow.hover_{kind}"),
            )
    if len(random[0]):
        figure.add_scatter(
            x=list(random[0]),
            y=list(random[1]),
            mode="lines",
            line={"color": LIGHT.tasks[RANDOM_COLOUR], "dash": "dot", "width": 2},
            name=text("flow.random_order"),
            meta={"task": RANDOM_COLOUR},
            hovertemplate=text("flow.hover_random_order"),
        )
    for name, (spent, lost) in (ways or {}).items():
        colour, _, symbol = STROKES[name]
        figure.add_scatter(
            x=[spent],
            y=[lost],
            mode="markers",
            line={"color": LIGHT.tasks[colour]},
            marker={"symbol": symbol, "size": 11},
            name=escape(way_name(name)),
            meta={"task": colour},
            hovertemplate=text("flow.hover_way"),
        )
    if current is not None:
        figure.add_vline(x=current, line={"width": 1.5, "color": LIGHT.muted, "dash": "dot"})
    return figure.update_layout(
        height=HEIGHT,
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        margin={"t": 30},
        xaxis={"title": {"text": text("flow.cost_axis")}, "zeroline": False},
        yaxis={"title": {"text": text("flow.regret_axis")}, "zeroline": True},
    )
