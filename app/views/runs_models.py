"""What launch forms have in common: the kind; of linear models, federated or not, data, tasks and their relation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app import state
from app.components.datasets import loaded
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

_KINDS = {NETWORK: "Network", STUDY: "Measure networks", LINEAR: "Linear models", FEDERATED: "Federated"}
_ABOUT = {
    NETWORK: "One network for all tasks, while which every task's effect on every other is observed.",
    STUDY: "Networks of many sets of tasks, each trained until it learns no more: by how much does a task really gain "
    "from others, and which grouping is best? What any study has measured before is not trained again.",
    LINEAR: "Linear models for all tasks, learned by several methods from few samples up to many: where does sharing "
    "help, and how are the tasks related? Takes minutes.",
    FEDERATED: "Every task is a client that keeps its data to itself; linear models are learned in rounds of "
    "communication, with clients that drop out or are late.",
}
# The data sets that linear models cannot learn, by the reason.
UNSUITED = {
    "whose tasks are of several kinds": ("digits", "digit_mix"),
    "whose tasks are maps": ("rooms", "taskonomy", "nyuv2"),
    "whose photographs are too many numbers": ("celeba",),
}
_HELP = (
    "Linear models learn tasks that are all binary, or all a single real number. A data set of your own "
    "(module:function) is for the command line."
)


def ask_kind() -> str:
    """What is to be trained: a kind of run."""
    first = state.kept("launch kind", lambda: NETWORK)
    kind = st.segmented_control(
        "Train", list(_KINDS), format_func=_KINDS.__getitem__, default=first, required=True, key=f"pick-kind-{first}"
    )
    st.caption(_ABOUT[kind])
    return kind


def ask_samples() -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Data set and tasks: the settings, and the names of the tasks that are learned; ``None`` where there are no data.

    Raises:
        KindredError: if linear models cannot learn them.
    """
    suited = [entry.name for entry in catalog.entries("dataset") if entry.name not in sum(UNSUITED.values(), ())]
    data = ask_data(_HELP, suited, amount=False)
    st.caption(plain(f"Not offered: {'; '.join(f'{joined(names)}, {why}' for why, names in UNSUITED.items())}."))
    if data is None:
        return None
    settings = DataSettings(**data)
    known = tuple(task.name for task in loaded(settings).tasks)
    chosen = st.multiselect(
        "Tasks", known, key=f"pick-tasks-{known}", placeholder="all", help="Left empty: all. At least two make sense."
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
    about = "\n".join(f"- **{plain(entry.name)}**: {plain(entry.summary)}{_paper(entry.paper)}" for entry in offered)
    names = [entry.name for entry in offered]
    return st.multiselect("Methods", names, default=names, key=f"pick-methods-{kind}", help=about)


def _paper(paper: str) -> str:
    return plain(f" ({paper})") if paper else ""


def ask_relation(label: str, tasks: tuple[str, ...], without: str, text: str) -> Relation | None:
    """The mean affinity of another run on the same tasks, as a choice; ``None`` where none was chosen.

    Args:
        without: what choosing none means.
        text: the help.
    """
    fitting = {name: each for name, each in subjects(store().runs()).items() if _fits(each, tasks)}
    chosen = st.selectbox(
        label,
        [None, *fitting],
        format_func=lambda name: without if name is None else fitting[name].label,
        key=f"pick-relation-{label}-{tasks}",
        help=text,
    )
    if chosen is None:
        if not fitting:
            st.caption("No run of networks on these tasks has observed an affinity yet.")
        return None
    relation, notes = relation_of(fitting[chosen], tasks)
    for note in notes:
        st.caption(note)
    return relation


def _fits(subject: Subject, tasks: tuple[str, ...]) -> bool:
    return set(tasks) <= set(subject.first.tasks) and AFFINITY.name in readings_of(subject)


def relation_of(subject: Subject, tasks: tuple[str, ...]) -> tuple[Relation, list[str]]:
    """The mean affinity over the whole run between these tasks, none of a task onto itself; and what was done to it."""
    observed = observed_in(subject)
    values = observed.mean().affinity
    known = np.isfinite(values)
    matrix = np.array(of_tasks(AffinityMatrix(observed.series.tasks, np.where(known, values, 0)), tasks))
    apart = ~np.eye(len(tasks), dtype=bool)
    notes = []
    if not known[~np.eye(len(known), dtype=bool)].all():
        notes.append("Pairs that were never observed count as 0.")
    if len(tasks) > 1 and not ((matrix + matrix.T)[apart] > 0).any():
        matrix = matrix - np.median(matrix[apart])
        notes.append("No pair has an affinity above 0, so all are taken less their median.")
    return tuple(map(tuple, np.where(apart, matrix, 0.0).tolist())), notes
