"""How affinity is observed: the settings that apply to the chosen estimator, and no others."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.views.runs_settings import fitting, pick, say
from engine import catalog
from engine.affinity.settings import CHEAP, RANGES, AffinitySettings
from engine.texts import text

_DEFAULT = AffinitySettings()


def ask_affinity(architecture: str, dataset: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting."""
    others = {"architecture": architecture, "dataset": dataset}
    method, settings = st.columns(2)
    with method:
        estimator = pick(text("runs_affinity.estimator"), "estimator", _DEFAULT.affinity, ["none"], **others)
    with settings:
        own = _ask_settings(estimator, others)
    if estimator == "none":
        st.caption(text("runs_affinity.none"))
    say("estimator", estimator, **others)
    return {"affinity": estimator} | own


def _ask_settings(estimator: str, others: Mapping[str, str]) -> dict[str, Any]:
    if estimator == "none":
        return {}
    if estimator == "auto":
        return _ask_overhead()
    _, least, greatest = RANGES["every"]
    about = text("runs_affinity.every_lookahead_help" if estimator == "lookahead" else "runs_affinity.every_help")
    chosen = {
        "every": st.number_input(
            text("runs_affinity.every"), least, greatest, _DEFAULT.every, key=f"set-every-{estimator}", help=about
        )
    }
    ask = _ADVANCED.get(estimator)
    if ask is None:
        return chosen
    with st.expander(text("runs_affinity.settings", estimator=estimator)):
        return chosen | ask(others)


def _ask_overhead() -> dict[str, Any]:
    _, least, greatest = RANGES["overhead"]
    percent = st.number_input(
        text("runs_affinity.overhead"),
        100 * least,
        100 * greatest,
        100 * _DEFAULT.overhead,
        step=5.0,
        format="%g",
        key="set-overhead",
        help=text("runs_affinity.overhead_help"),
    )
    return {"overhead": percent / 100}


def _ask_lookahead(others: Mapping[str, str]) -> dict[str, Any]:
    return {
        "lookahead_step": st.selectbox(
            text("runs_affinity.lookahead_step"),
            ["sgd", "optimizer"],
            key="pick-lookahead-step",
            help=text("runs_affinity.lookahead_step_help"),
        )
    }


def _ask_block(others: Mapping[str, str]) -> dict[str, Any]:
    _, least, greatest = RANGES["block"]
    return {
        "block": st.number_input(
            text("runs_affinity.block"),
            least,
            greatest,
            _DEFAULT.block,
            key="set-block",
            help=text("runs_affinity.block_help"),
        )
    }


def _ask_first_order(others: Mapping[str, str]) -> dict[str, Any]:
    return _ask_block(others) | {
        "preconditioned": st.checkbox(
            text("runs_affinity.preconditioned"),
            _DEFAULT.preconditioned,
            key="set-preconditioned",
            help=text("runs_affinity.preconditioned_help"),
        )
    }


def _ask_last_layer(others: Mapping[str, str]) -> dict[str, Any]:
    _, least, greatest = RANGES["columns"]
    return {
        "layers": st.number_input(
            text("runs_affinity.layers"),
            *RANGES["layers"][1:],
            _DEFAULT.layers,
            key="set-layers",
            help=text("runs_affinity.layers_help"),
        ),
        "columns": st.number_input(
            text("runs_affinity.columns"),
            least,
            greatest,
            _DEFAULT.columns,
            key="set-columns",
            help=text("runs_affinity.columns_help"),
        ),
        **_ask_metric(others),
    }


def _ask_metric(others: Mapping[str, str]) -> dict[str, Any]:
    for need in (catalog.ONE_REPRESENTATION, catalog.ONE_INPUT):
        if need not in catalog.has(giver := catalog.GIVEN_BY[need], others[giver]):
            return {}
    return {
        "metric": st.checkbox(
            text("runs_affinity.metric"),
            _DEFAULT.metric,
            key="set-metric",
            help=text("runs_affinity.metric_help"),
        ),
    }


def _ask_corrected(others: Mapping[str, str]) -> dict[str, Any]:
    _, least, greatest = RANGES["correct_every"]
    fit = {entry.name for entry in fitting("estimator", others)}
    return {
        "cheap": st.selectbox(
            text("runs_affinity.cheap"),
            [name for name in CHEAP if name in fit],
            key="pick-cheap",
            help=text("runs_affinity.cheap_help"),
        ),
        "correct_every": st.number_input(
            text("runs_affinity.correct_every"),
            least,
            greatest,
            _DEFAULT.correct_every,
            key="set-correct-every",
            help=text("runs_affinity.correct_every_help"),
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
