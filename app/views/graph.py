"""Task graph: the same affinities, or another reading, as arrows between tasks."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.observed import Observed
from app.components.readings import over, pick_reading, say_entries, say_unknown
from app.components.reliability import say_reliability
from app.components.runs import follow_run, interval, pick_run, readings_of
from app.components.scale import pick_scale, pick_unsure, places_of
from app.components.sharing import share
from app.components.subject import Subject
from app.components.text import plain
from app.views.overview_moments import known_marks
from engine.charts.quantity import AFFINITY, quantity_of
from engine.texts import text

MOST_ROWS = 5000  # of the table; a page of all pairs of 200 tasks would take seconds


def show() -> None:
    """The page."""
    st.title(text("graph.title"))
    about = st.empty()
    subject = pick_run()
    reading = pick_reading(subject)
    quantity = quantity_of(reading)
    with about:
        if quantity.mutual:
            explain("graph.look_mutual", slider=over(subject, reading))
        else:
            explain("graph.look" if quantity is AFFINITY else "graph.look_other")
    scale, switch = st.columns([3, 1], vertical_alignment="bottom")
    with scale:
        pick_scale(text("graph.scale"))
    with switch:
        if quantity.noisy or subject.several:
            pick_unsure("faint")
    follow_run(subject.id, _graph, reading=reading, offered=readings_of(subject))


def _graph(subject: Subject, observed: Observed) -> None:
    above = st.container(
        horizontal=True, vertical_alignment="center"
    )  # filled once it is known which interval is shown
    shown = live_chart.graph(
        observed.series,
        key=f"graph-{subject.id}-{observed.reading}",
        positions=places_of(subject, observed),
        interval=interval(observed.series),
        mode=state.get("mode"),
        scale=state.get("scale"),
        threshold=state.get("threshold"),
        node=state.get("node"),
        seeds=observed.seeds,
        mark_unsure=state.get("unsure"),
        quantity=observed.quantity,
        marks=known_marks(subject, observed),
        top=state.get("top"),
    )
    for name in ("interval", "mode", "threshold", "node"):
        state.put(name, getattr(shown, name))
    usual = live_chart.ARROWS_A_TASK * len(observed.series.tasks)
    state.put("top", shown.top if shown.top != usual else None)
    state.write_url("run", "reading", "interval", "mode", "scale", "unsure", "threshold", "top", "node")
    with above:
        say_reliability(observed, shown.steps)
        share(subject, observed, shown.steps)
    if observed.quantity is not AFFINITY:
        say_entries(subject, observed, observed.mean(*shown.steps).affinity)
    say_unknown(observed.mean(*shown.steps).affinity, "arrow")
    _strongest(observed, shown)


def _strongest(observed: Observed, shown: live_chart.GraphResult) -> None:
    tasks = observed.series.tasks
    of, whose = ("lines" if observed.quantity.mutual else "arrows"), ("one" if shown.node in tasks else "all")
    span = observed.quantity.span(*shown.steps)
    title = text(f"graph.table_of_{whose}", what=text(f"graph.{of}"), task=shown.node, span=span)
    expander = st.expander(plain(title), key="graph-table", on_change="rerun")
    if not expander.open:
        return
    mean = observed.mean(*shown.steps)
    apart = ~np.eye(len(tasks), dtype=bool)
    sources, targets = np.nonzero(np.triu(apart) if observed.quantity.mutual else apart)
    names = ("task", "other") if observed.quantity.mutual else ("source", "target")
    one, other, value = *(text(f"graph.{name}") for name in names), observed.quantity.said
    arrows = pd.DataFrame(
        {
            one: [tasks[place] for place in sources],
            other: [tasks[place] for place in targets],
            value: mean.affinity[sources, targets],
        }
    )
    if np.isfinite(mean.standard_error).any():
        arrows[text("graph.standard_error")] = mean.standard_error[sources, targets]
    if shown.node in tasks:
        arrows = arrows[(arrows[one] == shown.node) | (arrows[other] == shown.node)]
    arrows = arrows.sort_values(value, key=abs, ascending=False).head(MOST_ROWS)
    with expander:
        show_frame(arrows, hide_index=True, width="stretch")
