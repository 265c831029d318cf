"""Choosing which reading of the tasks' relations a page shows, and what its entries are."""

import numpy as np
import streamlit as st

from app import state
from app.components.kinds import LEADING, kind, of_networks
from app.components.observed import Observed
from app.components.runs import observed_in, readings_of
from app.components.subject import Subject
from app.components.text import plain
from engine import catalog
from engine.charts.quantity import AFFINITY, quantity_of

_OVER = {
    "seed": "The slider goes over the seeds, each a sample of its own, of the largest size.",
    "round": "The slider goes over the rounds of communication.",
    "step": "",
}
_ONE = {"seed": "Learned from the samples of the largest size.", "round": "", "step": ""}


def over(subject: Subject, reading: str) -> str:
    """What the slider of a chart goes over where that is not training; or what there is, where it is one state only."""
    several = len(observed_in(subject, reading).series) > 1
    return (_OVER if several else _ONE)[quantity_of(reading).unit]


def pick_reading(subject: Subject) -> str:
    """A control with the readings of a run, where it has others than the affinity; the chosen one."""
    known = readings_of(subject)
    if not known and not of_networks(subject.first):
        return LEADING[kind(subject.first)]
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
            "between gradients where a gradient method took them, and what the network itself has learned to share; of "
            "linear models, how alike they are.",
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
    if observed.quantity.bounds:
        text += f" {observed.quantity.bounds}."
    if observed.group:
        text += f" Mean of {len(observed.seeds)} seeds, each counting alike."
    if run.source and is_affinity:
        text += f" Source: {run.source}."
    if not is_affinity and state.get("scale") == "shared" and one_sign(affinity):
        text += " All have one sign: the scale around the target's mean shows which stand out."
    st.caption(plain(text))


def say_unknown(affinity: np.ndarray, drawn: str) -> None:
    """A caption where pairs were never observed together, which no chart may show as zero.

    Args:
        affinity: ``[source, target]``; NaN where unknown.
        drawn: what stands for such a pair, with its verb.
    """
    apart = ~np.eye(len(affinity), dtype=bool)
    unknown = int(np.isnan(affinity[apart]).sum())
    if unknown:
        st.caption(
            f":material/visibility_off: {drawn} a pair that was never observed in this interval, as no update had "
            f"labels of both tasks: {unknown} of {apart.sum()}, each direction counted. They are not zero, but unknown."
        )


def one_sign(matrix: np.ndarray) -> bool:
    """Whether the entries off the diagonal are all at or above zero, or all at or below; not where all are zero."""
    values = matrix[~np.eye(len(matrix), dtype=bool)]
    values = values[np.isfinite(values)]
    return bool(len(values)) and bool(values.any()) and bool((values >= 0).all() or (values <= 0).all())
