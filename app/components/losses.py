"""On which losses of a study a page looks."""

import numpy as np
import streamlit as st

from app import state
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION, Study

SPLITS = {VALIDATION: "Validation", TEST: "Test", EARLY_STOPPED: "Early-stopped"}
_ABOUT = (
    "Validation: what networks are chosen by. Test: what is reported of those chosen. Early-stopped: validation losses "
    "after a short training, which are cheaper to choose by (the authors' early-stopping approximation, ESA)."
)


def splits_of(study: Study) -> list[str]:
    """Those of which any loss is known."""
    return [split for split in SPLITS if split in study.losses and np.isfinite(study.losses[split]).any()]


def pick_split(study: Study) -> str:
    """A control with the splits of a study that has losses; the chosen one."""
    offered = splits_of(study)
    wanted = state.get("loss_split")
    chosen = st.segmented_control(
        "Losses on",
        offered,
        format_func=SPLITS.__getitem__,
        default=wanted if wanted in offered else offered[0],
        required=True,
        key=f"pick-loss-split-{'-'.join(offered)}",
        help=_ABOUT,
    )
    state.put("loss_split", chosen)
    return chosen
