"""Choosing which reading of the tasks' relations a page shows, and what its entries are."""

import numpy as np
import streamlit as st

from app import state
from app.charts.quantity import AFFINITY, quantity_of
from app.components.observed import Observed
from app.components.runs import readings_of
from app.components.subject import Subject
from app.components.text import plain
from engine import catalog


def pick_reading(subject: Subject) -> str:
    """A control with the readings of a run, where it has others than the affinity; the chosen one."""
    known = readings_of(subject)
    shown = reading_in(known, state.get("reading"))
    if len(known) > 1 or known and shown != AFFINITY.name:
        shown = st.pills(
            "Reading",
            known,
            format_func=in_words,
            default=shown,
            required=True,
            key=f"pick-reading-{subject.id}",
            help="What this run tells of how its tasks relate: what the affinity estimator observed, the angles "
            "between gradients where a gradient method took them, and what the network itself has learned to share.",
        )
    state.put("reading", shown)
    return shown


def reading_in(known: tuple[str, ...], wanted: str) -> str:
    """The reading to show: the one wanted, or the first there is, with an error box where another was asked for."""
    if not known or wanted in known:
        return wanted
    if wanted != AFFINITY.name:
        st.error(
            plain(f"This run has no reading {wanted!r}; it has {', '.join(known)}. The first is shown instead."),
            icon=":material/error:",
        )
    return known[0]


def in_words(reading: str) -> str:
    """A reading as a choice is labelled."""
    name = quantity_of(reading).name
    return name[0].upper() + name[1:]


def say_entries(subject: Subject, observed: Observed, affinity: np.ndarray) -> None:
    """A caption with what an entry is, and where it comes from."""
    run = subject.first
    is_affinity = observed.reading == AFFINITY.name
    what = run.quantity if is_affinity else catalog.find("reading", observed.reading).summary
    text = f"Entries: {what}."
    if observed.group:
        text += f" Mean of {len(observed.seeds)} seeds, each counting alike."
    if run.source and is_affinity:
        text += f" Source: {run.source}."
    if not is_affinity and state.get("scale") == "shared" and one_sign(affinity):
        text += " All have one sign: the scale around the target's mean shows which stand out."
    st.caption(plain(text))


def one_sign(matrix: np.ndarray) -> bool:
    """Whether the entries off the diagonal are all at or above zero, or all at or below; not where all are zero."""
    values = matrix[~np.eye(len(matrix), dtype=bool)]
    values = values[np.isfinite(values)]
    return bool(len(values)) and bool(values.any()) and bool((values >= 0).all() or (values <= 0).all())
