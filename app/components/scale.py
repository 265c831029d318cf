"""The choices of what colours and arrows show, shared by the pages."""

import streamlit as st

from app import state

_SCALES = {"shared": "Shared", "target": "Per target", "centred": "Around the target's mean"}
_HELP = (
    "Shared: one scale for all. Per target: each target's effects divided by the largest on it. Around the target's "
    "mean: who is better or worse for a target than its average source; useful where all entries have one sign."
)


def pick_scale(label: str) -> None:
    """A control with all scales, which makes the choice ``scale``."""
    chosen = st.segmented_control(
        label,
        list(_SCALES),
        format_func=_SCALES.__getitem__,
        default=state.get("scale"),
        help=_HELP,
        required=True,
        key="pick-scale",
    )
    state.put("scale", chosen)


def pick_unsure(drawn: str) -> None:
    """A switch, which makes the choice ``unsure``: whether what may as well be nothing is marked.

    Args:
        drawn: how it is marked, for the help.
    """
    chosen = st.toggle(
        "Mark unsure",
        state.get("unsure"),
        key="pick-unsure",
        help=f"{drawn} what lies within 2 standard errors of zero (around the target's mean: of that mean), where the "
        "error is known. It comes from how far the means of the interval's windows lie apart, 4 windows at least; of "
        "several seeds from how far the seeds do.",
    )
    state.put("unsure", chosen)
