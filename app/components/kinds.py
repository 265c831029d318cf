"""The kinds of run: what each is called, what a run of it was told, and what it shows of its tasks' relations."""

from collections.abc import Mapping
from typing import Any

from engine.datasets.tables.columns import names_in
from engine.runs.configs import kind_of
from engine.runs.run import Run
from engine.texts import text

NETWORK, STUDY, LINEAR, FEDERATED = "network", "study", "linear", "federated"


def kind(run: Run) -> str:
    """A name of ``engine.runs.configs.KINDS``; what has no settings, such as an imported matrix, is of a network."""
    return kind_of(run.config)


def of_networks(run: Run) -> bool:
    """Whether it trains networks, and so may observe how a step on one task changes another's loss."""
    return kind(run) in (NETWORK, STUDY)


def setting(run: Run) -> str:
    """What a trained run was told, in a line; empty where it was not told anything."""
    told = run.config
    if run.origin != "trained":
        return ""
    if kind(run) == LINEAR:
        return text(
            "kinds.linear", methods=_methods(told), sizes=spaced(told.get("sizes", "")), count=told.get("seeds", 5)
        )
    if kind(run) == FEDERATED:
        rounds, drop = told.get("rounds", 100), told.get("drop", 0)
        return text(
            "kinds.federated_dropping" if drop else "kinds.federated", methods=_methods(told), rounds=rounds, drop=drop
        )
    weighting = told.get("weighting", "equal")
    design = {
        "architecture": told.get("architecture", "hard_sharing"),
        "weights": text("kinds.equal_weights") if weighting == "equal" else weighting,
    }
    if kind(run) == STUDY:
        networks = spaced(told.get("networks", ""))
        return text("kinds.study", networks=networks, count=told.get("seeds", 1), **design)
    return text("kinds.network", **design)


def spaced(listed: str) -> str:
    """A list separated by commas, with a blank after each.

    >>> spaced("10,20, all")
    '10, 20, all'
    """
    return ", ".join(names_in(listed))


def methods_in_words(told: Mapping[str, Any]) -> str:
    """The methods that a run of linear models was told, or how many they are where that would be long."""
    named = names_in(told.get("methods", ""))
    return ", ".join(named) if 0 < len(named) <= 3 else str(len(named) or text("kinds.all"))


def _methods(told: Mapping[str, Any]) -> str:
    named = names_in(told.get("methods", ""))
    if not named:
        return text("kinds.all_methods")
    return ", ".join(named) if len(named) <= 3 else text("kinds.methods", methods=len(named))


def progress(run: Run) -> tuple[str, int, int]:
    """What a run counts: ``step``, ``fit``, ``training`` or ``round``; how many of them it has made; and how many there
    are, 0 where unknown.

    A federated run makes each round with every method before the next one.
    """
    if kind(run) != FEDERATED:
        return {LINEAR: "fit", STUDY: "training"}.get(kind(run), "step"), run.step, run.steps
    methods = max(run.steps // run.config.get("rounds", run.steps or 1), 1)
    return "round", run.step // methods, run.steps // methods


LEADING = {LINEAR: "task_covariance", FEDERATED: "federated_relation"}  # reading, while a run has none yet


def no_affinity(run: Run) -> str:
    """Why a run of linear models, federated or not, has no affinity, and what to choose instead."""
    return text(f"kinds.no_affinity_{kind(run)}")
