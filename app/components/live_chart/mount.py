"""The element that all live charts are: how it is put on a page, and what page and visitor agree on."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from app.components import assets
from app.components.live_chart.view import View, agree
from engine.affinity.series import AffinitySeries
from engine.charts.palette import both_palettes
from engine.errors import KindredError
from engine.texts import language, texts

Mode = Literal["step", "interval"]
Interval = tuple[int, int | None]


def time_view(series: AffinitySeries, interval: Interval | None, mode: Mode) -> View:
    """The time part of a view, checked; the run's end is ``None``, as it may yet move.

    Raises:
        KindredError: if there is no such mode, or the series has no window in the interval.
    """
    if mode not in ("step", "interval"):
        raise KindredError(f"There is no mode {mode!r}; choose 'step' or 'interval'.")
    start, stop = (None, None) if interval is None else interval
    series.windows_between(start, stop)
    return {"interval": [int(series.edges[0]) if start is None else int(start), stop and int(stop)], "mode": mode}


def resolve(series: AffinitySeries, view: View) -> tuple[int, int]:
    """The steps that a view shows, at window edges; the run's last ones where it has changed underneath."""
    try:
        first, last = series.windows_between(*view["interval"])
    except KindredError:
        first, last = 0, len(series)
    if view["mode"] == "step":
        first = last - 1
    return int(series.edges[first]), int(series.edges[last])


def mount(key: str, data: dict[str, Any], given: View) -> View:
    """Show the element and return the view that page and visitor agree on."""
    state = st.session_state.get(key)
    memory = f"{key}:agreement"
    agreement = agree(st.session_state.get(memory), given, state.get("view") if state else None)
    st.session_state[memory] = agreement
    data |= {
        "key": key,
        "palettes": both_palettes(),
        "language": language(),
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
    component.parentElement.textContent = component.data.texts.not_loaded;
  }
}
"""


_element = st.components.v2.component(
    "kindred_live_chart",
    css=(Path(__file__).parent / "frontend" / "live_chart.css").read_text(encoding="utf-8"),
    js=f"const MODULES = {json.dumps(assets.module_urls())}, PLOTLY = {json.dumps(assets.plotly_url())};{_BOOTSTRAP}",
    isolate_styles=False,  # plotly finds its own styles and follows the mouse in the document only
)
