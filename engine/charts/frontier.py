"""What each budget buys: the value of the best grouping against the compute budget."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from engine.charts.palette import LIGHT, base_layout, escape, shorten
from engine.texts import text

MOST_SETS = 3  # networks that a step names
MOST_NAMES = 6  # tasks of one of them
LONGEST_SET = 48  # characters of one of them in a hover label
TICKS = 12


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

    @property
    def written(self) -> str:
        """The tasks in braces, auxiliaries in parentheses, the last of many left out: ``{a, b, (c)}``."""
        names = [*(task for task, _ in self.serves), *(f"({task})" for task in self.auxiliary)]
        if len(names) > MOST_NAMES:
            names[MOST_NAMES - 1 :] = [text("frontier.more", count=len(names) - MOST_NAMES + 1)]
        return f"{{{text('words.comma').join(names)}}}"


@dataclass(frozen=True)
class FrontierStep:
    """From the budget before to a frame's own.

    Attributes:
        since: the budget before, in SNT.
        gained: what the value changes by.
        per_half: the same for half an SNT.
        enter, leave: the networks that come and go.
    """

    since: float
    gained: float
    per_half: float
    enter: tuple[NetworkCard, ...] = ()
    leave: tuple[NetworkCard, ...] = ()


@dataclass(frozen=True)
class FrontierFrame:
    """The best grouping found under one budget.

    Attributes:
        budget: in SNT, a multiple of 0.5.
        value: of the grouping; ``None`` where there is none.
        proved: no grouping under this budget can be better; without a value, there is none at all.
        gap: how far a better grouping could be at most, relative to the value: 0.03 is 3 %; ``None`` if unknown.
        networks: the grouping.
        note: a sentence to show with it, such as why the budget is infeasible.
        step: from the budget before, where that has a grouping too.
    """

    budget: float
    value: float | None
    proved: bool
    gap: float | None
    networks: tuple[NetworkCard, ...]
    note: str = ""
    step: FrontierStep | None = None


def certificate(frame: FrontierFrame) -> str:
    """What is known about the optimality of a frame's grouping.

    >>> certificate(FrontierFrame(3, 1.5, False, 0.031, ()))
    'gap 3.1 %'
    """
    if frame.value is None:
        return text("frontier.infeasible") if frame.proved else text("frontier.none_yet")
    if frame.proved:
        return text("frontier.proved")
    return text("frontier.not_proved") if frame.gap is None else text("frontier.gap", percent=100 * frame.gap)


def step_sentence(frame: FrontierFrame) -> str:
    """What the step to a frame's budget buys; empty where there is no budget before.

    >>> step_sentence(FrontierFrame(4, 1.5, True, 0.0, (), step=FrontierStep(3, 0.12, 0.06)))
    'From 3 to 4 SNT: +0.12 (+0.06 per half SNT); the same networks.'
    """
    if frame.step is None:
        return ""
    step = frame.step
    moves = []
    for verb, networks in (("enters", step.enter), ("leaves", step.leave)):
        named = [network.written for network in networks[:MOST_SETS]]
        if len(networks) > MOST_SETS:
            named.append(text("frontier.more", count=len(networks) - MOST_SETS))
        if named:
            moves.append(text(f"frontier.{verb}", networks=text("words.comma").join(named)))
    changed = text("frontier.semicolon").join(moves) or text("frontier.same")
    key = "frontier.step" if frame.budget - step.since <= 0.5 else "frontier.step_per_half"
    values = {"gained": signed(step.gained), "per_half": signed(step.per_half)}
    return text(key, since=step.since, budget=frame.budget, changed=changed, **values)


def signed(value: float) -> str:
    """A change with its sign, a true minus, and three significant digits.

    >>> signed(0.1234), signed(-2.0), signed(0.0)
    ('+0.123', '−2', '±0')
    """
    return f"{value:+.3g}".replace("-", "−") if value else "±0"


def _hover(frame: FrontierFrame) -> str:
    """The certificate, and the step in short lines, as plotly does not break them."""
    lines = [certificate(frame)]
    if frame.step is not None:
        lines.append(text("frontier.since", per_half=signed(frame.step.per_half), since=frame.step.since))
        for verb, networks in (("enters", frame.step.enter), ("leaves", frame.step.leave)):
            named = [escape(shorten(each.written, LONGEST_SET)) for each in networks[:MOST_SETS]]
            lines += [text(f"frontier.{verb}", networks=each) for each in named]
            if len(networks) > MOST_SETS:
                lines.append(text(f"frontier.{verb}_more", count=len(networks) - MOST_SETS))
    return "<br>".join(lines)


def frontier_curve(frames: Sequence[FrontierFrame], value_title: str, knee: float | None = None) -> go.Figure:
    """The value against the budget.

    The traces: the curve, with open circles where optimality is not proved; the infeasible budgets, crossed at the
    foot; the current budget, empty at first; and the knee, named. ``layout.meta`` holds each frame's place on the
    curve, and the axes do not move with it.

    Args:
        frames: one per budget, ascending.
        value_title: what the value is.
        knee: the budget after which more pays least, if there is one.
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
        customdata=[_hover(frame) for frame in frames],
        hovertemplate=text("frontier.hover") + "<br>%{customdata}<extra></extra>",
    )
    crossed = [frame.budget for frame in frames if frame.value is None and frame.proved]
    infeasible = go.Scatter(
        x=crossed,
        y=[foot] * len(crossed),
        mode="markers",
        marker={"symbol": "x-thin", "size": 9, "color": LIGHT.muted, "line": {"width": 2, "color": LIGHT.muted}},
        hovertemplate=text("frontier.hover_infeasible") + "<extra></extra>",
    )
    current = go.Scatter(
        x=[],
        y=[],
        mode="markers",
        marker={"size": 18, "symbol": "circle-open", "color": LIGHT.hurts, "line": {"width": 3}},
        hoverinfo="skip",
    )
    bend = [frame for frame in feasible if frame.budget == knee]
    named = go.Scatter(
        x=[frame.budget for frame in bend],
        y=[frame.value for frame in bend],
        mode="markers+text",
        marker={"size": 13, "symbol": "diamond-open", "color": LIGHT.text, "line": {"width": 2}},
        text=[text("frontier.knee")] * len(bend),
        textposition="bottom right",
        textfont={"color": LIGHT.text},
        cliponaxis=False,
        hoverinfo="skip",
    )
    span = frames[-1].budget - frames[0].budget
    layout = base_layout() | {
        "xaxis": {
            "title": {"text": text("frontier.budget")},
            "dtick": _tick(span),
            "range": [frames[0].budget - 0.5, frames[-1].budget + 0.5],
            "zeroline": False,
        },
        "yaxis": {"title": {"text": value_title}, "zeroline": False, "range": [foot - margin, top + margin]},
        "meta": {"places": places},
    }
    return go.Figure([curve, infeasible, current, named], layout)


def _tick(span: float) -> float:
    """The distance of the axis' marks in SNT: few enough, on round numbers.

    >>> _tick(4.0), _tick(8), _tick(40), _tick(99)
    (0.5, 1.0, 5.0, 10.0)
    """
    return next((tick for tick in (0.5, 1.0, 2.0, 5.0) if span / tick <= TICKS), 10.0)
