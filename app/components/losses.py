"""On which losses of a study a page looks."""

import numpy as np
import streamlit as st

from app import state
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION, Study
from engine.texts import text

_SPLITS = (VALIDATION, TEST, EARLY_STOPPED)


def split_name(split: str) -> str:
    """As the control shows it."""
    return text(f"losses.{split}")


def splits_of(study: Study) -> list[str]:
    """Those of which any loss is known."""
    return [split for split in _SPLITS if split in study.losses and np.isfinite(study.losses[split]).any()]


def pick_split(study: Study) -> str:
    """A control with the splits of a study that has losses; the chosen one."""
    offered = splits_of(study)
    wanted = state.get("loss_split")
    chosen = st.segmented_control(
        text("losses.on"),
        offered,
        format_func=split_name,
        default=wanted if wanted in offered else offered[0],
        required=True,
        key=f"pick-loss-split-{'-'.join(offered)}",
        help=text("losses.about"),
    )
    state.put("loss_split", chosen)
    return chosen
