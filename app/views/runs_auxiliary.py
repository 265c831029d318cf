"""Which tasks of a run that is to be launched count, and which help them."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.components.text import plain
from app.views.runs_settings import Setting, Settings
from engine import catalog
from engine.auxiliary.settings import CHOICES, RANGES, AuxiliarySettings

_SETTINGS = Settings(RANGES, CHOICES, AuxiliarySettings())
_CLASSIFICATION = ("cross_entropy", "binary_cross_entropy")
_MAXL = (
    "Adds a classification whose labels a second network learns to give, so that the primary task gains (Liu et al., "
    "NeurIPS 2019). An update takes two more passes through the network, with second derivatives."
)
OWN = (
    Setting("subclasses", "Generated classes", "To each class of the primary task."),
    Setting("label_entropy", "Weight of the entropy", "Of the term that keeps the generated classes in use."),
    Setting("label_rate", "Rate of the labels", "Learning rate of the network that gives the labels."),
)


def wait_for_tasks() -> dict[str, Any]:
    """What stands in the place of the widgets until the tasks are known; nothing is chosen."""
    st.columns(2)[0].multiselect(
        "Primary tasks", (), disabled=True, placeholder="Reading the data set …", key="primary-waiting"
    )
    return {}


def ask_auxiliary(dataset: str, tasks: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The widgets; what was chosen, by setting.

    Args:
        tasks: of the data set, each with its ``name`` and ``loss``.
    """
    losses = {task["name"]: task["loss"] for task in tasks}
    left, right = st.columns(2)
    chosen = left.multiselect(
        "Primary tasks",
        list(losses),
        key=f"primary-{dataset}",
        placeholder="All tasks",
        help="Those that you need; the others then train along as auxiliaries. On the Grouping page these are served.",
    )
    primary = [task for task in losses if task in chosen]
    apart = catalog.ONE_INPUT not in catalog.has("dataset", dataset)
    able = len(primary) == 1 and losses[primary[0]] in _CLASSIFICATION and not apart
    auxiliary = right.selectbox(
        "Generated auxiliary task",
        ["none", "maxl"] if able else ["none"],
        key="pick-auxiliary",
        help=f"maxl: {_MAXL[0].lower()}{_MAXL[1:]}",
    )
    settings = {"primary": ",".join(primary if len(primary) < len(losses) else ()), "auxiliary": auxiliary}
    if auxiliary == "none":
        if apart:
            st.caption("maxl generates an auxiliary task only where all tasks share their inputs.")
        elif not able:
            st.caption("maxl can generate an auxiliary task where exactly one classification is primary.")
        return settings
    st.caption(plain(_MAXL))
    return settings | _SETTINGS.ask(OWN)
