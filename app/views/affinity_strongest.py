"""The strongest helps and harms of the interval that the Affinity page shows, and a way to the pair behind each."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components.frames import show_frame
from app.components.observed import Observed
from app.components.subject import Subject
from engine.affinity.series import IntervalMean
from engine.charts.quantity import AFFINITY
from engine.texts import text

MOST = 10
SURE_FROM = 2  # standard errors


@dataclass(frozen=True, eq=False)
class Strongest:
    """Pairs of tasks above zero, or below it, the furthest first.

    Attributes:
        sources, targets: ``[pairs]``, places of tasks.
        values: ``[pairs]``.
        errors: ``[pairs]``, standard errors; NaN where unknown.
    """

    sources: np.ndarray
    targets: np.ndarray
    values: np.ndarray
    errors: np.ndarray

    @classmethod
    def of(cls, mean: IntervalMean, sign: int, mutual: bool = False, most: int = MOST) -> Self:
        """Those of a mean on the side of zero that ``sign`` is on; a pair once where both directions are the same."""
        apart = ~np.eye(len(mean.affinity), dtype=bool)
        sources, targets = np.nonzero(np.triu(apart) if mutual else apart)
        values = mean.affinity[sources, targets]
        on_side = np.flatnonzero(sign * values > 0)  # NaN is on neither
        found = on_side[np.argsort(-sign * values[on_side], kind="stable")][:most]
        sources, targets = sources[found], targets[found]
        return cls(sources, targets, values[found], mean.standard_error[sources, targets])

    @property
    def sure(self) -> np.ndarray:
        """``[pairs]``: whether more than two standard errors from zero; False where the error is unknown."""
        return np.abs(self.values) > SURE_FROM * self.errors


def show_strongest(subject: Subject, observed: Observed, mean: IntervalMean) -> None:
    """Two tables side by side; a row that is chosen becomes the selected pair."""
    directed = observed.quantity is AFFINITY
    st.subheader(text("affinity_strongest.title" if directed else "affinity_strongest.title_other"))
    for column, (name, sign) in zip(st.columns(2), (("helps", 1), ("harms", -1)), strict=True):
        with column:
            st.markdown(f"**{text(f'affinity_strongest.{name}' if directed else f'affinity_strongest.{name}_other')}**")
            found = Strongest.of(mean, sign, observed.quantity.mutual)
            if len(found.values):
                _table(f"strongest-{name}-{subject.id}-{observed.reading}", observed, found)
            else:
                st.caption(text(f"affinity_strongest.no_{name}"))
    st.caption(text("affinity_strongest.choose"))


def _table(key: str, observed: Observed, found: Strongest) -> None:
    tasks = observed.series.tasks
    pairs = [(tasks[source], tasks[target]) for source, target in zip(found.sources, found.targets, strict=True)]
    one, other = ("task", "other") if observed.quantity.mutual else ("source", "target")
    name, error, sure = (
        observed.quantity.said,
        text("affinity_strongest.standard_error"),
        text("affinity_strongest.sure"),
    )
    columns = {
        text(f"affinity_strongest.{one}"): [pair[0] for pair in pairs],
        text(f"affinity_strongest.{other}"): [pair[1] for pair in pairs],
        name: found.values,
    }
    if np.isfinite(found.errors).any():
        yes, no, unknown = (text(f"affinity_strongest.{said}") for said in ("yes", "no", "unknown"))
        known = np.isfinite(found.errors)
        columns |= {error: found.errors, sure: np.where(known, np.where(found.sure, yes, no), unknown)}
    short = st.column_config.NumberColumn(format="%.3g")
    show_frame(
        pd.DataFrame(columns),
        column_config={name: short, error: short},
        hide_index=True,
        width="stretch",
        key=key,
        on_select=lambda: _choose(key, pairs),
        selection_mode="single-row",
    )


def _choose(key: str, pairs: list[tuple[str, str]]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(pairs):
        state.put("pair", pairs[rows[0]])
