"""Sweeps: every design and every weighting on one data set, measured against single-task training."""

import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.live import follow
from app.components.runs import store
from app.components.text import plain
from engine.charts.gains import gains_chart
from engine.runs.sweep import SINGLE_TASK, runs_of, table
from engine.spreadsheets import csv_of

COMMAND = "python -m engine sweep --dataset yeast --seeds 3"
_COLUMNS = {
    "seeds": st.column_config.NumberColumn("Seeds", help="Runs that have finished."),
    "metric": st.column_config.NumberColumn("Metric", format="%.4f", help="Mean over tasks and seeds; higher: better."),
    "metric_sd": st.column_config.NumberColumn("± seeds", format="%.4f"),
    "delta_m": st.column_config.NumberColumn(
        "Δm, %",
        format="%+.2f",
        help="Mean relative gain over single-task training of the same seed: of the accuracy; of a regression, by how "
        "much its squared error is less.",
    ),
    "delta_m_sd": st.column_config.NumberColumn("± seeds of Δm", format="%.2f"),
    "worst_task": st.column_config.NumberColumn("Worst task, %", format="%+.2f", help="The least gain of one task."),
    "step_ratio": st.column_config.NumberColumn(
        "Time", format="%.2f×", help="Of an update, relative to hard sharing with equal weights."
    ),
    "parameters": st.column_config.NumberColumn("Parameters", format="localized"),
    "cost": st.column_config.NumberColumn("SNT", format="%.2f", help="Inference cost; hard sharing: 1."),
}


def show() -> None:
    """The page."""
    st.title("Sweeps")
    st.caption(
        "Every design with equal weights, and every weighting with hard sharing, after the same training. "
        "Blue: better than one network a task; orange: worse."
    )
    names = list(dict.fromkeys(run.sweep for run in store().runs() if run.sweep))
    if not names:
        st.info(
            "There is no sweep yet. Begin one on the command line; given again, it goes on where it stopped.",
            icon=":material/info:",
        )
        st.code(COMMAND, language="sh")
        state.write_url()
        return
    picker, split = st.columns([2, 1], vertical_alignment="bottom")
    wanted = state.get("sweep")
    name = picker.selectbox("Sweep", names, index=names.index(wanted) if wanted in names else 0, format_func=str)
    state.put("sweep", name)
    splits = ["validation", "test"]
    chosen = split.segmented_control("Measured on", splits, default=state.get("split"), required=True)
    state.put("split", chosen)
    state.write_url("sweep", "split")
    follow(lambda: _sweep(name, chosen), lambda: any(run.active for run in runs_of(store(), name)))


def _sweep(name: str, split: str) -> None:
    runs = runs_of(store(), name)
    done = sum(run.status == "finished" for run in runs)
    if done < len(runs):
        st.progress(done / len(runs), text=f"{done} of {len(runs)} runs finished")
    for run in runs:
        if run.status == "failed":
            st.warning(plain(f"{run.name}: {run.error}"), icon=":material/warning:")
    found = _table(store().url, name, split, tuple((run.id, run.status) for run in runs))
    rows = found[found.index != SINGLE_TASK]
    live_chart.plain(
        gains_chart(list(rows.index), rows["delta_m"].to_numpy(), rows["delta_m_sd"].to_numpy()),
        key=f"gains-{name}-{split}",
        label="Mean relative gain over single-task training of every design and weighting",
    )
    show_frame(found, column_config={"variant": "Design, weighting", **_COLUMNS}, width="stretch", height="content")
    file_name = f"sweep-{name}-{split}.csv".replace("/", "-")
    st.download_button("CSV", csv_of(found, index=True), file_name, "text/csv", icon=":material/download:")


@st.cache_data(show_spinner=False, max_entries=8)
def _table(url: str, name: str, split: str, states: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return table(store(), name, split)
