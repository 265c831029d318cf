"""Federated learning over its rounds: how near the optimum it is, how wrong its models are, and who takes part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.charts.methods import REFERENCES, stroke
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape
from engine.texts import text

LEAST_GAP = 1e-12  # what a gap of 0 is drawn at, where the axis is logarithmic
HEIGHT = 340
_MARKED = 12  # points; more make a line


@dataclass(frozen=True, eq=False)
class MethodRounds:
    """Attributes:
    method: its name in the catalog.
    rounds: ``[points]``, increasing.
    values: ``[points]``; NaN where unknown.
    sent: ``[points]``, bytes that clients and server have sent by then; None where it does not matter.
    """

    method: str
    rounds: np.ndarray
    values: np.ndarray
    sent: np.ndarray | None = None


def gap_curves(courses: Sequence[MethodRounds], goal: float) -> go.Figure:
    """The relative duality gap against the rounds, on a logarithmic axis, with the goal marked.

    A gap of 0, which has no logarithm, is drawn at ``LEAST_GAP``.
    """
    figure = go.Figure(layout=base_layout())
    for course in courses:
        known = np.isfinite(course.values)
        figure.add_scatter(
            x=course.rounds[known],
            y=np.maximum(course.values[known], LEAST_GAP),
            customdata=course.values[known],
            hovertemplate=_hover("gap_point", course, round="%{x}", gap="%{customdata:.2~e}"),
            **_drawn(course, known),
        )
    figure.add_hline(
        y=goal,
        line={"width": 1.5, "color": LIGHT.muted, "dash": "dot"},
        annotation={
            "text": text("rounds.goal", goal=goal),
            "y": np.log10(goal),  # plotly moves no annotation to a logarithmic axis
            "font": {"size": 12},
            "x": 1,
            "xanchor": "right",
            "yanchor": "bottom",
        },
    )
    return _laid_out(figure, text("rounds.round"), text("rounds.gap"), len(courses) > 1).update_yaxes(
        type="log", exponentformat="power"
    )


def error_curves(courses: Sequence[MethodRounds], value: str, against: str) -> go.Figure:
    """The methods' errors against the ``rounds``, or against the ``bytes`` sent.

    A method that sends nothing is a level line at its last error where bytes are the axis.

    Args:
        value: the title of the axis of errors.
    """
    figure = go.Figure(layout=base_layout())
    by_bytes = against == "bytes"
    most = max((course.sent[-1] for course in courses if len(course.sent)), default=0)
    for course in courses:
        known = np.isfinite(course.values)
        if not known.any():
            continue
        silent = not course.sent[-1]
        style = _drawn(course, known)
        if by_bytes and silent:
            style |= {"name": text("rounds.silent", method=escape(course.method)), "mode": "lines"}
            figure.add_scatter(
                x=[0, most],
                y=[course.values[known][-1]] * 2,
                hovertemplate=_hover("end_point", course, error="%{y:.4~g}"),
                **style,
            )
            continue
        figure.add_scatter(
            x=(course.sent if by_bytes else course.rounds)[known],
            y=course.values[known],
            customdata=np.column_stack([course.rounds[known], course.sent[known]]),
            hovertemplate=_hover(
                "error_point", course, round="%{customdata[0]}", sent="%{customdata[1]:.3~s}B", error="%{y:.4~g}"
            ),
            **style,
        )
    _laid_out(figure, text("rounds.sent" if by_bytes else "rounds.round"), value, len(courses) > 1)
    return figure.update_xaxes(tickformat="~s", ticksuffix="B") if by_bytes else figure


def presence(courses: Sequence[MethodRounds], clients: int) -> go.Figure:
    """How many clients took part in each round; methods on the same draws are one line."""
    figure = go.Figure(layout=base_layout())
    together: list[list[MethodRounds]] = []
    for course in courses:
        for alike in together:
            if np.array_equal(alike[0].rounds, course.rounds) and np.array_equal(alike[0].values, course.values):
                alike.append(course)
                break
        else:
            together.append([course])
    for alike in together:
        names = escape(text("words.comma").join(course.method for course in alike))
        style = _drawn(alike[0], np.ones(len(alike[0].rounds), bool))
        style["line"] = style["line"] | {"shape": "hv", "width": 1.5}
        figure.add_scatter(
            x=alike[0].rounds,
            y=alike[0].values,
            hovertemplate=text("rounds.present_point", methods=names, round="%{x}", present="%{y}", clients=clients)
            + "<extra></extra>",
            **style | {"name": names},
        )
    _laid_out(figure, text("rounds.round"), text("rounds.present"), len(together) > 1)
    return figure.update_layout(height=220).update_yaxes(range=[0, clients * 1.05])


def _hover(key: str, course: MethodRounds, **values: str) -> str:
    return text(f"rounds.{key}", method=escape(course.method), **values) + "<extra></extra>"


def _drawn(course: MethodRounds, known: np.ndarray) -> dict:
    dense = known.sum() >= _MARKED
    return {
        "mode": "lines" if dense else "lines+markers",
        "marker": {"size": 5},
        "name": escape(course.method),
        "legendrank": 1001 if course.method in REFERENCES else 1000,
        **stroke("federated", course.method).style,
    }


def _laid_out(figure: go.Figure, across: str, up: str, named: bool) -> go.Figure:
    return figure.update_layout(
        height=HEIGHT,
        showlegend=named,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        hoverdistance=40,
        margin={"t": 30},
        xaxis={"title": {"text": across}, "zeroline": False},
        yaxis={"title": {"text": up}, "zeroline": False},
    )
