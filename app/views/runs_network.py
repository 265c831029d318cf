"""The network of a run that is to be launched: its design and the trunk, with the settings that apply to them."""

from dataclasses import replace
from typing import Any

import streamlit as st

from app.components.datasets import on_disk
from app.views.runs_settings import Setting, Settings, pick, say
from engine import catalog
from engine.architectures.settings import CHOICES, RANGES, NetworkSettings
from engine.texts import text

_SETTINGS = Settings(RANGES, CHOICES, NetworkSettings())
_NAMES = {
    "soft_sharing": ("tie", "tie_strength"),
    "cross_stitch": ("own_share", "relation_rate"),
    "nddr": ("own_share",),
    "adashare": ("sparsity", "sharing", "warm_up", "settle", "relation_rate"),
    "mtl_nas": ("entropy", "warm_up", "settle", "relation_rate"),
}
OWN = {design: tuple(Setting(name, "runs_network") for name in names) for design, names in _NAMES.items()}
# Width and depth to begin with.
_SIZES = {"mlp": (64, 2), "convolutional": (32, 2), "encoder": (16, 3)}
_TRUNK = tuple(Setting(name, "runs_network") for name in ("width", "depth", "dropout", "batch_norm"))


def ask_network(dataset: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting."""
    first = first_trunk(dataset)
    design, trunk = st.columns(2)
    with design:
        architecture = pick(text("runs_network.architecture"), "architecture", _SETTINGS.defaults.architecture)
        say("architecture", architecture, priced=True)
    with trunk:
        stages = pick(text("runs_network.trunk"), "trunk", first, mark=f"-{first}", dataset=dataset)
        say("trunk", stages, dataset=dataset)
    width, depth = _SIZES[stages]
    sized = replace(_SETTINGS, defaults=replace(_SETTINGS.defaults, width=width, depth=depth))
    return (
        {"architecture": architecture, "trunk": stages}
        | sized.ask(_TRUNK, 4, mark=f"-{stages}")
        | _SETTINGS.ask(OWN.get(architecture, ()))
    )


def first_trunk(dataset: str) -> str:
    """The trunk that a form offers first: convolutions for images, which halve them where they are large."""
    if catalog.IMAGES not in catalog.has("dataset", dataset):
        return "mlp"
    return "encoder" if on_disk(dataset) or dataset == "rooms" else "convolutional"
