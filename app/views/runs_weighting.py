"""How the task losses of a run that is to be launched become one update: the method, and the settings it has."""

from typing import Any

import streamlit as st

from app.views.runs_settings import Setting, Settings, pick, say
from engine.texts import text
from engine.weighting.settings import CHOICES, RANGES, WeightingSettings

_SETTINGS = Settings(RANGES, CHOICES, WeightingSettings())
_NAMES = {
    "uncertainty": ("weight_rate",),
    "gradnorm": ("asymmetry", "weight_rate"),
    "dwa": ("dwa_temperature",),
    "dtp": ("focus",),
    "mgda": ("mgda_scale",),
    "mgda_ub": ("mgda_scale",),
    "gradvac": ("target_decay",),
    "cagrad": ("caution",),
}
OWN = {method: tuple(Setting(name, "runs_weighting") for name in names) for method, names in _NAMES.items()}


def ask_weighting(architecture: str, dataset: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting."""
    method, settings = st.columns(2)
    with method:
        label, default = text("runs_weighting.weighting"), _SETTINGS.defaults.weighting
        chosen = pick(label, "weighting", default, architecture=architecture, dataset=dataset)
    with settings:
        own = _SETTINGS.ask(OWN.get(chosen, ()), 2)
    say("weighting", chosen, priced=True, architecture=architecture, dataset=dataset)
    return {"weighting": chosen} | own
