"""What it costs to keep a grouping while the affinities move on, and when the best one changes, in words."""

from collections.abc import Sequence

import plotly.graph_objects as go

from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout
from engine.grouping.over_time import Change, Keeping
from engine.texts import text

HEIGHT = 340
MOST_NAMES = 5  # tasks of a network that a sentence names
MOST_MARKS = 40  # moments of change that are marked by a line
_STROKES = {"lost": (0, "solid", "circle"), "back": (1, "dash", "diamond")}  # place in the palette, dash, marker


def keeping_chart(course: Sequence[Keeping], changed: Sequence[int]) -> go.Figure:
    """Both regrets over training, in the unit of the value; open markers where a regret may be larger than it is drawn.

    Args:
        course: the moments, in the order of time.
        changed: the steps at which the best grouping changes, marked by dotted lines.
    """
    figure = go.Figure(layout=base_layout())
    for step in changed[-MOST_MARKS:]:
        figure.add_vline(x=step, line={"width": 1, "color": LIGHT.muted, "dash": "dot"})
    steps = [each.step for each in course]
    sure = [each.lost == each.at_most for each in course]
    for name, values in (("lost", [each.lost for each in course]), ("back", [each.back for each in course])):
        colour, dash, symbol = _STROKES[name]
        notes = ["" if name == "back" or known else _at_most(each) for each, known in zip(course, sure, strict=True)]
        figure.add_scatter(
            x=steps,
            y=values,
            mode="lines+markers",
            name=text(f"keeping.{name}"),
            line={"color": LIGHT.tasks[colour], "dash": dash, "width": 2},
            marker={"size": 7, "symbol": [symbol if known else f"{symbol}-open" for known in sure]},
            meta={"task": colour},
            customdata=notes,
            hovertemplate=text(f"keeping.hover_{name}") + "%{customdata}<extra></extra>",
        )
    return figure.update_layout(
        height=HEIGHT,
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        margin={"t": 40},
        xaxis={"title": {"text": text("keeping.step")}, "zeroline": False},
        yaxis={"title": {"text": text("keeping.unit")}, "rangemode": "tozero"},
    )


def change_sentence(change: Change) -> str:
    """A change in words.

    >>> change_sentence(Change(1240, "depth", ("normals", "edges"), None))
    'At step 1,240, depth leaves the network of normals, edges and is served alone.'
    """
    left, joined = (None if names is None else named(names) for names in (change.left, change.joined))
    key = "came_alone" if left is None else "goes_alone" if joined is None else "moves"
    values = {"left": left, "joined": joined}
    return text(
        f"keeping.{key}", step=change.step, task=change.task, **{name: each for name, each in values.items() if each}
    )


def named(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """Names of tasks in a sentence, the last of many counted.

    >>> named(["a", "b", "c"], 2)
    'a and 2 more'
    """
    if len(names) <= most:
        return text("words.comma").join(names)
    shown = text("words.comma").join(names[: most - 1])
    return text("keeping.names_more", names=shown, count=len(names) - most + 1)


def _at_most(each: Keeping) -> str:
    return text("keeping.unproved", most=each.at_most)
