"""How the task losses of a run that is to be launched become one update: the method, and the settings it has."""

from typing import Any

import streamlit as st

from app.views.runs_settings import Setting, Settings, pick, say
from engine.weighting.settings import CHOICES, RANGES, WeightingSettings

_SETTINGS = Settings(RANGES, CHOICES, WeightingSettings())
_RATE = Setting("weight_rate", "Rate of the weights", "Learning rate of the task weights.")
_SCALE = Setting("mgda_scale", "Gradients divided by", "none: as they are; l2: their length; loss: their task's loss.")
OWN = {
    "uncertainty": (_RATE,),
    "gradnorm": (
        Setting("asymmetry", "Asymmetry α", "How strongly a task that learns slowly is pulled up."),
        _RATE,
    ),
    "dwa": (Setting("dwa_temperature", "Temperature T", "The larger, the more even the weights."),),
    "dtp": (Setting("focus", "Focus γ", "How strongly hard tasks are preferred."),),
    "mgda": (_SCALE,),
    "mgda_ub": (_SCALE,),
    "gradvac": (Setting("target_decay", "Decay β", "How fast the goal for the cosines follows them."),),
    "cagrad": (Setting("caution", "Caution c", "How far the update may leave the mean gradient."),),
}


def ask_weighting(architecture: str, dataset: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting."""
    method, settings = st.columns(2)
    with method:
        chosen = pick(
            "Weighting", "weighting", _SETTINGS.defaults.weighting, architecture=architecture, dataset=dataset
        )
    with settings:
        own = _SETTINGS.ask(OWN.get(chosen, ()), 2)
    say("weighting", chosen, "An update takes", architecture=architecture, dataset=dataset)
    return {"weighting": chosen} | own
