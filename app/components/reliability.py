"""How sure a page's affinities are, in a line, and how that grew."""

import math

import streamlit as st

from app.components import live_chart
from app.components.observed import Observed, share, verdict
from app.components.subject import Subject
from app.components.text import plain
from engine.affinity.series import MIN_BATCHES
from engine.affinity.uncertainty import RELIABLE
from engine.charts.reliability import reliability_curve
from engine.texts import text

LEAST_TASKS = 3  # of two, the two entries would correlate at 1 or −1 whatever the noise


def say_reliability(observed: Observed, steps: tuple[int, int]) -> None:
    """A line with the reliability of the interval's mean; nothing where there is one matrix, or no noise."""
    if len(observed.series) < 2 or not observed.quantity.noisy:
        return
    value = observed.reliability(*steps)
    meaning = _meaning(observed)
    if math.isfinite(value):
        colour, icon = ("green", "verified") if value >= RELIABLE else ("orange", "hourglass_bottom")
        said = verdict(value) if observed.quantity.unit == "step" else share(value)
        st.badge(text("reliability.said", value=said), icon=f":material/{icon}:", color=colour, help=meaning)
        return
    few = len(observed.series.tasks) < LEAST_TASKS
    why = "tasks" if few else "seeds" if observed.quantity.unit == "seed" else "windows"
    st.badge(text(f"reliability.unknown_{why}", least=MIN_BATCHES), icon=":material/help:", color="gray", help=meaning)


def show_course(subject: Subject, observed: Observed) -> None:
    """An expander with the curve of the reliability over the run, made only where it is open; nothing where too little
    is known for one."""
    if not observed.quantity.noisy or observed.quantity.unit == "seed":  # which have no order
        return
    if len(observed.series) <= MIN_BATCHES or len(observed.series.tasks) < LEAST_TASKS:
        return
    expander = st.expander(text("reliability.course"), key="reliability-course", on_change="rerun")
    if not expander.open:
        return
    with expander:
        live_chart.plain(
            reliability_curve(*observed.course, RELIABLE),
            key=f"reliability-{subject.id}",
            label=text("reliability.label", name=observed.quantity.said, run=subject.name),
        )
        st.caption(text("reliability.from_start", meaning=_meaning(observed)))


def _meaning(observed: Observed) -> str:
    of = "seeds" if observed.group else "samples" if observed.quantity.unit == "seed" else "halves"
    return text(f"reliability.of_{of}", enough=share(RELIABLE), seeds=len(observed.seeds))


def say_notes(subject: Subject) -> None:
    """What the observer of each run says of itself, once where all say the same."""
    notes = dict.fromkeys(run.note for run in subject.runs if run.note)
    for note in notes:
        st.caption(f":material/speed: {plain(note)}", width="content")
