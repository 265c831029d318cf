"""Two matrices over the same tasks, entry against entry."""

import numpy as np
import plotly.graph_objects as go

from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout, escape, shorten

LONGEST_TITLE = 60
CROWDED = 400  # entries, from where on smaller points


def entries_scatter(
    tasks: tuple[str, ...],
    left: np.ndarray,
    right: np.ndarray,
    titles: tuple[str, str],
    same_unit: bool = False,
    sides: tuple[str, str] = ("left", "right"),
) -> go.Figure:
    """A point for every pair of tasks that is known on both sides.

    Args:
        tasks: the names of rows and columns.
        left, right: ``[source, target]``; NaN where not compared, as on the diagonal.
        titles: of the two sides.
        same_unit: both sides measure the same, so that a line shows where they are equal.
        sides: what they are called, before the titles and in a hover.
    """
    sources, targets = np.nonzero(np.isfinite(left) & np.isfinite(right))
    across, up = left[sources, targets], right[sources, targets]
    figure = go.Figure(layout=base_layout())
    if same_unit and len(across):
        ends = [float(min(across.min(), up.min())), float(max(across.max(), up.max()))]
        figure.add_scatter(
            x=ends, y=ends, mode="lines", line={"color": LIGHT.muted, "width": 1.5, "dash": "dash"}, hoverinfo="skip"
        )
    names = [escape(task) for task in tasks]
    one, other = (escape(shorten(side, LONGEST_TITLE)) for side in sides)
    figure.add_scatter(
        x=across,
        y=up,
        mode="markers",
        marker={"color": COLOURS[0], "size": 5 if len(across) > CROWDED else 8, "opacity": 0.7},
        text=[f"{names[source]} → {names[target]}" for source, target in zip(sources, targets, strict=True)],
        hovertemplate="%{text}" + f"<br>{one}: %{{x:.3~g}}<br>{other}: %{{y:.3~g}}<extra></extra>",
    )
    shown = [escape(shorten(title, LONGEST_TITLE)) for title in titles]
    return figure.update_layout(
        height=520,
        margin={"l": 72, "b": 56},
        xaxis={"title": {"text": f"{one}: {shown[0]}"}, "zeroline": True},
        yaxis={"title": {"text": f"{other}: {shown[1]}"}, "zeroline": True},
    )
