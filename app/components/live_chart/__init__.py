"""The live chart: one element that stays in place over reruns and redraws in the browser while a slider is dragged.

Streamlit's own slider reports nothing while it is dragged, and its plotly element is rebuilt whenever its data change.
This element fetches the windows of a run, averages any interval itself, and reports what the visitor settled
on. A view argument (interval, mode, selection, threshold, budget) that differs from what the page passed in its last
run moves the chart; otherwise what the visitor chose stands, see :func:`app.components.live_chart.view.agree`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.components.live_chart.mount import Interval, Mode, mount, resolve, time_view
from app.components.live_chart.sent import Mark, as_data, frame_as_data, mark_as_data, over_time
from app.components.live_chart.thinning import thinned
from engine.affinity.series import AffinitySeries
from engine.charts.dendrogram import ClusterTree
from engine.charts.frontier import FrontierFrame, frontier_curve
from engine.charts.graph import graph_frame
from engine.charts.graph import positions as places_of
from engine.charts.heatmap import heatmap_frame
from engine.charts.quantity import AFFINITY, Quantity, Scale
from engine.errors import KindredError
from engine.texts import language, text

ARROWS_A_TASK = 3  # at most, while nothing else is chosen


@dataclass(frozen=True)
class HeatmapResult:
    """What a heatmap shows.

    Attributes:
        interval: ``(step_from, step_to)`` as chosen; ``step_to`` is ``None`` for the end of a run that may yet grow.
        steps: the same in steps of the present run, at window edges: ``series.mean(*steps)`` is what is shown.
        mode: one window ("step") or an interval.
        pair: the selected ``(source, target)``, if any.
        cut: into how many clusters the tree is cut, where one is shown.
    """

    interval: Interval
    steps: tuple[int, int]
    mode: Mode
    pair: tuple[str, str] | None
    cut: int | None = None


@dataclass(frozen=True)
class GraphResult:
    """What a graph shows; ``interval``, ``steps`` and ``mode`` as in :class:`HeatmapResult`.

    Attributes:
        threshold: arrows below this share of the strongest are left out.
        node: the selected task, if any.
        top: how many arrows are drawn at most, the strongest.
    """

    interval: Interval
    steps: tuple[int, int]
    mode: Mode
    threshold: float
    node: str | None
    top: int


def heatmap(
    series: AffinitySeries,
    *,
    key: str,
    interval: Interval | None = None,
    mode: Mode = "interval",
    order: Sequence[int] | None = None,
    scale: Scale = "shared",
    show_self: bool = False,
    selected: tuple[str, str] | None = None,
    seeds: Sequence[AffinitySeries] = (),
    mark_unsure: bool = True,
    quantity: Quantity = AFFINITY,
    marks: Sequence[Mark] = (),
    tree: ClusterTree | None = None,
    cut: int | None = None,
) -> HeatmapResult:
    """The affinity matrix over any interval of training.

    Args:
        series: with at least one window.
        key: unique on the page; the chart stays in place as long as it stays.
        interval: in steps, widened to whole windows; the whole run where ``None``.
        mode: "step" shows the last window of the interval alone.
        order: the permutation of tasks in which rows and columns appear; the series' own where ``None``.
        scale: what the colours show, see :func:`engine.charts.heatmap.scale_affinity`.
        show_self: show the diagonal.
        selected: the ``(source, target)`` to outline.
        seeds: the series of several seeds, on the edges of ``series``. The mean of their means is then shown, and its
            error is their spread / √seeds; otherwise that of ``series`` and batch means.
        mark_unsure: hatch the cells that are within 2 standard errors of zero.
        quantity: what the entries are.
        marks: what happened at steps of training, shown on the slider and told below it.
        tree: of the tasks, whose leaves stand in ``order``; drawn beside the rows, with a slider that cuts it.
        cut: into how many clusters, ``tree.finest`` at most; where the gap between two merges is widest if ``None``.

    Raises:
        KindredError: if the series has no window in the interval, the order is no permutation, or the edges differ.
    """
    series, seeds = thinned(series, seeds)
    order, pair = _permutation(series, order), _known_pair(series, selected)
    data = over_time(series, seeds, scale, _matrix_frame(series, order, scale, quantity), quantity)
    data |= {"kind": "heatmap", "order": order, "show_self": show_self, "mark_unsure": mark_unsure}
    data |= {"marks": [mark_as_data(mark) for mark in marks]}
    data |= {"merges": tree.merges if tree else None}
    cut = min(cut or tree.widest, tree.finest) if tree else None
    shown = mount(key, data, time_view(series, interval, mode) | {"selected": pair, "cut": cut})
    steps = resolve(series, shown)
    pair = shown["selected"] and tuple(shown["selected"])
    return HeatmapResult(tuple(shown["interval"]), steps, shown["mode"], pair, shown["cut"])


def graph(
    series: AffinitySeries,
    *,
    key: str,
    positions: np.ndarray | None = None,
    interval: Interval | None = None,
    mode: Mode = "interval",
    scale: Scale = "shared",
    threshold: float = 0.5,
    node: str | None = None,
    seeds: Sequence[AffinitySeries] = (),
    mark_unsure: bool = True,
    quantity: Quantity = AFFINITY,
    marks: Sequence[Mark] = (),
    top: int | None = None,
) -> GraphResult:
    """The tasks as a graph with an arrow from source to target where the effect is strong.

    Args:
        positions: ``[tasks, 2]``, from :func:`engine.charts.graph.positions`; computed once from the series and then
            kept where ``None``.
        threshold: the share of the strongest effect, 0 to 1, below which an arrow is left out.
        node: the task to highlight.
        top: how many arrows to draw at most; three a task where ``None``.
        mark_unsure: draw the arrows faint that are within 2 standard errors of zero.

    The other arguments and errors are those of :func:`heatmap`.
    """
    series, seeds = thinned(series, seeds)
    threshold, places = _share(threshold), _places(series, positions, key)
    data = over_time(series, seeds, scale, as_data(graph_frame(series.tasks, places)), quantity)
    data |= {"kind": "graph", "mark_unsure": mark_unsure, "marks": [mark_as_data(mark) for mark in marks]}
    view = time_view(series, interval, mode) | {
        "threshold": threshold,
        "node": node if node in series.tasks else None,
        "top": top or ARROWS_A_TASK * len(series.tasks),
    }
    shown = mount(key, data, view)
    steps = resolve(series, shown)
    return GraphResult(tuple(shown["interval"]), steps, shown["mode"], shown["threshold"], shown["node"], shown["top"])


def frontier(
    frames: Sequence[FrontierFrame],
    *,
    key: str,
    budget: float | None = None,
    value_title: str | None = None,
    knee: float | None = None,
) -> float:
    """What each budget buys, with a budget slider and the chosen grouping's networks as cards.

    Args:
        frames: one per budget, with increasing budgets.
        budget: the one to show; the first feasible one where ``None`` or unknown.
        value_title: what the value is; that of affinities where ``None``.
        knee: the budget to mark as the one after which more pays least.

    Returns:
        the chosen budget.

    Raises:
        KindredError: if there is no frame, or the budgets do not increase.
    """
    value_title = value_title or text("chart.value_title")
    budgets = [frame.budget for frame in frames]
    if not budgets or any(later <= earlier for earlier, later in zip(budgets, budgets[1:], strict=False)):
        raise KindredError(f"The frontier's budgets are {budgets}; give at least one, in increasing order.")
    if budget not in budgets:
        budget = next((frame.budget for frame in frames if frame.value is not None), budgets[0])
    data = {
        "kind": "frontier",
        "figure": as_data(frontier_curve(frames, value_title, knee)),
        "value_title": value_title,
        "frames": [frame_as_data(frame) for frame in frames],
    }
    shown = mount(key, data, {"budget": budget})["budget"]
    return shown if shown in budgets else budget


def plain(figure: go.Figure, *, key: str, label: str) -> None:
    """A figure without controls, which keeps its zoom over reruns.

    Args:
        label: what the figure shows, in a sentence, for those who cannot see it.
    """
    mount(key, {"kind": "plain", "figure": as_data(figure), "label": label}, {})


def matrix(figure: go.Figure, *, key: str, label: str) -> None:
    """A heatmap of one matrix without controls, in the colours of the page's theme.

    Args:
        figure: from :func:`engine.charts.heatmap.affinity_heatmap`.
        label: as of :func:`plain`.
    """
    rows = [[None if np.isnan(value) else float(value) for value in row] for row in figure.data[0].z]
    mount(key, {"kind": "matrix", "figure": as_data(figure), "rows": rows, "label": label}, {})


def _permutation(series: AffinitySeries, order: Sequence[int] | None) -> list[int]:
    """The order of rows and columns, checked."""
    order = list(range(len(series.tasks)) if order is None else map(int, order))
    if sorted(order) != list(range(len(series.tasks))):
        raise KindredError(f"The order {order} is no permutation of the {len(series.tasks)} tasks; name each once.")
    return order


def _known_pair(series: AffinitySeries, pair: tuple[str, str] | None) -> list[str] | None:
    return list(pair) if pair is not None and set(pair) <= set(series.tasks) else None


def _share(threshold: float) -> float:
    """Of the strongest effect, checked."""
    if not 0 <= threshold <= 1:
        raise KindredError(f"`threshold` is {threshold}; it is a share of the strongest effect, so choose 0 to 1.")
    return round(float(threshold), 2)


def _places(series: AffinitySeries, positions: np.ndarray | None, key: str) -> np.ndarray:
    """Where the tasks stand; computed once where not given."""
    if positions is not None:
        return positions
    kept = st.session_state.setdefault(f"{key}:positions", {})
    if series.tasks not in kept:
        kept[series.tasks] = places_of(series.mean().affinity)
    return kept[series.tasks]


def _matrix_frame(series: AffinitySeries, order: Sequence[int], scale: Scale, quantity: Quantity) -> dict[str, Any]:
    return _heatmap_frame(series.tasks, tuple(order), scale, quantity, language())


@lru_cache(64)  # all who watch a run are drawn the same frame at every window
def _heatmap_frame(
    tasks: tuple[str, ...], order: tuple[int, ...], scale: Scale, quantity: Quantity, spoken: str
) -> dict[str, Any]:
    return as_data(heatmap_frame(tasks, order, scale, quantity))
