"""Affinity: who helps and who hurts whom, over training time."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.charts.heatmap import cluster_order, name_order
from app.components import live_chart
from app.components.observed import Observed
from app.components.reliability import say_notes, say_reliability, show_course
from app.components.runs import follow_run, interval, pick_run
from app.components.scale import pick_scale, pick_unsure
from app.components.subject import Subject
from app.components.text import plain
from app.views.affinity_pair import show_pair

_ORDERS = {"given": "As given", "name": "By name", "cluster": "By clustering"}


def show() -> None:
    """The page."""
    st.title("Affinity")
    st.caption(
        "Row = **source**, the task whose gradient step is taken. Column = **target**, the task whose loss changes. "
        "Blue: the source helps the target; orange: it hurts. Click a cell to follow that pair."
    )
    subject = pick_run()
    order, scale, switches = st.columns([1.2, 2, 1.2], vertical_alignment="bottom")
    with order:
        state.put(
            "order",
            st.selectbox(
                "Order of tasks",
                list(_ORDERS),
                format_func=_ORDERS.__getitem__,
                index=list(_ORDERS).index(state.get("order")),
                key="pick-order",
            ),
        )
    with scale:
        pick_scale("Colour scale")
    with switches:
        pick_unsure("Hatches")
        show_self = st.toggle(
            "Show self-affinity", help="How a task's own step lowers its own loss; far above the rest."
        )
    follow_run(subject.id, lambda subject, observed: _matrix(subject, observed, show_self))


def _matrix(subject: Subject, observed: Observed, show_self: bool) -> None:
    above = st.container(
        horizontal=True, vertical_alignment="center"
    )  # filled once it is known which interval is shown
    shown = live_chart.heatmap(
        observed.series,
        key=f"heatmap-{subject.id}",
        interval=interval(observed.series),
        mode=state.get("mode"),
        order=_order(subject, observed),
        scale=state.get("scale"),
        show_self=show_self,
        selected=state.get("pair"),
        seeds=observed.seeds,
        mark_unsure=state.get("unsure"),
    )
    state.put("interval", shown.interval)
    state.put("mode", shown.mode)
    state.put("pair", shown.pair)
    state.write_url("run", "interval", "mode", "order", "scale", "unsure", "pair")
    with above:
        say_reliability(observed, shown.steps)
        say_notes(subject)
    run = subject.first
    seeds = f" Mean of {len(observed.seeds)} seeds, each counting alike." if observed.group else ""
    st.caption(plain(f"Entries: {run.quantity}.{seeds}" + (f" Source: {run.source}." if run.source else "")))
    show_pair(subject, observed, shown)
    show_course(subject, observed)
    _table(subject, observed, shown)


def _order(subject: Subject, observed: Observed) -> tuple[int, ...]:
    """The order of rows and columns, the same at every step of the run."""
    order = state.get("order")
    if order == "name":
        return name_order(observed.series.tasks)
    if order == "cluster":
        ended = "" if subject.active else "whole"
        return state.kept(f"clusters {subject.id} {ended}", lambda: cluster_order(observed.mean().affinity))
    return tuple(range(len(observed.series.tasks)))


def _table(subject: Subject, observed: Observed, shown: live_chart.HeatmapResult) -> None:
    mean = observed.mean(*shown.steps)
    with st.expander(f"The same as a table, steps {mean.step_from} to {mean.step_to}"):
        st.caption(f"Rows = source, columns = target; mean of {mean.updates} updates.")
        parts = {"Affinity": ("affinity", mean.affinity)}
        if np.isfinite(mean.standard_error).any():
            parts["Standard error"] = ("standard-error", mean.standard_error)
        for tab, (title, (file, values)) in zip(st.tabs(list(parts)), parts.items(), strict=True):
            with tab:
                _numbers(
                    observed.series.tasks,
                    values,
                    f"CSV of the {title.lower()}",
                    f"{subject.file_name}-{file}-{mean.step_from}-{mean.step_to}.csv",
                )


def _numbers(tasks: tuple[str, ...], values: np.ndarray, button: str, file_name: str) -> None:
    """A table, and the same as a file; empty where a pair was never observed."""
    frame = pd.DataFrame(values, pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
    st.download_button(button, frame.to_csv().encode(), file_name, "text/csv", icon=":material/download:")
    labels = [plain(task) for task in tasks]
    st.table(frame.set_axis(labels, axis=0).set_axis(labels, axis=1).map("{:.4g}".format))
