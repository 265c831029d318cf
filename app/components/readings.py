"""Choosing which reading of the tasks' relations a page shows, and what its entries are."""

from typing import Literal

import numpy as np
import streamlit as st

from app import state
from app.components.descriptions import summary
from app.components.kinds import LEADING, kind, of_networks
from app.components.observed import Observed
from app.components.runs import observed_in, readings_of
from app.components.subject import Subject
from app.components.text import plain
from engine import catalog
from engine.charts.quantity import AFFINITY, quantity_of
from engine.texts import text


def over(subject: Subject, reading: str) -> str:
    """What the slider of a chart goes over where that is not training; or what there is, where it is one state only."""
    several = len(observed_in(subject, reading).series) > 1
    return text(f"readings.{'over' if several else 'one'}_{quantity_of(reading).unit}")


def pick_reading(subject: Subject) -> str:
    """A control with the readings of a run, where it has others than the affinity; the chosen one."""
    known = readings_of(subject)
    if not known and not of_networks(subject.first):
        return LEADING[kind(subject.first)]
    shown = reading_in(known, state.get("reading"))
    if len(known) > 1 or known and shown != AFFINITY.name:
        shown = st.pills(
            text("readings.reading"),
            known,
            format_func=in_words,
            default=shown,
            required=True,
            key=f"pick-reading-{subject.id}",
            help=text("readings.about"),
        )
    state.put("reading", shown)
    return shown


def reading_in(known: tuple[str, ...], wanted: str) -> str:
    """The reading to show: the one wanted, or the first there is, with an error box where another was asked for."""
    if not known or wanted in known:
        return wanted
    if wanted != AFFINITY.name:
        st.error(
            plain(text("readings.missing", wanted=repr(wanted), known=text("words.comma").join(known))),
            icon=":material/error:",
        )
    return known[0]


def in_words(reading: str) -> str:
    """A reading as a choice is labelled."""
    name = quantity_of(reading).said
    return name[0].upper() + name[1:]


def say_entries(subject: Subject, observed: Observed, affinity: np.ndarray) -> None:
    """A caption with what an entry is, and where it comes from."""
    run = subject.first
    is_affinity = observed.reading == AFFINITY.name
    what = run.quantity if is_affinity else summary("reading", catalog.find("reading", observed.reading))
    said = [text("readings.entries", what=what)]
    if observed.quantity.bounds:
        said.append(text("readings.bounds", bounds=observed.quantity.bounds))
    if observed.group:
        said.append(text("readings.of_seeds", seeds=len(observed.seeds)))
    if run.source and is_affinity:
        said.append(text("readings.source", source=run.source))
    if not is_affinity and state.get("scale") == "shared" and one_sign(affinity):
        said.append(text("readings.one_sign"))
    st.caption(plain(text("readings.space").join(said)))


def say_unknown(affinity: np.ndarray, drawn: Literal["cell", "arrow"]) -> None:
    """A caption where pairs were never observed together, which no chart may show as zero.

    Args:
        affinity: ``[source, target]``; NaN where unknown.
        drawn: what stands for such a pair: a grey cell, or no arrow.
    """
    apart = ~np.eye(len(affinity), dtype=bool)
    unknown = int(np.isnan(affinity[apart]).sum())
    if unknown:
        said = text(f"readings.unknown_{drawn}", unknown=unknown, all=int(apart.sum()))
        st.caption(f":material/visibility_off: {said}")


def one_sign(matrix: np.ndarray) -> bool:
    """Whether the entries off the diagonal are all at or above zero, or all at or below; not where all are zero."""
    values = matrix[~np.eye(len(matrix), dtype=bool)]
    values = values[np.isfinite(values)]
    return bool(len(values)) and bool(values.any()) and bool((values >= 0).all() or (values <= 0).all())
