"""The network of a run that is to be launched: its design and the trunk, with the settings that apply to them."""

from dataclasses import replace
from typing import Any

import streamlit as st

from app.components.datasets import on_disk
from app.views.runs_settings import Setting, Settings, pick, say
from engine import catalog
from engine.architectures.settings import CHOICES, RANGES, NetworkSettings

_SETTINGS = Settings(RANGES, CHOICES, NetworkSettings())
_RATE = Setting(
    "relation_rate",
    "Rate of the relations",
    "Learning rate of the parameters that relate the tasks; Adam trains them, whatever trains the network.",
)
_OWN_SHARE = Setting(
    "own_share", "Own share at the start", "Weight of a tower's own features at first; the others share the rest."
)
_WARM_UP = Setting("warm_up", "Warm-up", "Share of the training before the search begins.")
_SETTLE = Setting("settle", "Settle after", "Share of the training after which the choice is fixed; 1: never.")
OWN = {
    "soft_sharing": (
        Setting("tie", "Tie", "What draws the towers together: the distance of their weights, or the trace norm."),
        Setting("tie_strength", "Strength of the tie", "0: single-task training, side by side."),
    ),
    "cross_stitch": (_OWN_SHARE, _RATE),
    "nddr": (_OWN_SHARE,),
    "adashare": (
        Setting("sparsity", "Sparsity", "Weight of the loss that asks for few stages."),
        Setting("sharing", "Sharing", "Weight of the loss that asks for the same stages for all tasks."),
        _WARM_UP,
        _SETTLE,
        _RATE,
    ),
    "mtl_nas": (
        Setting("entropy", "Entropy", "Weight of the loss that asks every edge to be all or nothing."),
        _WARM_UP,
        _SETTLE,
        _RATE,
    ),
}
# Width and depth to begin with.
_SIZES = {"mlp": (64, 2), "convolutional": (32, 2), "encoder": (16, 3)}
_TRUNK = (
    Setting("width", "Width", "Units, or channels, a layer."),
    Setting("depth", "Depth", "Layers of the trunk."),
    Setting("dropout", "Dropout", "Share of the units that are left out at random in training."),
    Setting("batch_norm", "BatchNorm", "After every layer of the trunk."),
)


def ask_network(dataset: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting."""
    first = first_trunk(dataset)
    design, trunk = st.columns(2)
    with design:
        architecture = pick("Architecture", "architecture", _SETTINGS.defaults.architecture)
        say("architecture", architecture, "It has")
    with trunk:
        stages = pick("Trunk", "trunk", first, mark=f"-{first}", dataset=dataset)
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
