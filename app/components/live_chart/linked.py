"""One slider over everything that a run tells of its tasks: matrix, graph, losses and the best grouping, linked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from app.components.live_chart import ARROWS_A_TASK, _known_pair, _matrix_frame, _permutation, _places, _share
from app.components.live_chart.mount import Interval, Mode, mount, resolve, time_view
from app.components.live_chart.sent import Mark, MomentFrame, as_data, frame_as_data, mark_as_data, over_time
from app.components.live_chart.thinning import thinned
from engine.affinity.series import AffinitySeries
from engine.charts.graph import graph_frame
from engine.charts.quantity import AFFINITY, Quantity, Scale
from engine.texts import text


@dataclass(frozen=True)
class LinkedResult:
    """What the linked charts show; ``interval``, ``steps`` and ``mode`` as in ``HeatmapResult``.

    Attributes:
        threshold: arrows below this share of the strongest are left out.
        top: as many arrows are drawn at most.
        pair: the selected ``(source, target)``, if any.
        node: the selected task, if any.
        group: the tasks of the selected network, if any.
    """

    interval: Interval
    steps: tuple[int, int]
    mode: Mode
    threshold: float
    top: int
    pair: tuple[str, str] | None
    node: str | None
    group: tuple[str, ...] | None


@dataclass(frozen=True)
class Groupings:
    """Attributes:
    title: what the cards are, such as the budget.
    moments: by step, ascending; none while they are being worked out.
    waiting: a sentence to show while there is no moment.
    value_title: what a grouping's value is.
    """

    title: str
    moments: Sequence[MomentFrame] = ()
    waiting: str = ""
    value_title: str | None = None


def linked(
    series: AffinitySeries,
    *,
    key: str,
    positions: np.ndarray | None = None,
    interval: Interval | None = None,
    mode: Mode = "interval",
    order: Sequence[int] | None = None,
    scale: Scale = "shared",
    threshold: float = 0.5,
    top: int | None = None,
    pair: tuple[str, str] | None = None,
    node: str | None = None,
    group: tuple[str, ...] | None = None,
    seeds: Sequence[AffinitySeries] = (),
    mark_unsure: bool = True,
    quantity: Quantity = AFFINITY,
    losses: go.Figure | None = None,
    groupings: Groupings | None = None,
    marks: Sequence[Mark] = (),
) -> LinkedResult:
    """The matrix, the graph, the losses and the best grouping over one interval of training.

    Args:
        group: the tasks of the network to highlight.
        losses: curves over steps, from ``engine.charts.course``, if there are any.
        groupings: the best ones over time, if there can be any.
        marks: as of ``heatmap``, whose other arguments and errors, and those of ``graph``, these are.
    """
    series, seeds = thinned(series, seeds)
    order, places, threshold = _permutation(series, order), _places(series, positions, key), _share(threshold)
    data = over_time(series, seeds, scale, _matrix_frame(series, order, scale, quantity), quantity)
    data |= {
        "kind": "linked",
        "order": order,
        "merges": None,
        "show_self": False,
        "mark_unsure": mark_unsure,
        "graph": as_data(graph_frame(series.tasks, places)),
        "losses": None if losses is None else as_data(losses),
        "groupings": None if groupings is None else _sent(groupings),
        "marks": [mark_as_data(mark) for mark in marks],
    }
    given = time_view(series, interval, mode) | {
        "threshold": threshold,
        "top": top or ARROWS_A_TASK * len(series.tasks),
        "selected": _known_pair(series, pair),
        "node": node if node in series.tasks else None,
        "group": list(group) if group and set(group) <= set(series.tasks) else None,
    }
    shown = mount(key, data, given)
    return LinkedResult(
        tuple(shown["interval"]),
        resolve(series, shown),
        shown["mode"],
        shown["threshold"],
        shown["top"],
        shown["selected"] and tuple(shown["selected"]),
        shown["node"],
        shown["group"] and tuple(shown["group"]),
    )


def _sent(groupings: Groupings) -> dict:
    return {
        "title": groupings.title,
        "waiting": groupings.waiting,
        "value_title": groupings.value_title or text("chart.value_title"),
        "moments": [frame_as_data(each.frame) | {"at": each.step} for each in groupings.moments],
    }
