"""The choices of what colours and arrows show, shared by the pages."""

from collections.abc import Hashable
from typing import Literal

import numpy as np
import streamlit as st

from app import state
from app.components.observed import Observed
from app.components.runs import store
from app.components.subject import Subject
from engine.charts.dendrogram import ClusterTree, cluster_tree
from engine.charts.graph import positions
from engine.charts.heatmap import name_order
from engine.texts import text

_ORDERS = ("given", "name", "cluster")
_SCALES = ("shared", "target", "centred")


def pick_order() -> None:
    """A selection box with the orders of tasks, which makes the choice ``order``."""
    chosen = st.selectbox(
        text("scale.order"),
        _ORDERS,
        format_func=lambda order: text(f"scale.order_{order}"),
        index=_ORDERS.index(state.get("order")),
        key="pick-order",
    )
    state.put("order", chosen)


def order_of(subject: Subject, observed: Observed) -> tuple[int, ...]:
    """The order of rows and columns that was chosen, the same at every step of the run."""
    order = state.get("order")
    if order == "name":
        return name_order(observed.series.tasks)
    if order == "cluster":
        return tree_of(subject, observed).order
    return tuple(range(len(observed.series.tasks)))


def tree_of(subject: Subject, observed: Observed) -> ClusterTree:
    """The clusters of the tasks, of the whole run; they stay while it grows."""
    return _tree(_whole(subject, observed), observed)


def places_of(subject: Subject, observed: Observed) -> np.ndarray:
    """``[tasks, 2]``, where a graph's tasks stand, by the whole run; they stay while it grows."""
    return _places(_whole(subject, observed), observed)


def _whole(subject: Subject, observed: Observed) -> tuple[Hashable, ...]:
    """What tells a run that ended from others, and from what it was while it went on."""
    return store().url, tuple(run.id for run in subject.runs), observed.reading, subject.active


# One for all visitors.
@st.cache_resource(show_spinner=False, max_entries=256)
def _tree(whole: tuple[Hashable, ...], _observed: Observed) -> ClusterTree:
    return cluster_tree(_observed.mean().affinity)


@st.cache_resource(show_spinner=False, max_entries=256)
def _places(whole: tuple[Hashable, ...], _observed: Observed) -> np.ndarray:
    return positions(_observed.mean().affinity)


def pick_scale(label: str) -> None:
    """A control with all scales, which makes the choice ``scale``; its label in the reader's language."""
    chosen = st.segmented_control(
        label,
        _SCALES,
        format_func=lambda scale: text(f"scale.scale_{scale}"),
        default=state.get("scale"),
        help=text("scale.about"),
        required=True,
        key="pick-scale",
    )
    state.put("scale", chosen)


def pick_unsure(drawn: Literal["hatched", "faint"]) -> None:
    """A switch, which makes the choice ``unsure``: whether what may as well be nothing is marked.

    Args:
        drawn: how it is marked.
    """
    chosen = st.toggle(
        text("scale.unsure"),
        state.get("unsure"),
        key="pick-unsure",
        help=text(f"scale.unsure_{drawn}"),
    )
    state.put("unsure", chosen)
