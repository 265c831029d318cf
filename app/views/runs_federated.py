"""The launch form of a federated run: methods, rounds, how clients are related, and what goes wrong."""

from typing import Any

import streamlit as st

from app.views.runs_models import ask_methods, ask_relation, ask_samples
from app.views.runs_settings import Setting, Settings
from engine.errors import KindredError
from engine.federated.settings import CHOICES, RANGES
from engine.runs.configs import FederatedConfig
from engine.runs.relations import similarity

_DEFAULT = FederatedConfig(dataset="yeast")
_SETTINGS = Settings(RANGES | {"rounds": (int, 1, 1_000_000)}, CHOICES, _DEFAULT)
_STRENGTH = Setting("strength", "Strength", "How strongly all weights are drawn to 0; the same for all methods.")
_PASSES = Setting("passes", "Passes a round", "Over each client's own data, before it sends; more need fewer rounds.")
_ROUNDS = Setting("rounds", "Rounds", "Of communication between clients and server.")
_SEED = Setting("seed", "Seed", "Of all draws: who drops out, who is late, which samples a step takes.")
_TIE = Setting("tie", "Tie", "How many times more strongly than to 0 clients are drawn to each other; 0: each alone.")
_EVERY = Setting("relation_every", "Relation every k-th round", "How often the relation is learned anew.")
_FEDAVG = (
    Setting("learning_rate", "Learning rate", "Of fedavg's local steps."),
    Setting("batch", "Batch size", "Of fedavg's local steps; 0: all of a client's data."),
)
_RELATIONS = {
    "mean": "mean: all are drawn to the mean of all",
    "learned": "learned: how clients are related is learned along",
    "similarity": "similarity: from the affinity of another run",
    "independent": "independent: none is drawn to another",
}
_WHERE = {"in_process": "in the worker's own process", "processes": "in processes of their own"}
_SIMILAR = (
    "The mean affinity over the whole run, both directions averaged; what is negative counts as 0, and what is left is "
    "scaled so that a tie means what it does for the relation mean."
)


def ask_federated() -> tuple[str, FederatedConfig] | None:
    """The widgets; the run's name and what it is to do, or ``None`` where there are no data yet.

    Raises:
        KindredError: if it cannot be done so.
    """
    found = ask_samples()
    if found is None:
        return None
    data, tasks = found
    name = st.text_input("Name", placeholder="left empty: the run's id", max_chars=200)
    st.markdown("##### Methods")
    methods = ask_methods("federated")
    settings: dict[str, Any] = _SETTINGS.ask([_ROUNDS, _STRENGTH, _PASSES, _SEED], 4)
    if "mocha" in methods:
        st.markdown("##### How clients are related (mocha)")
        settings |= _ask_relation(tasks)
    if "fedavg" in methods:
        st.markdown("##### Local steps (fedavg)")
        settings |= _SETTINGS.ask(_FEDAVG)
    st.markdown("##### What goes wrong")
    settings |= _ask_trouble()
    if not methods:
        raise KindredError("No method is chosen; choose at least one.")
    return name, FederatedConfig(**data, methods=",".join(methods), **settings)


def _ask_relation(tasks: tuple[str, ...]) -> dict[str, Any]:
    which, rest = st.columns([1.6, 1], vertical_alignment="bottom")
    relation = which.selectbox("Relation", list(_RELATIONS), format_func=_RELATIONS.__getitem__, key="pick-relation")
    settings: dict[str, Any] = {"relation": relation}
    if relation != "independent":
        with rest:
            settings |= _SETTINGS.ask([_TIE, *([_EVERY] if relation == "learned" else [])], 2)
    if relation == "similarity":
        found = ask_relation("Similarity", tasks, "choose a run", _SIMILAR)
        if found is None:
            raise KindredError("No run is chosen whose affinity tells the similarity; choose one, or another relation.")
        settings["matrix"] = similarity(found)
    return settings


def _ask_trouble() -> dict[str, Any]:
    drop, late, where = st.columns([1, 1, 1.4], vertical_alignment="bottom")
    dropped = drop.number_input(
        "Drop out, percent", 0, 99, 0, key="set-drop", help="How probably a client sends nothing in a round."
    )
    straggling = late.number_input(
        "Stragglers, percent",
        0,
        100,
        0,
        key="set-stragglers",
        help="How probably a client finishes only a part of a round's work.",
    )
    clients = where.selectbox(
        "Clients run",
        list(_WHERE),
        format_func=_WHERE.__getitem__,
        key="pick-clients",
        help="The numbers are the same; processes of their own are nearer to real clients, and slower to begin.",
    )
    return {"drop": dropped / 100, "stragglers": straggling / 100, "clients": clients}
