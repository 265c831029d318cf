"""The matrices of several runs beside the pinned baseline's: what there is of them, and how they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components import live_chart
from app.components.observed import Observed
from app.components.readings import say_entries
from app.components.scale import order_of
from app.components.subject import Subject
from app.views.compare_runs import key_of, open_two
from engine.affinity.comparison import DifferenceScale
from engine.affinity.several import BEYOND, Several
from engine.charts.colours import Style
from engine.charts.heatmap import affinity_heatmap, robust_max
from engine.charts.quantity import AFFINITY, Quantity
from engine.charts.several import to_baseline
from engine.texts import text

_ACROSS = 3  # matrices side by side


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn.

    Attributes:
        subjects: all that were chosen, the baseline first.
        observed: of those that have the reading, by their ids; with the baseline among them or without.
        several: those, the baseline as such; ``None`` without it, or where there is no other.
        styles: of all.
    """

    subjects: tuple[Subject, ...]
    observed: Mapping[str, Observed]
    several: Several | None
    styles: Mapping[str, Style]

    @property
    def baseline(self) -> Subject:
        return self.subjects[0]

    def name(self, run: str) -> str:
        """A run's name; with its id where another one shown is called the same."""
        (subject,) = (each for each in self.subjects if each.id == run)
        alike = sum(each.name == subject.name for each in self.subjects)
        return subject.name if alike == 1 else subject.label

    @property
    def same_unit(self) -> bool:
        """Whether the entries of all that are compared measure the same."""
        shown = (self.baseline.id, *self.others)
        units = {each.first.quantity for each in self.subjects if each.id in shown}
        return len(units) == 1 or any(each.reading != AFFINITY.name for each in self.observed.values())

    @property
    def others(self) -> list[str]:
        """The ids of those that are set against the baseline."""
        return [self.several.matrices[place].id for place in self.several.compared]


def show_matrices(shown: Shown, scale: DifferenceScale, half: str) -> None:
    """The baseline's matrix, and how every other differs from it, all in one order and with one limit of colours."""
    found, quantity = shown.several, to_baseline(scale)
    order = _order(shown)
    differences = {run: found.difference(place, scale) for run, place in zip(shown.others, found.compared, strict=True)}
    every = np.stack(list(differences.values()))
    panels = [shown.baseline.id, *differences]
    for start in range(0, len(panels), _ACROSS):
        for run, column in zip(panels[start : start + _ACROSS], st.columns(_ACROSS), strict=False):
            with column:
                if run == shown.baseline.id:
                    _baseline_panel(shown, order, half)
                else:
                    _difference_panel(shown, run, differences[run], order, every, quantity, scale, half)
    st.caption(text("compare_several.one_limit", limit=f"{robust_max(every):.2g}", standard_errors=f"{BEYOND:g}"))


def _order(shown: Shown) -> list[int]:
    """The chosen order of the baseline's tasks, over those that are compared."""
    tasks, base = shown.several.tasks, shown.observed[shown.baseline.id]
    return [
        tasks.index(base.series.tasks[place])
        for place in order_of(shown.baseline, base)
        if base.series.tasks[place] in tasks
    ]


def _baseline_panel(shown: Shown, order: Sequence[int], half: str) -> None:
    found = shown.several
    base = found.matrices[found.baseline]
    places = [base.tasks.index(task) for task in found.tasks]
    values = base.affinity[np.ix_(places, places)]
    observed = shown.observed[base.id]
    name = shown.name(base.id)
    key_of(name, shown.styles[base.id], text("compare_several.is_baseline"))
    live_chart.matrix(
        affinity_heatmap(values, found.tasks, order, quantity=observed.quantity),
        key=f"several-base-{base.id}-{observed.reading}-{half}",
        label=text("compare_several.baseline_label", name=name),
    )
    say_entries(shown.baseline, observed, values)


def _difference_panel(
    shown: Shown,
    run: str,
    difference: np.ndarray,
    order: Sequence[int],
    every: np.ndarray,
    quantity: Quantity,
    scale: DifferenceScale,
    half: str,
) -> None:
    place = shown.others.index(run)
    against = shown.several.against[shown.several.compared[place]]
    name = shown.name(run)
    key_of(name, shown.styles[run])
    live_chart.matrix(
        affinity_heatmap(difference, shown.several.tasks, order, quantity=quantity, over=every),
        key=f"several-{run}-{shown.observed[run].reading}-{half}-{scale}",
        label=text("compare_several.difference_label", name=name, baseline=shown.name(shown.baseline.id)),
    )
    judged = against.judged(scale)
    beyond = text("compare_several.beyond", count=against.beyond(scale), judged=judged) if judged else ""
    seeds = len(shown.observed[run].seeds)
    of_seeds = text("compare_several.of_seeds", count=seeds) if seeds else ""
    said = [each for each in (of_seeds, beyond) if each]
    if said:
        st.caption(" ".join(said))
    if st.button(
        text("compare_several.side_by_side"),
        key=f"sides-{run}",
        icon=":material/compare:",
        help=text("compare_several.side_by_side_help", name=name),
    ):
        open_two(shown.baseline.id, run)
        st.rerun()
