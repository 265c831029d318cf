"""How sure a page's affinities are, in a line, and how that grew."""

import math

import numpy as np
import streamlit as st

from app.components import live_chart
from app.components.observed import Observed, share, verdict
from app.components.subject import Subject
from app.components.text import plain
from engine.affinity.series import MIN_BATCHES
from engine.affinity.uncertainty import RELIABLE
from engine.charts.reliability import reliability_curve

_SPLIT_HALVES = (
    "Split-half reliability: the interval's even and odd windows are averaged apart, the two rankings of all pairs of "
    "tasks are correlated (Spearman), and the result is stepped up to the whole interval (Spearman-Brown). 1 would be "
    "free of noise; from {enough} on less than a fifth of what tells pairs apart is noise, which is taken as enough to "
    "group by. What another seed would change is not in it."
)
_SAMPLES = (
    "Split-half reliability: even and odd seeds, each a sample of its own, are averaged apart, the two rankings of all "
    "pairs of tasks are correlated (Spearman), and the result is stepped up to all seeds of the interval "
    "(Spearman-Brown). 1 would be free of noise; from {enough} on less than a fifth of what tells pairs apart is noise."
)
_SEEDS = (
    "How well this mean over {seeds} seeds would agree with that of {seeds} other seeds: the rank correlation between "
    "two seeds (Spearman), stepped up to their number (Spearman-Brown). 1 would be free of noise; from {enough} on "
    "less than a fifth of what tells pairs apart is noise, which is taken as enough to group by."
)


def say_reliability(observed: Observed, steps: tuple[int, int]) -> None:
    """A line with the reliability of the interval's mean; nothing where there is one matrix, or no noise."""
    if len(observed.series) < 2 or not observed.quantity.noisy:
        return
    value = observed.reliability(*steps)
    meaning = _meaning(observed)
    if math.isfinite(value):
        colour, icon = ("green", "verified") if value >= RELIABLE else ("orange", "hourglass_bottom")
        said = verdict(value) if observed.quantity.unit == "step" else share(value)
        st.badge(f"Reliability {said}", icon=f":material/{icon}:", color=colour, help=meaning)
        return
    few = len(observed.series.tasks) < 3
    enough = f"an interval of at least {MIN_BATCHES} {_windows(observed)} is needed"
    why = "three tasks or more are needed" if few else enough
    st.badge(f"Reliability unknown ({why})", icon=":material/help:", color="gray", help=meaning)


def show_course(subject: Subject, observed: Observed) -> None:
    """An expander with the curve of the reliability over the run, drawn only where it is open; nothing where it is
    unknown throughout."""
    if not observed.quantity.noisy or observed.quantity.unit == "seed":  # which have no order
        return
    steps, values = observed.course
    if np.count_nonzero(np.isfinite(values)) < 2:
        return
    expander = st.expander("How the reliability grew", key="reliability-course", on_change="rerun")
    if not expander.open:
        return
    with expander:
        live_chart.plain(
            reliability_curve(steps, values, RELIABLE),
            key=f"reliability-{subject.id}",
            label=f"Reliability of the mean {observed.quantity.name} of {subject.name} from its start up to each step",
        )
        st.caption(f"Of the mean from the beginning up to a step, whatever interval is shown. {_meaning(observed)}")


def _windows(observed: Observed) -> str:
    return "seeds" if observed.quantity.unit == "seed" else "windows"


def _meaning(observed: Observed) -> str:
    text = _SEEDS if observed.group else _SAMPLES if observed.quantity.unit == "seed" else _SPLIT_HALVES
    return text.format(enough=share(RELIABLE), seeds=len(observed.seeds))


def say_notes(subject: Subject) -> None:
    """What the observer of each run says of itself, once where all say the same."""
    notes = dict.fromkeys(run.note for run in subject.runs if run.note)
    for note in notes:
        st.caption(f":material/speed: {plain(note)}", width="content")
