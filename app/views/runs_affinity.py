"""How affinity is observed: the settings that apply to the chosen estimator, and no others."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.views.runs_settings import fitting, pick, say
from engine import catalog
from engine.affinity.settings import CHEAP, RANGES, AffinitySettings

_DEFAULT = AffinitySettings()


def ask_affinity(architecture: str, dataset: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting."""
    others = {"architecture": architecture, "dataset": dataset}
    method, settings = st.columns(2)
    with method:
        estimator = pick("Affinity estimator", "estimator", _DEFAULT.affinity, ["none"], **others)
    with settings:
        own = _ask_settings(estimator, others)
    if estimator == "none":
        st.caption("Train without observing affinities.")
    say("estimator", estimator, **others)
    return {"affinity": estimator} | own


def _ask_settings(estimator: str, others: Mapping[str, str]) -> dict[str, Any]:
    if estimator == "none":
        return {}
    if estimator == "auto":
        return _ask_overhead()
    _, least, greatest = RANGES["every"]
    cost = " An observed update costs about as much as one plain update per task." if estimator == "lookahead" else ""
    chosen = {
        "every": st.number_input(
            "Observe every k-th update", least, greatest, _DEFAULT.every, help=f"1 observes every update.{cost}"
        )
    }
    ask = _ADVANCED.get(estimator)
    if ask is None:
        return chosen
    with st.expander(f"Affinity ({estimator})"):
        return chosen | ask(others)


def _ask_overhead() -> dict[str, Any]:
    _, least, greatest = RANGES["overhead"]
    percent = st.number_input(
        "Overhead in percent",
        100 * least,
        100 * greatest,
        100 * _DEFAULT.overhead,
        step=5.0,
        format="%g",
        help="What observing may cost, as a share of plain training time. auto times itself, and chooses by it the "
        "estimator and how often to observe.",
    )
    return {"overhead": percent / 100}


def _ask_lookahead(others: Mapping[str, str]) -> dict[str, Any]:
    return {
        "lookahead_step": st.selectbox(
            "Lookahead step",
            ["sgd", "optimizer"],
            help="sgd: the source's plain gradient step. optimizer: the optimiser's own step, momentum included.",
        )
    }


def _ask_block(others: Mapping[str, str]) -> dict[str, Any]:
    _, least, greatest = RANGES["block"]
    return {
        "block": st.number_input(
            "Last shared tensors only", least, greatest, _DEFAULT.block, help="0: all shared parameters."
        )
    }


def _ask_first_order(others: Mapping[str, str]) -> dict[str, Any]:
    return _ask_block(others) | {
        "preconditioned": st.checkbox(
            "Preconditioned", _DEFAULT.preconditioned, help="Weigh the parameters as Adam does in its step."
        )
    }


def _ask_last_layer(others: Mapping[str, str]) -> dict[str, Any]:
    _, least, greatest = RANGES["columns"]
    return {
        "layers": st.number_input(
            "Last layers", *RANGES["layers"][1:], _DEFAULT.layers, help="More cost more and leave less out."
        ),
        "columns": st.number_input(
            "Columns of the projection",
            least,
            greatest,
            _DEFAULT.columns,
            help="The layer's input is projected to so many random columns; 0 takes it whole.",
        ),
        **_ask_metric(others),
    }


def _ask_metric(others: Mapping[str, str]) -> dict[str, Any]:
    for need in (catalog.ONE_REPRESENTATION, catalog.ONE_INPUT):
        if need not in catalog.has(giver := catalog.GIVEN_BY[need], others[giver]):
            return {}
    return {
        "metric": st.checkbox(
            "Fitted metric", _DEFAULT.metric, help="Adds the layers below by a metric that is fitted now and then."
        ),
    }


def _ask_corrected(others: Mapping[str, str]) -> dict[str, Any]:
    _, least, greatest = RANGES["correct_every"]
    fit = {entry.name for entry in fitting("estimator", others)}
    return {
        "cheap": st.selectbox(
            "Cheap estimator", [name for name in CHEAP if name in fit], help="Of every observed update."
        ),
        "correct_every": st.number_input(
            "Exact every k-th observed update", least, greatest, _DEFAULT.correct_every, help="The rest is cheap."
        ),
    }


_ADVANCED = {
    "lookahead": _ask_lookahead,
    "first_order": _ask_first_order,
    "gradient_cosine": _ask_block,
    "gradient_conflict": _ask_block,
    "last_layer": _ask_last_layer,
    "corrected": _ask_corrected,
}
