"""Matrices over the same tasks, entry against entry."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.charts.colours import Style
from engine.charts.curves import COLOURS
from engine.charts.palette import LEGEND_ABOVE, LIGHT, base_layout, escape, shorten
from engine.texts import text

LONGEST_TITLE = 60
LONGEST_NAME = 34  # of a run in a legend
CROWDED = 400  # entries, from where on smaller points
DRAWN = 2000  # points of one run, beyond which it is thinned out


@dataclass(frozen=True, eq=False)
class Cloud:
    """One run's entries against the baseline's.

    Attributes:
        name: of the run.
        tasks: of rows and columns.
        baseline, entries: ``[source, target]``; NaN where not compared.
        correlation: Spearman's; NaN where not known.
        style: of its points.
    """

    name: str
    tasks: tuple[str, ...]
    baseline: np.ndarray
    entries: np.ndarray
    correlation: float
    style: Style


def entries_scatter(
    tasks: tuple[str, ...],
    left: np.ndarray,
    right: np.ndarray,
    titles: tuple[str, str],
    same_unit: bool = False,
    sides: tuple[str, str] | None = None,
) -> go.Figure:
    """A point for every pair of tasks that is known on both sides.

    Args:
        tasks: the names of rows and columns.
        left, right: ``[source, target]``; NaN where not compared, as on the diagonal.
        titles: of the two sides.
        same_unit: both sides measure the same, so that a line shows where they are equal.
        sides: what they are called, before the titles and in a hover; left and right where not given.
    """
    sides = sides or (text("comparison.left"), text("comparison.right"))
    sources, targets = np.nonzero(np.isfinite(left) & np.isfinite(right))
    across, up = left[sources, targets], right[sources, targets]
    figure = go.Figure(layout=base_layout())
    if same_unit and len(across):
        _add_equals(figure, across, up)
    one, other = (escape(shorten(side, LONGEST_TITLE)) for side in sides)
    figure.add_scatter(
        x=across,
        y=up,
        mode="markers",
        marker={"color": COLOURS[0], "size": 5 if len(across) > CROWDED else 8, "opacity": 0.7},
        text=_pairs(tasks, sources, targets),
        hovertemplate="%{text}<br>" + _values(one, other),
    )
    shown = [escape(shorten(title, LONGEST_TITLE)) for title in titles]
    return figure.update_layout(
        height=520,
        margin={"l": 72, "b": 56},
        xaxis={"title": {"text": text("comparison.axis", side=one, title=shown[0])}, "zeroline": True},
        yaxis={"title": {"text": text("comparison.axis", side=other, title=shown[1])}, "zeroline": True},
    )


def clouds_scatter(baseline: str, clouds: Sequence[Cloud], same_unit: bool) -> go.Figure:
    """A point for every pair of tasks of every run: the baseline's entry across, the run's up.

    Runs have their colours and symbols, and their correlations in the legend. A run of more than 2,000 pairs shows as
    many of them, evenly drawn.

    Args:
        baseline: its name.
        same_unit: all measure the same, so that a line shows where a run equals the baseline.
    """
    figure = go.Figure(layout=base_layout())
    shown = [(cloud, *_thinned(cloud)) for cloud in clouds]
    if same_unit and any(len(sources) for _, sources, _ in shown):
        across = np.concatenate([cloud.baseline[sources, targets] for cloud, sources, targets in shown])
        up = np.concatenate([cloud.entries[sources, targets] for cloud, sources, targets in shown])
        _add_equals(figure, across, up)
    one = escape(shorten(baseline, LONGEST_NAME))
    for cloud, sources, targets in shown:
        name = escape(shorten(cloud.name, LONGEST_NAME))
        known = np.isfinite(cloud.correlation)
        value = f"{cloud.correlation:.2f}".replace("-", "−")
        figure.add_scatter(
            x=cloud.baseline[sources, targets],
            y=cloud.entries[sources, targets],
            mode="markers",
            marker={"symbol": cloud.style.symbol, "size": 5 if len(sources) > CROWDED else 8, "opacity": 0.7},
            text=_pairs(cloud.tasks, sources, targets),
            name=text("comparison.legend", name=name, value=value) if known else name,
            hovertemplate=f"<b>{name}</b><br>%{{text}}<br>" + _values(one, name),
            **cloud.style.line,
        )
    return figure.update_layout(
        height=560,
        margin={"l": 72, "b": 56, "t": 30},
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        xaxis={"title": {"text": text("comparison.baseline", name=one)}, "zeroline": True},
        yaxis={"title": {"text": text("comparison.others")}, "zeroline": True},
    )


def _thinned(cloud: Cloud) -> tuple[np.ndarray, np.ndarray]:
    """The sources and targets of the entries to draw."""
    sources, targets = np.nonzero(np.isfinite(cloud.baseline) & np.isfinite(cloud.entries))
    if len(sources) > DRAWN:
        some = np.sort(np.random.default_rng(0).permutation(len(sources))[:DRAWN])
        sources, targets = sources[some], targets[some]
    return sources, targets


def _add_equals(figure: go.Figure, across: np.ndarray, up: np.ndarray) -> None:
    """A dashed line where both are equal, from the least to the greatest of all."""
    ends = [float(min(across.min(), up.min())), float(max(across.max(), up.max()))]
    dashed = {"color": LIGHT.muted, "width": 1.5, "dash": "dash"}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=dashed, hoverinfo="skip", showlegend=False)


def _pairs(tasks: tuple[str, ...], sources: np.ndarray, targets: np.ndarray) -> list[str]:
    names = [escape(task) for task in tasks]
    return [f"{names[source]} → {names[target]}" for source, target in zip(sources, targets, strict=True)]


def _values(one: str, other: str) -> str:
    both = (
        text("comparison.value", side=side, value=value) for side, value in ((one, "%{x:.3~g}"), (other, "%{y:.3~g}"))
    )
    return "<br>".join(both) + "<extra></extra>"
