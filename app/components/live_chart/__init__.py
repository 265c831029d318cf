"""The live chart: one element that stays in place over reruns and redraws in the browser while a slider is dragged.

Streamlit's own slider reports nothing while it is dragged, and its plotly element is rebuilt whenever its data change.
This element fetches the windows of a run, averages any interval itself, and reports what the visitor settled
on. A view argument (interval, mode, selection, threshold, budget) that differs from what the page passed in its last
run moves the chart; otherwise what the visitor chose stands, see :func:`app.components.live_chart.view.agree`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.components import assets
from app.components.live_chart.sent import as_data, frame_as_data, over_time
from app.components.live_chart.view import View, agree
from engine.affinity.series import AffinitySeries
from engine.charts.frontier import FrontierFrame, frontier_curve
from engine.charts.graph import graph_frame
from engine.charts.graph import positions as places_of
from engine.charts.heatmap import heatmap_frame
from engine.charts.palette import both_palettes
from engine.charts.quantity import AFFINITY, Quantity, Scale
from engine.errors import KindredError
from engine.texts import language, texts

Mode = Literal["step", "interval"]
Interval = tuple[int, int | None]


@dataclass(frozen=True)
class HeatmapResult:
    """What a heatmap shows.

    Attributes:
        interval: ``(step_from, step_to)`` as chosen; ``step_to`` is ``None`` for the end of a run that may yet grow.
        steps: the same in steps of the present run, at window edges: ``series.mean(*steps)`` is what is shown.
        mode: one window ("step") or an interval.
        pair: the selected ``(source, target)``, if any.
    """

    interval: Interval
    steps: tuple[int, int]
    mode: Mode
    pair: tuple[str, str] | None


@dataclass(frozen=True)
class GraphResult:
    """What a graph shows; ``interval``, ``steps`` and ``mode`` as in :class:`HeatmapResult`.

    Attributes:
        threshold: arrows below this share of the strongest are left out.
        node: the selected task, if any.
    """

    interval: Interval
    steps: tuple[int, int]
    mode: Mode
    threshold: float
    node: str | None


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

    Raises:
        KindredError: if the series has no window in the interval, the order is no permutation, or the edges differ.
    """
    order = list(range(len(series.tasks)) if order is None else map(int, order))
    if sorted(order) != list(range(len(series.tasks))):
        raise KindredError(f"The order {order} is no permutation of the {len(series.tasks)} tasks; name each once.")
    pair = list(selected) if selected is not None and set(selected) <= set(series.tasks) else None
    data = over_time(series, seeds, scale, _heatmap_frame(series.tasks, tuple(order), scale, quantity), quantity)
    data |= {"kind": "heatmap", "order": order, "show_self": show_self, "mark_unsure": mark_unsure}
    shown = _mount(key, data, _time_view(series, interval, mode) | {"selected": pair})
    steps = _resolve(series, shown)
    pair = shown["selected"] and tuple(shown["selected"])
    return HeatmapResult(tuple(shown["interval"]), steps, shown["mode"], pair)


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
) -> GraphResult:
    """The tasks as a graph with an arrow from source to target where the effect is strong.

    Args:
        positions: ``[tasks, 2]``, from :func:`engine.charts.graph.positions`; computed once from the series and then
            kept where ``None``.
        threshold: the share of the strongest effect, 0 to 1, below which an arrow is left out.
        node: the task to highlight.
        mark_unsure: draw the arrows faint that are within 2 standard errors of zero.

    The other arguments and errors are those of :func:`heatmap`.
    """
    if not 0 <= threshold <= 1:
        raise KindredError(f"`threshold` is {threshold}; it is a share of the strongest effect, so choose 0 to 1.")
    if positions is None:
        kept = st.session_state.setdefault(f"{key}:positions", {})
        if series.tasks not in kept:
            kept[series.tasks] = places_of(series.mean().affinity)
        positions = kept[series.tasks]
    data = over_time(series, seeds, scale, as_data(graph_frame(series.tasks, positions)), quantity)
    data |= {"kind": "graph", "mark_unsure": mark_unsure}
    view = _time_view(series, interval, mode) | {
        "threshold": round(float(threshold), 2),
        "node": node if node in series.tasks else None,
    }
    shown = _mount(key, data, view)
    steps = _resolve(series, shown)
    return GraphResult(tuple(shown["interval"]), steps, shown["mode"], shown["threshold"], shown["node"])


def frontier(
    frames: Sequence[FrontierFrame],
    *,
    key: str,
    budget: float | None = None,
    value_title: str = "value of the best grouping",
    knee: float | None = None,
) -> float:
    """What each budget buys, with a budget slider and the chosen grouping's networks as cards.

    Args:
        frames: one per budget, with increasing budgets.
        budget: the one to show; the first feasible one where ``None`` or unknown.
        knee: the budget to mark as the one after which more pays least.

    Returns:
        the chosen budget.

    Raises:
        KindredError: if there is no frame, or the budgets do not increase.
    """
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
    shown = _mount(key, data, {"budget": budget})["budget"]
    return shown if shown in budgets else budget


def plain(figure: go.Figure, *, key: str, label: str) -> None:
    """A figure without controls, which keeps its zoom over reruns.

    Args:
        label: what the figure shows, in a sentence, for those who cannot see it.
    """
    _mount(key, {"kind": "plain", "figure": as_data(figure), "label": label}, {})


def matrix(figure: go.Figure, *, key: str, label: str) -> None:
    """A heatmap of one matrix without controls, in the colours of the page's theme.

    Args:
        figure: from :func:`engine.charts.heatmap.affinity_heatmap`.
        label: as of :func:`plain`.
    """
    rows = [[None if np.isnan(value) else float(value) for value in row] for row in figure.data[0].z]
    _mount(key, {"kind": "matrix", "figure": as_data(figure), "rows": rows, "label": label}, {})


@lru_cache(64)  # all who watch a run are drawn the same frame at every window
def _heatmap_frame(tasks: tuple[str, ...], order: tuple[int, ...], scale: Scale, quantity: Quantity) -> dict[str, Any]:
    return as_data(heatmap_frame(tasks, order, scale, quantity))


def _time_view(series: AffinitySeries, interval: Interval | None, mode: Mode) -> View:
    """The time part of a view, checked; the run's end is ``None``, as it may yet move."""
    if mode not in ("step", "interval"):
        raise KindredError(f"There is no mode {mode!r}; choose 'step' or 'interval'.")
    start, stop = (None, None) if interval is None else interval
    series.windows_between(start, stop)
    return {"interval": [int(series.edges[0]) if start is None else int(start), stop and int(stop)], "mode": mode}


def _resolve(series: AffinitySeries, view: View) -> tuple[int, int]:
    """The steps that a view shows, at window edges; the run's last ones where it has changed underneath."""
    try:
        first, last = series.windows_between(*view["interval"])
    except KindredError:
        first, last = 0, len(series)
    if view["mode"] == "step":
        first = last - 1
    return int(series.edges[first]), int(series.edges[last])


def _mount(key: str, data: dict[str, Any], given: View) -> View:
    """Show the element and return the view that page and visitor agree on."""
    state = st.session_state.get(key)
    memory = f"{key}:agreement"
    agreement = agree(st.session_state.get(memory), given, state.get("view") if state else None)
    st.session_state[memory] = agreement
    data |= {
        "key": key,
        "palettes": both_palettes(),
        "texts": _texts(language()),
        "view": {"number": agreement.number, **agreement.told},
    }
    _element(key=key, data=data, on_view_change=_nothing)
    return agreement.shown


@lru_cache
def _texts(which: str) -> dict[str, Any]:
    """All that the chart's scripts say: the section ``chart`` of the texts."""
    return {key.removeprefix("chart."): said for key, said in texts(which).items() if key.startswith("chart.")}


def _nothing() -> None:
    """The callback that Streamlit asks for to keep a value in the session."""


# Streamlit runs this in the page, from an address of its own, so it can name no relative module.
_BOOTSTRAP = """
const at = (path) => new URL(path, window.location.origin).href;
for (const path of MODULES) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: at(path) }));
}
let loading;
function load() {
  const plotly = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    document.head.append(Object.assign(script, { src: at(PLOTLY), onload: resolve, onerror: reject }));
  });
  return Promise.all([import(at(MODULES[0])), plotly]);
}
export default async function (component) {
  loading ??= load();
  try {
    const [chart] = await loading;
    return chart.render(component, window.Plotly);
  } catch (error) {
    loading = undefined;
    console.error(error);
    component.parentElement.textContent =
      "The chart could not be loaded from this server. Start Kindred with `streamlit run app/server.py`.";
  }
}
"""


_element = st.components.v2.component(
    "kindred_live_chart",
    css=(Path(__file__).parent / "frontend" / "live_chart.css").read_text(encoding="utf-8"),
    js=f"const MODULES = {json.dumps(assets.module_urls())}, PLOTLY = {json.dumps(assets.plotly_url())};{_BOOTSTRAP}",
    isolate_styles=False,  # plotly finds its own styles and follows the mouse in the document only
)
