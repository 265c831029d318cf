"""What launch forms have in common: the kind; of linear models, federated or not, data, tasks and their relation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app import state
from app.components.datasets import loaded
from app.components.descriptions import summary
from app.components.glossary import explain
from app.components.kinds import FEDERATED, LINEAR, NETWORK, STUDY
from app.components.runs import observed_in, readings_of, store
from app.components.subject import Subject, subjects
from app.components.text import joined, plain
from app.views.runs_data import ask_data
from engine import catalog
from engine.affinity.matrix import AffinityMatrix
from engine.charts.quantity import AFFINITY
from engine.datasets.linear_samples import linear_samples
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.runs.relations import Relation, of_tasks
from engine.texts import text

_KINDS = (NETWORK, STUDY, LINEAR, FEDERATED)
# The data sets that linear models cannot learn, by the reason.
UNSUITED = {
    "several_kinds": ("digits", "digit_mix"),
    "maps": ("rooms", "taskonomy", "nyuv2"),
    "photographs": ("celeba",),
}


def ask_kind() -> str:
    """What is to be trained: a kind of run."""
    first = state.kept("launch-kind", lambda: NETWORK)
    kind = st.segmented_control(
        text("runs_models.train"),
        _KINDS,
        format_func=lambda kind: text(f"runs_models.{kind}"),
        default=first,
        required=True,
        key=f"pick-kind-{first}",
    )
    explain(f"runs_models.{kind}_look")
    return kind


def ask_samples() -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Data set and tasks: the settings, and the names of the tasks that are learned; ``None`` where there are no data.

    Raises:
        KindredError: if linear models cannot learn them.
    """
    suited = [entry.name for entry in catalog.entries("dataset") if entry.name not in sum(UNSUITED.values(), ())]
    data = ask_data(text("runs_models.dataset_help"), suited, amount=False)
    unsuited = {why: plain(joined(names)) for why, names in UNSUITED.items()}
    st.caption(text("runs_models.not_offered", **unsuited))
    if data is None:
        return None
    settings = DataSettings(**data)
    known = tuple(task.name for task in loaded(settings).tasks)
    chosen = st.multiselect(
        text("runs_models.tasks"),
        known,
        key=f"pick-tasks-{known}",
        placeholder=text("runs_models.all"),
        help=text("runs_models.tasks_help"),
    )
    tasks = tuple(task for task in known if not chosen or task in chosen)
    problem = _problem(settings, tasks)
    if problem:
        raise KindredError(problem)
    return data | {"tasks": ",".join(tasks) if chosen else ""}, tasks


@st.cache_data(show_spinner=False, max_entries=32)
def _problem(settings: DataSettings, tasks: tuple[str, ...]) -> str:
    """Why linear models cannot learn these tasks; empty where they can."""
    try:
        linear_samples(loaded(settings), tasks)
    except KindredError as error:
        return str(error)
    return ""


def ask_methods(kind: str, left_out: Sequence[str] = ()) -> list[str]:
    """The methods of a kind in the catalog, of which at first all are chosen."""
    offered = [entry for entry in catalog.entries(kind) if entry.name not in left_out]
    about = "\n".join(
        f"- **{plain(entry.name)}**: {plain(summary(kind, entry))}{_paper(entry.paper)}" for entry in offered
    )
    names = [entry.name for entry in offered]
    return st.multiselect(text("runs_models.methods"), names, default=names, key=f"pick-methods-{kind}", help=about)


def _paper(paper: str) -> str:
    return plain(f" ({paper})") if paper else ""


def ask_relation(use: str, tasks: tuple[str, ...]) -> Relation | None:
    """The mean affinity of another run on the same tasks, as a choice; ``None`` where none was chosen.

    Args:
        use: what for: the ``relation`` of graph_laplacian, or the ``similarity`` of mocha.
    """
    fitting = {name: each for name, each in subjects(store().runs()).items() if _fits(each, tasks)}
    chosen = st.selectbox(
        text(f"runs_models.{use}"),
        [None, *fitting],
        format_func=lambda name: text(f"runs_models.{use}_none") if name is None else fitting[name].label,
        key=f"pick-relation-{use}-{tasks}",
        help=text(f"runs_models.{use}_help"),
    )
    if chosen is None:
        if not fitting:
            st.caption(text("runs_models.none_observed"))
        return None
    relation, notes = relation_of(fitting[chosen], tasks)
    for note in notes:
        st.caption(text(f"runs_models.{note}"))
    return relation


def _fits(subject: Subject, tasks: tuple[str, ...]) -> bool:
    return set(tasks) <= set(subject.first.tasks) and AFFINITY.name in readings_of(subject)


def relation_of(subject: Subject, tasks: tuple[str, ...]) -> tuple[Relation, list[str]]:
    """The mean affinity over the whole run between these tasks, none of a task onto itself; and what was done to it:
    ``never_observed`` pairs became 0, all were taken ``less_median``.
    """
    observed = observed_in(subject)
    values = observed.mean().affinity
    known = np.isfinite(values)
    matrix = np.array(of_tasks(AffinityMatrix(observed.series.tasks, np.where(known, values, 0)), tasks))
    apart = ~np.eye(len(tasks), dtype=bool)
    notes = []
    if not known[~np.eye(len(known), dtype=bool)].all():
        notes.append("never_observed")
    if len(tasks) > 1 and not ((matrix + matrix.T)[apart] > 0).any():
        matrix = matrix - np.median(matrix[apart])
        notes.append("less_median")
    return tuple(map(tuple, np.where(apart, matrix, 0.0).tolist())), notes
