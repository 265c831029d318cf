"""The launch form of a federated run: methods, rounds, how clients are related, and what goes wrong."""

from typing import Any

import streamlit as st

from app.views.runs_models import ask_methods, ask_relation, ask_samples
from app.views.runs_settings import Setting, Settings, ask_name, head
from engine.errors import KindredError
from engine.federated.settings import CHOICES, RANGES
from engine.runs.configs import FederatedConfig
from engine.runs.relations import similarity
from engine.texts import text

_DEFAULT = FederatedConfig(dataset="yeast")
_SETTINGS = Settings(RANGES | {"rounds": (int, 1, 1_000_000)}, CHOICES, _DEFAULT)
_TO_ALL = tuple(Setting(name, "runs_federated") for name in ("rounds", "strength", "passes", "seed"))
_TIE, _EVERY = (Setting(name, "runs_federated") for name in ("tie", "relation_every"))
_FEDAVG = tuple(Setting(name, "runs_federated") for name in ("learning_rate", "batch"))
_RELATIONS = ("mean", "learned", "similarity", "independent")
_WHERE = ("in_process", "processes")


def ask_federated() -> tuple[str, FederatedConfig] | None:
    """The widgets; the run's name and what it is to do, or ``None`` where there are no data yet.

    Raises:
        KindredError: if it cannot be done so.
    """
    found = ask_samples()
    if found is None:
        return None
    data, tasks = found
    name = ask_name("federated")
    head(text("runs_models.methods"))
    methods = ask_methods("federated")
    settings: dict[str, Any] = _SETTINGS.ask(_TO_ALL, 4)
    if "mocha" in methods:
        head(text("runs_federated.how_related"))
        settings |= _ask_relation(tasks)
    if "fedavg" in methods:
        head(text("runs_federated.local_steps"))
        settings |= _SETTINGS.ask(_FEDAVG)
    head(text("runs_federated.trouble"))
    settings |= _ask_trouble()
    if not methods:
        raise KindredError(text("runs_federated.no_method"))
    return name, FederatedConfig(**data, methods=",".join(methods), **settings)


def _ask_relation(tasks: tuple[str, ...]) -> dict[str, Any]:
    which, rest = st.columns([1.6, 1], vertical_alignment="bottom")
    relation = which.selectbox(
        text("runs_federated.relation"),
        _RELATIONS,
        format_func=lambda name: text(f"runs_federated.relation_{name}"),
        key="pick-relation",
    )
    settings: dict[str, Any] = {"relation": relation}
    if relation != "independent":
        with rest:
            settings |= _SETTINGS.ask([_TIE, *([_EVERY] if relation == "learned" else [])], 2)
    if relation == "similarity":
        found = ask_relation("similarity", tasks)
        if found is None:
            raise KindredError(text("runs_federated.no_similarity"))
        settings["matrix"] = similarity(found)
    return settings


def _ask_trouble() -> dict[str, Any]:
    drop, late, where = st.columns([1, 1, 1.4], vertical_alignment="bottom")
    dropped = drop.number_input(
        text("runs_federated.drop"), 0, 99, 0, key="set-drop", help=text("runs_federated.drop_help")
    )
    straggling = late.number_input(
        text("runs_federated.stragglers"),
        0,
        100,
        0,
        key="set-stragglers",
        help=text("runs_federated.stragglers_help"),
    )
    clients = where.selectbox(
        text("runs_federated.clients"),
        _WHERE,
        format_func=lambda name: text(f"runs_federated.{name}"),
        key="pick-clients",
        help=text("runs_federated.clients_help"),
    )
    return {"drop": dropped / 100, "stragglers": straggling / 100, "clients": clients}
