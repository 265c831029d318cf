"""Task graph: the same affinities as arrows between tasks."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.charts.graph import positions
from app.components import live_chart
from app.components.runs import follow_run, interval, pick_run
from app.components.scale import pick_scale
from app.components.text import plain
from engine.affinity.series import AffinitySeries
from engine.runs.run import Run


def show() -> None:
    """The page."""
    st.title("Task graph")
    st.caption(
        "An arrow leads from a **source** to the **target** whose loss its step changes. Blue and solid: it helps; "
        "orange and dashed: it hurts; the thicker, the more. Tasks keep their place over time. Click a task to see its "
        "arrows only."
    )
    run = pick_run()
    pick_scale("Scale of the arrows")
    follow_run(run.id, _graph)


def _graph(run: Run, observed: AffinitySeries) -> None:
    ended = "" if run.active else "whole"
    shown = live_chart.graph(
        observed,
        key=f"graph-{run.id}",
        positions=state.kept(f"layout {run.id} {ended}", lambda: positions(observed.mean().affinity)),
        interval=interval(observed),
        mode=state.get("mode"),
        scale=state.get("scale"),
        threshold=state.get("threshold"),
        node=state.get("node"),
    )
    for name in ("interval", "mode", "threshold", "node"):
        state.put(name, getattr(shown, name))
    state.write_url("run", "interval", "mode", "scale", "threshold", "node")
    _strongest(observed, shown)


def _strongest(observed: AffinitySeries, shown: live_chart.GraphResult) -> None:
    mean = observed.mean(*shown.steps)
    sources, targets = np.nonzero(~np.eye(len(observed.tasks), dtype=bool))
    arrows = pd.DataFrame(
        {
            "source": [observed.tasks[place] for place in sources],
            "target": [observed.tasks[place] for place in targets],
            "affinity": mean.affinity[sources, targets],
        }
    )
    if shown.node in observed.tasks:
        arrows = arrows[(arrows["source"] == shown.node) | (arrows["target"] == shown.node)]
    arrows = arrows.sort_values("affinity", key=abs, ascending=False)
    whose = f" of {shown.node}" if shown.node in observed.tasks else ""
    with st.expander(plain(f"The arrows{whose} as a table, strongest first, steps {mean.step_from} to {mean.step_to}")):
        st.dataframe(arrows, hide_index=True, width="stretch")
