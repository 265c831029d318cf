"""Task graph: the same affinities, or another reading, as arrows between tasks."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.observed import Observed
from app.components.readings import over, pick_reading, say_entries, say_unknown
from app.components.reliability import say_reliability
from app.components.runs import follow_run, interval, pick_run, readings_of
from app.components.scale import pick_scale, pick_unsure
from app.components.subject import Subject
from app.components.text import plain
from engine.charts.graph import positions
from engine.charts.quantity import AFFINITY, quantity_of

_ABOUT = {
    True: "An arrow leads from a **source** to the **target** whose loss its step changes. Blue and solid: it helps; "
    "orange and dashed: it hurts; the thicker, the more. Tasks keep their place over time. Click a task to see its "
    "arrows only.",
    False: "An arrow leads from a **source** to a **target**. Blue and solid: above zero; orange and dashed: below; "
    "the thicker, the further. Tasks keep their place over time. Click a task to see its arrows only.",
}
_MUTUAL = (
    "A line joins tasks whose linear models are alike or opposite, the same in both directions. Blue and solid: above "
    "zero; orange and dashed: below; the thicker, the further. Click a task to see its lines only. {slider}"
)


def show() -> None:
    """The page."""
    st.title("Task graph")
    about = st.empty()
    subject = pick_run()
    reading = pick_reading(subject)
    quantity = quantity_of(reading)
    about.caption(_MUTUAL.format(slider=over(subject, reading)) if quantity.mutual else _ABOUT[quantity is AFFINITY])
    scale, switch = st.columns([3, 1], vertical_alignment="bottom")
    with scale:
        pick_scale("Scale of the arrows")
    with switch:
        if quantity.noisy or subject.several:
            pick_unsure("Draws faint")
    follow_run(subject.id, _graph, reading=reading, offered=readings_of(subject))


def _graph(subject: Subject, observed: Observed) -> None:
    above = st.container()  # filled once it is known which interval is shown
    which = f"{subject.id} {observed.reading} {'' if subject.active else 'whole'}"
    shown = live_chart.graph(
        observed.series,
        key=f"graph-{subject.id}-{observed.reading}",
        positions=state.kept(f"layout {which}", lambda: positions(observed.mean().affinity)),
        interval=interval(observed.series),
        mode=state.get("mode"),
        scale=state.get("scale"),
        threshold=state.get("threshold"),
        node=state.get("node"),
        seeds=observed.seeds,
        mark_unsure=state.get("unsure"),
        quantity=observed.quantity,
    )
    for name in ("interval", "mode", "threshold", "node"):
        state.put(name, getattr(shown, name))
    state.write_url("run", "reading", "interval", "mode", "scale", "unsure", "threshold", "node")
    with above:
        say_reliability(observed, shown.steps)
    if observed.quantity is not AFFINITY:
        say_entries(subject, observed, observed.mean(*shown.steps).affinity)
    say_unknown(observed.mean(*shown.steps).affinity, "No arrow joins")
    _strongest(observed, shown)


def _strongest(observed: Observed, shown: live_chart.GraphResult) -> None:
    mean = observed.mean(*shown.steps)
    tasks = observed.series.tasks
    apart = ~np.eye(len(tasks), dtype=bool)
    sources, targets = np.nonzero(np.triu(apart) if observed.quantity.mutual else apart)
    one, other = ("task", "other task") if observed.quantity.mutual else ("source", "target")
    arrows = pd.DataFrame(
        {
            one: [tasks[place] for place in sources],
            other: [tasks[place] for place in targets],
            observed.quantity.name: mean.affinity[sources, targets],
        }
    )
    if np.isfinite(mean.standard_error).any():
        arrows["standard error"] = mean.standard_error[sources, targets]
    if shown.node in tasks:
        arrows = arrows[(arrows[one] == shown.node) | (arrows[other] == shown.node)]
    arrows = arrows.sort_values(observed.quantity.name, key=abs, ascending=False)
    whose = f" of {shown.node}" if shown.node in tasks else ""
    span = observed.quantity.span(mean.step_from, mean.step_to)
    with st.expander(
        plain(f"The {'lines' if observed.quantity.mutual else 'arrows'}{whose} as a table, strongest first, {span}")
    ):
        show_frame(arrows, hide_index=True, width="stretch")
