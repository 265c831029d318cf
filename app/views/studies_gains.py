"""Who helps whom in a study, as measured: the table of the relation of every two tasks."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.glossary import explain
from app.components.losses import pick_split, split_name
from app.components.studies import Choice
from app.components.text import plain
from engine.charts.heatmap import affinity_heatmap
from engine.charts.quantity import GAIN
from engine.spreadsheets import csv_of
from engine.studies.relations import gains, gains_over_full
from engine.texts import text

_MEASURE = {"half": gains, "full": gains_over_full}


def show_gains(choice: Choice) -> None:
    """The heatmap, and the same as a table."""
    study = choice.study
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        split = pick_split(study)
    over = right.segmented_control(
        text("studies_gains.over"),
        list(_MEASURE),
        format_func=lambda name: text(f"studies_gains.{name}"),
        default=state.get("gain_over"),
        required=True,
        key=f"pick-gain-over-{choice.key}",
        help=text("studies_gains.about"),
    )
    state.put("gain_over", over)
    table = _MEASURE[over](study, split)
    if not np.isfinite(table).any():
        st.info(text(f"studies_gains.nothing_{over}"), icon=":material/info:")
        return
    explain(f"studies_gains.look_{over}", split=split_name(split).lower())
    live_chart.matrix(
        affinity_heatmap(table, study.tasks, quantity=GAIN),
        key=f"gains-{choice.key}-{split}-{over}",
        label=text(f"studies_gains.chart_{over}"),
    )
    unknown = int(np.isnan(table[~np.eye(len(table), dtype=bool)]).sum())
    if unknown:
        entries = table.size - len(table)
        st.caption(f":material/visibility_off: {text('studies_gains.unknown', count=unknown, entries=entries)}")
    _table(table, study.tasks, f"{choice.file_name}-gains-{split}-over-{over}.csv")


def _table(table: np.ndarray, tasks: tuple[str, ...], file_name: str) -> None:
    frame = pd.DataFrame(table, pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
    with st.expander(text("studies_gains.as_table"), key="gains-as-table"):
        st.caption(text("studies_gains.about_table"))
        st.download_button(
            "CSV", csv_of(frame, index=True), file_name, "text/csv", key="gains-csv", icon=":material/download:"
        )
        labels = [plain(task) for task in tasks]
        st.table(frame.set_axis(labels, axis=0).set_axis(labels, axis=1).map(_number))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:+.2f}".replace("-", "−")
