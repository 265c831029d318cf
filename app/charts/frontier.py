"""What each budget buys: the value of the best grouping against the compute budget."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.charts.palette import LIGHT, base_layout


@dataclass(frozen=True)
class NetworkCard:
    """One network of a grouping, as its card shows it.

    Attributes:
        cost: in SNT.
        serves: the tasks whose predictions are taken from this network, each with its predicted score or ``None``.
        auxiliary: the tasks that are trained along only.
    """

    cost: float
    serves: tuple[tuple[str, float | None], ...]
    auxiliary: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrontierFrame:
    """The best grouping found under one budget.

    Attributes:
        budget: in SNT.
        value: of the grouping; ``None`` where no grouping meets the budget and the constraints.
        proved: no grouping under this budget can be better.
        gap: how far a better grouping could be at most, relative to the value: 0.03 is 3 %; ``None`` if unknown.
        networks: the grouping.
        note: a sentence to show with it, such as why the budget is infeasible.
    """

    budget: int
    value: float | None
    proved: bool
    gap: float | None
    networks: tuple[NetworkCard, ...]
    note: str = ""


def certificate(frame: FrontierFrame) -> str:
    """What is known about the optimality of a frame's grouping.

    >>> certificate(FrontierFrame(3, 1.5, False, 0.031, ()))
    'gap 3.1 %'
    """
    if frame.value is None:
        return "infeasible"
    if frame.proved:
        return "proved optimal"
    return "not proved optimal" if frame.gap is None else f"gap {frame.gap:.1%}".replace("%", " %")


def frontier_curve(frames: Sequence[FrontierFrame], value_title: str) -> go.Figure:
    """The value against the budget.

    The traces: the curve, with open circles where optimality is not proved; the infeasible budgets, crossed at the
    foot; and the current budget, empty at first. ``layout.meta`` holds each frame's place on the curve, and the axes do
    not move with it.
    """
    feasible = [frame for frame in frames if frame.value is not None]
    foot = min((frame.value for frame in feasible), default=0.0)
    top = max((frame.value for frame in feasible), default=1.0)
    margin = 0.12 * (top - foot) or 0.5
    places = [[frame.budget, foot if frame.value is None else frame.value] for frame in frames]
    curve = go.Scatter(
        x=[frame.budget for frame in frames],
        y=[frame.value for frame in frames],
        mode="lines+markers",
        line={"color": LIGHT.helps, "width": 2},
        marker={
            "size": 8,
            "symbol": ["circle" if frame.proved else "circle-open" for frame in frames],
            "color": LIGHT.helps,
        },
        customdata=[certificate(frame) for frame in frames],
        hovertemplate="budget %{x} SNT: %{y:.4~g}<br>%{customdata}<extra></extra>",
    )
    crossed = [frame.budget for frame in frames if frame.value is None]
    infeasible = go.Scatter(
        x=crossed,
        y=[foot] * len(crossed),
        mode="markers",
        marker={"symbol": "x-thin", "size": 9, "color": LIGHT.muted, "line": {"width": 2, "color": LIGHT.muted}},
        hovertemplate="budget %{x} SNT: infeasible<extra></extra>",
    )
    current = go.Scatter(
        x=[],
        y=[],
        mode="markers",
        marker={"size": 18, "symbol": "circle-open", "color": LIGHT.hurts, "line": {"width": 3}},
        hoverinfo="skip",
    )
    layout = base_layout() | {
        "xaxis": {
            "title": {"text": "budget (SNT, 1 = one full-size network)"},
            "dtick": max(1, -(-len(frames) // 12)),
            "range": [frames[0].budget - 0.5, frames[-1].budget + 0.5],
            "zeroline": False,
        },
        "yaxis": {"title": {"text": value_title}, "zeroline": False, "range": [foot - margin, top + margin]},
        "meta": {"places": places},
    }
    return go.Figure([curve, infeasible, current], layout)
