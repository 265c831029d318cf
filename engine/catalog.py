"""The one registry: every method and data set by kind and name, described here and loaded only when used."""

import difflib
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from engine.errors import KindredError


@dataclass(frozen=True)
class Entry:
    """Attributes:
    name: what the user types.
    summary: one line.
    where: ``module:attribute`` of the code.
    paper: its source, empty for the plain ones.
    """

    name: str
    summary: str
    where: str
    paper: str = ""


_ENTRIES: dict[str, tuple[Entry, ...]] = {
    "dataset": (
        Entry(
            "yeast",
            "14 functions of 2,417 yeast genes: binary tasks of which some pairs help and some hurt",
            "engine.datasets.yeast:load",
            "Elisseeff and Weston, NeurIPS 2001",
        ),
        Entry(
            "digits",
            "11 attributes of 1,797 handwritten digits and their strokes: classification and regression",
            "engine.datasets.digits:load",
            "Alpaydin and Kaynak, UCI 1998 (in scikit-learn)",
        ),
    ),
    "architecture": (
        Entry(
            "hard_sharing",
            "one trunk for all tasks, one linear head a task",
            "engine.architectures.hard_sharing:HardSharing",
            "Caruana, Machine Learning 1997",
        ),
    ),
    "trunk": (
        Entry("mlp", "fully connected layers with ReLU", "engine.architectures.trunks:mlp"),
        Entry("convolutional", "3×3 convolutions, for images", "engine.architectures.trunks:convolutional"),
    ),
    "weighting": (Entry("equal", "the sum of all task losses, each with weight 1", "engine.weighting.equal:combine"),),
    "estimator": (
        Entry(
            "auto",
            "within a budget of time: chooses over how many layers, and how often, to look",
            "engine.affinity.auto:Auto",
        ),
        Entry(
            "lookahead",
            "exact: take each task's step on the shared parameters, evaluate every task again",
            "engine.affinity.lookahead:Lookahead",
            "Fifty et al., NeurIPS 2021",
        ),
        Entry(
            "first_order",
            "scalar products of the tasks' gradients: the lookahead of a small step",
            "engine.affinity.first_order:FirstOrder",
            "Fifty et al., NeurIPS 2021, to first order",
        ),
        Entry(
            "last_layer",
            "first order on the last shared layer alone: a few percent of a training step",
            "engine.affinity.last_layer:LastLayer",
        ),
        Entry(
            "head_lookahead",
            "a lookahead that steps on the last shared layer and evaluates only the heads again",
            "engine.affinity.head_lookahead:HeadLookahead",
        ),
        Entry(
            "corrected",
            "a cheap estimator at every update, made unbiased by the exact one at a few",
            "engine.affinity.corrected:Corrected",
        ),
        Entry(
            "gradient_cosine",
            "the angle between the tasks' gradients, whatever their size",
            "engine.affinity.gradient_cosine:GradientCosine",
            "Yu et al., NeurIPS 2020",
        ),
        Entry(
            "gradient_conflict",
            "how often the tasks' gradients point apart",
            "engine.affinity.gradient_cosine:GradientConflict",
            "Yu et al., NeurIPS 2020",
        ),
        Entry(
            "representation",
            "how alike the tasks see the samples of a batch: representational similarity",
            "engine.affinity.representation:Representation",
            "Dwivedi and Roig, CVPR 2019",
        ),
    ),
    "solver": (
        Entry(
            "exact_subsets",
            "dynamic programme over subsets: the optimum for every budget at once, up to 16 served tasks",
            "engine.grouping.exact_subsets:solve",
        ),
        Entry(
            "column_generation",
            "linear programme over blocks with exact pricing: proofs, or honest gaps, for many served tasks",
            "engine.grouping.column_generation:solve",
            "Gilmore and Gomory, Operations Research 1961",
        ),
        Entry(
            "local_search",
            "simulated annealing: a good grouping in milliseconds, without a proof",
            "engine.grouping.local_search:solve",
            "Kirkpatrick et al., Science 1983",
        ),
        Entry(
            "branch_and_bound",
            "the papers' method, with bounds: a readable reference for few served tasks",
            "engine.grouping.branch_and_bound:solve",
            "Standley et al., ICML 2020; Fifty et al., NeurIPS 2021",
        ),
        Entry(
            "integer_program",
            "0-1 programme over blocks in PuLP, with CBC or HiGHS: the independent check, up to 16 served tasks",
            "engine.grouping.integer_program:solve",
            "Standley et al., ICML 2020; Fifty et al., NeurIPS 2021",
        ),
    ),
}


def entries(kind: str) -> tuple[Entry, ...]:
    """All entries of a kind, in the order to show them."""
    return _ENTRIES[kind]


def find(kind: str, name: str) -> Entry:
    """The entry of that name.

    Raises:
        KindredError: naming what there is, and the nearest name.
    """
    known = {entry.name: entry for entry in _ENTRIES[kind]}
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise KindredError(f"There is no {kind} {name!r}; choose one of {', '.join(known)}.{hint}")
    return known[name]


def load(kind: str, name: str) -> Any:
    """The code behind an entry, imported now."""
    module, attribute = find(kind, name).where.split(":")
    return getattr(import_module(module), attribute)
