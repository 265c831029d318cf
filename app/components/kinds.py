"""The kinds of run: what each is called, what a run of it was told, and what it shows of its tasks' relations."""

from collections.abc import Mapping
from typing import Any

from engine.datasets.tables.columns import names_in
from engine.runs.configs import kind_of
from engine.runs.run import Run

NETWORK, STUDY, LINEAR, FEDERATED = "network", "study", "linear", "federated"
NAMES = {NETWORK: "network", STUDY: "study", LINEAR: "linear models", FEDERATED: "federated"}


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
        seeds = told.get("seeds", 5)
        return (
            f"{NAMES[LINEAR]}: {_methods(told)} at {spaced(told.get('sizes', ''))} samples a task, "
            f"{seeds} {'seed' if seeds == 1 else 'seeds'}"
        )
    if kind(run) == FEDERATED:
        drop = f", {told['drop']:.0%} drop out" if told.get("drop") else ""
        return f"{NAMES[FEDERATED]}: {_methods(told)}, {told.get('rounds', 100)} rounds{drop}"
    weighting = told.get("weighting", "equal")
    weights = "equal weights" if weighting == "equal" else weighting
    design = f"{told.get('architecture', 'hard_sharing')}, {weights}"
    if kind(run) == STUDY:
        seeds = told.get("seeds", 1)
        return f"{NAMES[STUDY]}: {spaced(told.get('networks', ''))}; {design}{f', {seeds} seeds' if seeds > 1 else ''}"
    return f"{NAMES[NETWORK]}: {design}"


def spaced(listed: str) -> str:
    """A list separated by commas, with a blank after each.

    >>> spaced("10,20, all")
    '10, 20, all'
    """
    return ", ".join(names_in(listed))


def methods_in_words(told: Mapping[str, Any]) -> str:
    """The methods that a run of linear models was told, or how many they are where that would be long."""
    named = names_in(told.get("methods", ""))
    return ", ".join(named) if 0 < len(named) <= 3 else str(len(named) or "all")


def _methods(told: Mapping[str, Any]) -> str:
    said = methods_in_words(told)
    return f"{said} methods" if said == "all" or said.isdecimal() else said


def progress(run: Run) -> tuple[str, int, int]:
    """What a run counts, such as ``step``; how many of them it has made; and how many there are, 0 where unknown.

    A federated run makes each round with every method before the next one.
    """
    if kind(run) != FEDERATED:
        return {LINEAR: "fit", STUDY: "training"}.get(kind(run), "step"), run.step, run.steps
    methods = max(run.steps // run.config.get("rounds", run.steps or 1), 1)
    return "round", run.step // methods, run.steps // methods


LEADING = {LINEAR: "task_covariance", FEDERATED: "federated_relation"}  # reading, while a run has none yet
NO_RELATION = {
    LINEAR: "How tasks are related is told by the methods task_covariance, clustered and graph_laplacian, of which "
    "this run has none; launch one with any of them.",
    FEDERATED: "How clients are related is told by the method mocha, which this run does not have; launch one with it.",
}
NO_AFFINITY = {
    LINEAR: "This run compares linear models and has observed no affinity. How alike its models are is on the Affinity "
    "page, but that does not say by how much a task gains from another, which a grouping is made of. Choose a run of "
    "networks with an affinity estimator.",
    FEDERATED: "This run is one of federated linear models and has observed no affinity. How alike its clients are is "
    "on the Affinity page, but that does not say by how much a task gains from another, which a grouping is made of. "
    "Choose a run of networks with an affinity estimator.",
}
FIRST_RELATION = {
    LINEAR: "the first seed has been learned from at its largest size",
    FEDERATED: "the first rounds have been made",
}
FIRST = {
    LINEAR: "the first sample has been learned from by every method",
    FEDERATED: "the first rounds have been made",
}
