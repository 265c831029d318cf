"""What each way of choosing networks comes to on a study, at every budget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from app.components.studies import Choice
from engine.grouping.scenarios import MOST_SERVING
from engine.studies.advisor import best_known, score
from engine.studies.study import TEST, VALIDATION, Study
from engine.studies.ways import WAYS, Way
from engine.texts import language, text

MOST_TASKS = MOST_SERVING
_LONGEST = 3  # networks that are named where some are missing
_LACKS = {"TAG": "affinities", "Grad-TAG": "linearised", "ESA": "early_stopped"}


@dataclass(frozen=True, eq=False)
class Chosen:
    """One way's choice under one budget.

    Attributes:
        networks: ``[tasks]``, the place of the network that serves each task.
        score: its weighted mean test loss; NaN where one was not measured there.
    """

    networks: np.ndarray
    score: float


@dataclass(frozen=True, eq=False)
class Groupings:
    """Attributes:
    budgets: in SNT, in half steps from 1 to the number of tasks.
    chosen: way → one choice a budget; None where the budget serves not everyone. Ways that cannot tell are left out.
    needs: way → what it would need, of those left out.
    """

    budgets: tuple[float, ...]
    chosen: dict[str, tuple[Chosen | None, ...]]
    needs: dict[str, str]


@dataclass(frozen=True)
class Served:
    """A network of a grouping.

    Attributes:
        place: in the study.
        serves: its tasks whose predictions are taken from it.
        along: its other tasks.
    """

    place: int
    serves: tuple[str, ...]
    along: tuple[str, ...]


def groupings_of(choice: Choice) -> Groupings:
    """Every way at every budget, worked out once for each state of a study.

    Raises:
        KindredError: if there are more than ``MOST_TASKS`` tasks.
    """
    with st.spinner(text("groupings.choosing"), show_time=False):
        return _groupings(choice, language())


@st.cache_resource(show_spinner=False, max_entries=32, hash_funcs={Choice: lambda each: each.token})
def _groupings(choice: Choice, of: str) -> Groupings:  # what ways need is told in a language
    return every_grouping(choice.study)


def every_grouping(study: Study) -> Groupings:
    """See `groupings_of`."""
    budgets = tuple(float(each) for each in np.arange(1, len(study.tasks) + 0.25, 0.5))
    chosen, needs = {}, {}
    for name, way in reversed(WAYS.items()):  # the one that knows most first
        losses = way.losses(study)
        if losses is None or not np.isfinite(losses).any():
            needs[name] = what_it_needs(study, name, way)
            continue
        shown = replace(study, losses={VALIDATION: losses})
        found = [best_known(shown, budget) for budget in budgets]
        if any(each is not None for each in found):
            chosen[name] = tuple(
                None if each is None else Chosen(each, score(study, each, TEST)) for each in found
            )  # fmt: skip
        else:
            needs[name] = text("groupings.serving_all")
    return Groupings(budgets, chosen, needs)


def what_it_needs(study: Study, name: str, way: Way) -> str:
    """In words, what a way that cannot tell would need."""
    missing = [study.networks[place].name for place in np.flatnonzero(way.needs(study) & ~study.known())]
    if missing:
        key = "groupings.missing_more" if len(missing) > _LONGEST else "groupings.missing"
        named = text("words.comma").join(missing[:_LONGEST])
        return text(key, count=len(missing), networks=named, more=len(missing) - _LONGEST)
    return text(f"groupings.{_LACKS[name]}" if not way.has(study) else "groupings.not_listed")


def served_by(study: Study, chosen: Sequence[int]) -> list[Served]:
    """The networks of a grouping, the one that serves most first.

    Args:
        chosen: ``[tasks]``, as of `Chosen`.
    """
    found = []
    for place in dict.fromkeys(int(each) for each in chosen):
        serves = tuple(task for task, own in zip(study.tasks, chosen, strict=True) if own == place)
        along = tuple(task for task in study.networks[place].tasks if task not in serves)
        found.append(Served(place, serves, along))
    return sorted(found, key=lambda each: -len(each.serves))
