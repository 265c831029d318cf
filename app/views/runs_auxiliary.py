"""Which tasks of a run that is to be launched count, and which help them."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.components.text import plain
from app.views.runs_settings import Setting, Settings
from engine import catalog
from engine.auxiliary.settings import CHOICES, RANGES, AuxiliarySettings
from engine.texts import text

_SETTINGS = Settings(RANGES, CHOICES, AuxiliarySettings())
_CLASSIFICATION = ("cross_entropy", "binary_cross_entropy")
OWN = tuple(Setting(name, "runs_auxiliary") for name in ("subclasses", "label_entropy", "label_rate"))


def wait_for_tasks() -> dict[str, Any]:
    """What stands in the place of the widgets until the tasks are known; nothing is chosen."""
    st.columns(2)[0].multiselect(
        text("runs_auxiliary.primary"), (), disabled=True, placeholder=text("datasets.reading"), key="primary-waiting"
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
        text("runs_auxiliary.primary"),
        list(losses),
        key=f"primary-{dataset}",
        placeholder=text("runs_auxiliary.all_tasks"),
        help=text("runs_auxiliary.primary_help"),
    )
    primary = [task for task in losses if task in chosen]
    apart = catalog.ONE_INPUT not in catalog.has("dataset", dataset)
    able = len(primary) == 1 and losses[primary[0]] in _CLASSIFICATION and not apart
    auxiliary = right.selectbox(
        text("runs_auxiliary.generated"),
        ["none", "maxl"] if able else ["none"],
        key="pick-auxiliary",
        help=text("runs_auxiliary.generated_help"),
    )
    settings = {"primary": ",".join(primary if len(primary) < len(losses) else ()), "auxiliary": auxiliary}
    if auxiliary == "none":
        if apart:
            st.caption(text("runs_auxiliary.needs_shared"))
        elif not able:
            st.caption(text("runs_auxiliary.needs_one"))
        return settings
    st.caption(plain(text("runs_auxiliary.maxl")))
    return settings | _SETTINGS.ask(OWN)
