"""The choices of what colours and arrows show, shared by the pages."""

import streamlit as st

from app import state
from app.components.observed import Observed
from app.components.subject import Subject
from engine.charts.heatmap import cluster_order, name_order

_ORDERS = {"given": "As given", "name": "By name", "cluster": "By clustering"}
_SCALES = {"shared": "Shared", "target": "Per target", "centred": "Around the target's mean"}
_HELP = (
    "Shared: one scale for all. Per target: each target's effects divided by the largest on it. Around the target's "
    "mean: who is better or worse for a target than its average source; useful where all entries have one sign."
)


def pick_order() -> None:
    """A selection box with the orders of tasks, which makes the choice ``order``."""
    chosen = st.selectbox(
        "Order of tasks",
        list(_ORDERS),
        format_func=_ORDERS.__getitem__,
        index=list(_ORDERS).index(state.get("order")),
        key="pick-order",
    )
    state.put("order", chosen)


def order_of(subject: Subject, observed: Observed) -> tuple[int, ...]:
    """The order of rows and columns that was chosen, the same at every step of the run."""
    order = state.get("order")
    if order == "name":
        return name_order(observed.series.tasks)
    if order == "cluster":
        ended = "" if subject.active else "whole"
        key = f"clusters {subject.id} {observed.reading} {ended}"
        return state.kept(key, lambda: cluster_order(observed.mean().affinity))
    return tuple(range(len(observed.series.tasks)))


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
