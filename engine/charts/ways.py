"""The advisor beside other ways to choose networks: at one budget as dots, at all budgets as curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from engine.charts.budgets import budget_curves
from engine.charts.naming import way_name
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape
from engine.texts import text

ADVISOR, RANDOM, TRAINED = "advisor", "random", "best_of_those_trained"  # beside engine.studies.ways.WAYS
ROW = 34  # pixels
HEIGHT = 480  # with room for a legend of many lines on a narrow screen
# Colour (a place in the palette's ``tasks``) and marker of each kind of value.
_VALUES = {
    "foretold": (0, "circle-open"),
    "validation": (0, "circle"),
    "test": (1, "diamond"),
}
ADVISOR_COLOUR, RANDOM_COLOUR = 4, 7


@dataclass(frozen=True)
class Lost:
    """What a grouping loses, lower is better; None where that is not known.

    Attributes:
        foretold, validation, test: as expected by the way that chose it, as measured on validation, and on test.
    """

    foretold: float | None
    validation: float | None
    test: float | None


def ways_dots(ways: Mapping[str, Lost], value: str) -> go.Figure:
    """One row a way, from the top: what its grouping was to lose, and what it does lose.

    Args:
        ways: by what each is called.
        value: the title of the axis of values.
    """
    rows = list(range(len(ways)))
    figure = go.Figure(layout=base_layout())
    values = (
        [each.foretold for each in ways.values()],
        [each.validation for each in ways.values()],
        [each.test for each in ways.values()],
    )
    for (name, (colour, symbol)), across in zip(_VALUES.items(), values, strict=True):
        ring = symbol.endswith("open")
        figure.add_scatter(
            x=across,
            y=rows,
            mode="markers",
            line={"color": LIGHT.tasks[colour]},
            marker={"symbol": symbol, "size": 14 if ring else 9, "line": {"width": 2 if ring else 0}},
            name=text(f"ways.{name}"),
            meta={"task": colour},
            customdata=[escape(way) for way in ways],
            hovertemplate=text(f"ways.hover_{name}"),
        )
    return figure.update_layout(
        height=120 + ROW * len(ways),
        showlegend=True,
        legend=LEGEND_ABOVE,
        margin={"t": 30},
        xaxis={"title": {"text": value}, "zeroline": False},
        yaxis={
            "tickvals": rows,
            "ticktext": [escape(way) for way in ways],
            "range": [len(rows) - 0.4, -0.6],
            "zeroline": False,
            "automargin": True,
        },
    )


def frontier_chart(
    budgets: Sequence[float],
    ways: Mapping[str, Sequence[float | None]],
    advisor: Sequence[float | None],
    random: Sequence[float | None],
    value: str,
    current: float,
) -> go.Figure:
    """What the advisor, groupings drawn at random and every other way lose at each budget.

    Args:
        ways: as of `budget_curves`.
        advisor, random: one value a budget; None where there is none.
        value: the title of the axis of values.
        current: the budget that a dotted line marks.
    """
    figure = budget_curves(budgets, ways, value, current)
    figure.add_scatter(
        x=list(budgets),
        y=list(random),
        mode="lines",
        line={"color": LIGHT.tasks[RANDOM_COLOUR], "dash": "dot", "width": 2},
        name=text("ways.random_mean"),
        meta={"task": RANDOM_COLOUR},
        hovertemplate=text("ways.hover_random"),
    )
    figure.add_scatter(
        x=list(budgets),
        y=list(advisor),
        mode="lines+markers",
        line={"color": LIGHT.tasks[ADVISOR_COLOUR], "width": 3},
        marker={"symbol": "star", "size": 12},
        name=way_name(ADVISOR),
        meta={"task": ADVISOR_COLOUR},
        hovertemplate=text("ways.hover_advisor"),
    )
    return figure.update_layout(height=HEIGHT)
