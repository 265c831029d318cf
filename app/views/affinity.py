"""Affinity: who helps and who hurts whom, over training time; and what else a run tells of how its tasks relate."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.glossary import explain
from app.components.observed import Observed
from app.components.readings import in_words, over, pick_reading, say_entries, say_unknown
from app.components.reliability import say_notes, say_reliability, show_course
from app.components.runs import follow_run, interval, pick_run, readings_of
from app.components.scale import order_of, pick_order, pick_scale, pick_unsure, tree_of
from app.components.sharing import share
from app.components.subject import Subject
from app.components.text import plain
from app.views.affinity_clusters import show_clusters
from app.views.affinity_moving import show_moving
from app.views.affinity_pair import show_pair
from app.views.affinity_strongest import show_strongest
from app.views.overview_moments import known_marks
from engine.charts.quantity import AFFINITY, quantity_of
from engine.spreadsheets import csv_of
from engine.texts import text


def show() -> None:
    """The page."""
    st.title(text("affinity.title"))
    about = st.empty()
    subject = pick_run()
    reading = pick_reading(subject)
    quantity = quantity_of(reading)
    with about:
        if quantity.mutual:
            explain("affinity.look_mutual", slider=over(subject, reading))
        else:
            explain("affinity.look" if quantity is AFFINITY else "affinity.look_other")
    order, scale, switches = st.columns([1.2, 2, 1.2], vertical_alignment="bottom")
    with order:
        pick_order()
    with scale:
        pick_scale(text("affinity.scale"))
    with switches:
        if quantity.noisy or subject.several:
            pick_unsure("hatched")
        own = "own" if quantity is AFFINITY else "diagonal"
        show_self = st.toggle(text(f"affinity.show_{own}"), help=text(f"affinity.about_{own}"), key=f"show-{own}")
    follow_run(
        subject.id,
        lambda subject, observed: _matrix(subject, observed, show_self),
        reading=reading,
        offered=readings_of(subject),
    )


def _matrix(subject: Subject, observed: Observed, show_self: bool) -> None:
    # filled once it is known which interval is shown
    above = st.container(horizontal=True, vertical_alignment="center")
    clustered = state.get("order") == "cluster"
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
        marks=known_marks(subject, observed),
        tree=tree_of(subject, observed) if clustered else None,
        cut=state.get("cut"),
    )
    state.put("interval", shown.interval)
    state.put("mode", shown.mode)
    state.put("pair", shown.pair)
    if shown.cut is not None:
        state.put("cut", shown.cut)
    names = ("run", "reading", "interval", "mode", "order", "scale", "unsure", "pair")
    state.write_url(*names, *(("cut",) if clustered else ()))
    with above:
        say_reliability(observed, shown.steps)
        say_notes(subject)
        share(subject, observed, shown.steps)
    mean = observed.mean(*shown.steps)
    say_entries(subject, observed, mean.affinity)
    say_unknown(mean.affinity, "cell")
    if clustered and shown.cut is not None:
        show_clusters(observed.series.tasks, tree_of(subject, observed), shown.cut, mean.affinity, observed.quantity)
    show_pair(subject, observed, shown)
    show_strongest(subject, observed, mean)
    show_course(subject, observed)
    show_moving(subject, observed)
    _table(subject, observed, shown)


def _table(subject: Subject, observed: Observed, shown: live_chart.HeatmapResult) -> None:
    """An expander whose content is drawn only where it is open."""
    expander = st.expander(text("affinity.table"), key="affinity-table", on_change="rerun")
    if not expander.open:
        return
    mean = observed.mean(*shown.steps)
    with expander:
        span = observed.quantity.span(mean.step_from, mean.step_to)
        of = "mutual" if observed.quantity.mutual else "directed"
        st.caption(text(f"affinity.table_{of}", what=_counted(observed, mean.updates), span=span))
        parts = {in_words(observed.reading): (observed.reading, mean.affinity)}
        if np.isfinite(mean.standard_error).any():
            of_other = "" if observed.quantity is AFFINITY else f"{observed.reading}-"
            parts[text("affinity.standard_error")] = (f"{of_other}standard-error", mean.standard_error)
        for tab, (title, (file, values)) in zip(st.tabs(list(parts)), parts.items(), strict=True):
            with tab:
                _numbers(
                    observed.series.tasks,
                    values,
                    text("affinity.csv", title=title.lower()),
                    f"{subject.file_name}-{file}-{mean.step_from}-{mean.step_to}.csv",
                )


def _counted(observed: Observed, number: int) -> str:
    """What a mean is of."""
    quantity = observed.quantity
    if quantity.unit == "seed":
        return text("words.seeds", count=number)
    if quantity.noisy:
        return text("words.updates", count=number)
    return text(f"affinity.states_{quantity.unit}", count=number)


def _numbers(tasks: tuple[str, ...], values: np.ndarray, button: str, file_name: str) -> None:
    """A table, and the same as a file; empty where a pair was never observed."""
    frame = pd.DataFrame(values, pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
    st.download_button(
        button, csv_of(frame, index=True), file_name, "text/csv", icon=":material/download:", key=f"csv-{file_name}"
    )
    labels = [plain(task) for task in tasks]
    st.table(frame.set_axis(labels, axis=0).set_axis(labels, axis=1).map(_number))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4g}"
