"""Affinity: who helps and who hurts whom, over training time; and what else a run tells of how its tasks relate."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.observed import Observed
from app.components.readings import in_words, over, pick_reading, say_entries, say_unknown
from app.components.reliability import say_notes, say_reliability, show_course
from app.components.runs import follow_run, interval, pick_run, readings_of
from app.components.scale import order_of, pick_order, pick_scale, pick_unsure
from app.components.subject import Subject
from app.components.text import plain
from app.views.affinity_pair import show_pair
from engine.charts.quantity import AFFINITY, quantity_of
from engine.spreadsheets import csv_of

_ABOUT = {
    True: "Row = **source**, the task whose gradient step is taken. Column = **target**, the task whose loss changes. "
    "Blue: the source helps the target; orange: it hurts. Click a cell to follow that pair.",
    False: "Row = **source**, column = **target**. Blue: above zero; orange: below. Click a cell to follow that pair.",
}
_MUTUAL = (
    "How alike the linear models of two tasks are: the same in both directions, so the matrix is its own mirror image. "
    "Blue: above zero; orange: below. Click a cell to see that pair. {slider}"
)


def show() -> None:
    """The page."""
    st.title("Affinity")
    about = st.empty()
    subject = pick_run()
    reading = pick_reading(subject)
    quantity = quantity_of(reading)
    about.caption(_MUTUAL.format(slider=over(subject, reading)) if quantity.mutual else _ABOUT[quantity is AFFINITY])
    order, scale, switches = st.columns([1.2, 2, 1.2], vertical_alignment="bottom")
    with order:
        pick_order()
    with scale:
        pick_scale("Colour scale")
    with switches:
        if quantity.noisy or subject.several:
            pick_unsure("Hatches")
        show_self = (
            st.toggle("Show self-affinity", help="How a task's own step lowers its own loss; far above the rest.")
            if quantity is AFFINITY
            else st.toggle("Show the diagonal", help="Each task with itself.")
        )
    follow_run(
        subject.id,
        lambda subject, observed: _matrix(subject, observed, show_self),
        reading=reading,
        offered=readings_of(subject),
    )


def _matrix(subject: Subject, observed: Observed, show_self: bool) -> None:
    above = st.container(
        horizontal=True, vertical_alignment="center"
    )  # filled once it is known which interval is shown
    shown = live_chart.heatmap(
        observed.series,
        key=f"heatmap-{subject.id}-{observed.reading}",
        interval=interval(observed.series),
        mode=state.get("mode"),
        order=order_of(subject, observed),
        scale=state.get("scale"),
        show_self=show_self,
        selected=state.get("pair"),
        seeds=observed.seeds,
        mark_unsure=state.get("unsure"),
        quantity=observed.quantity,
    )
    state.put("interval", shown.interval)
    state.put("mode", shown.mode)
    state.put("pair", shown.pair)
    state.write_url("run", "reading", "interval", "mode", "order", "scale", "unsure", "pair")
    with above:
        say_reliability(observed, shown.steps)
        say_notes(subject)
    affinity = observed.mean(*shown.steps).affinity
    say_entries(subject, observed, affinity)
    say_unknown(affinity, "A grey cell is")
    show_pair(subject, observed, shown)
    show_course(subject, observed)
    _table(subject, observed, shown)


def _table(subject: Subject, observed: Observed, shown: live_chart.HeatmapResult) -> None:
    """An expander whose content is drawn only where it is open."""
    expander = st.expander("The same as a table", key="affinity-table", on_change="rerun")
    if not expander.open:
        return
    mean = observed.mean(*shown.steps)
    with expander:
        rows = "Both directions are the same" if observed.quantity.mutual else "Rows = source, columns = target"
        span = observed.quantity.span(mean.step_from, mean.step_to)
        st.caption(f"{rows}; mean of {_counted(observed, mean.updates)}, {span}.")
        parts = {in_words(observed.reading): (observed.reading, mean.affinity)}
        if np.isfinite(mean.standard_error).any():
            of_other = "" if observed.quantity is AFFINITY else f"{observed.reading}-"
            parts["Standard error"] = (f"{of_other}standard-error", mean.standard_error)
        for tab, (title, (file, values)) in zip(st.tabs(list(parts)), parts.items(), strict=True):
            with tab:
                _numbers(
                    observed.series.tasks,
                    values,
                    f"CSV of the {title.lower()}",
                    f"{subject.file_name}-{file}-{mean.step_from}-{mean.step_to}.csv",
                )


def _counted(observed: Observed, number: int) -> str:
    """What a mean is of."""
    quantity = observed.quantity
    if quantity.unit == "seed":
        return "one seed" if number == 1 else f"{number} seeds"
    if quantity.noisy:
        return f"{number} updates"
    what = "the models were" if quantity.unit == "round" else "the network was"
    return f"{number} windows, each as {what} at its end"


def _numbers(tasks: tuple[str, ...], values: np.ndarray, button: str, file_name: str) -> None:
    """A table, and the same as a file; empty where a pair was never observed."""
    frame = pd.DataFrame(values, pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
    st.download_button(button, csv_of(frame, index=True), file_name, "text/csv", icon=":material/download:")
    labels = [plain(task) for task in tasks]
    st.table(frame.set_axis(labels, axis=0).set_axis(labels, axis=1).map(_number))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4g}"
