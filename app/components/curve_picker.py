"""Whose error a curve shows: the mean of all tasks, or one of them."""

from collections.abc import Sequence

import streamlit as st

from app import state
from app.components.subject import Subject
from engine.texts import text


def pick_curve(
    place: st.delta_generator.DeltaGenerator, subject: Subject, names: Sequence[str], mean: str
) -> str | None:
    """One of the names, or ``None`` for their mean; the choice is in the address.

    Args:
        mean: what their mean is called.
    """
    options = [None, *names]
    wanted = state.get("curve_of")
    chosen = place.selectbox(
        text("curve_picker.error_of"),
        options,
        index=options.index(wanted) if wanted in options else 0,
        format_func=lambda each: mean if each is None else each,
        key=f"pick-curve-{subject.id}",
    )
    state.put("curve_of", chosen)
    return chosen
