"""Sweeps: every design and every weighting on one data set, measured against single-task training."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.live import follow
from app.components.runs import store
from app.components.subject import GROUP
from app.components.text import plain
from engine.affinity.several import MOST
from engine.charts.gains import gains_chart
from engine.runs.run import Run
from engine.runs.sweep import SINGLE_TASK, runs_of, table
from engine.spreadsheets import csv_of
from engine.texts import text

SNIPPET = "python -m engine sweep --dataset yeast --seeds 3"
_FORMATS = {
    "seeds": None,
    "metric": "%.4f",
    "metric_sd": "%.4f",
    "delta_m": "%+.2f",
    "delta_m_sd": "%.2f",
    "worst_task": "%+.2f",
    "step_ratio": "%.2f×",
    "parameters": "localized",
    "cost": "%.2f",
}
_EXPLAINED = ("seeds", "metric", "delta_m", "worst_task", "step_ratio", "cost")


def show() -> None:
    """The page."""
    st.title(text("sweeps.title"))
    explain("sweeps.look")
    names = list(dict.fromkeys(run.sweep for run in store().runs() if run.sweep))
    if not names:
        st.info(text("sweeps.empty"), icon=":material/info:")
        st.code(SNIPPET, language="sh")
        state.write_url()
        return
    picker, split = st.columns([2, 1], vertical_alignment="bottom")
    wanted = state.get("sweep")
    name = picker.selectbox(
        text("sweeps.sweep"),
        names,
        index=names.index(wanted) if wanted in names else 0,
        format_func=str,
        key="pick-sweep",
    )
    state.put("sweep", name)
    chosen = split.segmented_control(
        text("sweeps.split"),
        ["validation", "test"],
        format_func=lambda each: text(f"sweeps.{each}"),
        default=state.get("split"),
        required=True,
        key="pick-sweep-split",
    )
    state.put("split", chosen)
    state.write_url("sweep", "split")
    _compare(runs_of(store(), name))
    follow(lambda: _sweep(name, chosen), lambda: any(run.active for run in runs_of(store(), name)))


def _compare(runs: Sequence[Run]) -> None:
    """Choose variants to compare on a page of their own."""
    variants = _variants(runs)
    choice, button = st.columns([4, 1], vertical_alignment="bottom")
    chosen = choice.multiselect(
        text("sweeps.compare"),
        list(variants),
        max_selections=MOST,
        placeholder=text("sweeps.compare_hint"),
        key="compare-variants",
        help=text("sweeps.compare_help"),
    )
    if button.button(
        text("sweeps.open"), key="open-compare", disabled=len(chosen) < 2, icon=":material/compare:", width="stretch"
    ):
        state.put("runs", tuple(variants[each] for each in chosen))
        state.put("baseline", None)
        state.go_to("compare")


def _variants(runs: Sequence[Run]) -> Mapping[str, str]:
    """The variants of a sweep by name, each with the id of its group of seeds, or of its run where that is one."""
    groups: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run.created, run.id)):
        groups.setdefault(run.group, []).append(run)
    return {
        group.removeprefix(f"{members[0].sweep}: "): GROUP + group if len(members) > 1 else members[0].id
        for group, members in groups.items()
    }


def _sweep(name: str, split: str) -> None:
    runs = runs_of(store(), name)
    done = sum(run.status == "finished" for run in runs)
    if done < len(runs):
        st.progress(done / len(runs), text=text("sweeps.finished", done=done, count=len(runs)))
    for run in runs:
        if run.status == "failed":
            st.warning(plain(text("sweeps.failed", name=run.name, error=run.error)), icon=":material/warning:")
    found = _table(store().url, name, split, tuple((run.id, run.status) for run in runs))
    rows = found[found.index != SINGLE_TASK]
    live_chart.plain(
        gains_chart(list(rows.index), rows["delta_m"].to_numpy(), rows["delta_m_sd"].to_numpy()),
        key=f"gains-{name}-{split}",
        label=text("sweeps.gains_label"),
    )
    columns = {
        column: st.column_config.NumberColumn(
            text(f"sweeps.{column}"),
            format=shape,
            help=text(f"sweeps.{column}_help") if column in _EXPLAINED else None,
        )
        for column, shape in _FORMATS.items()
    }
    show_frame(found, column_config={"variant": text("sweeps.variant"), **columns}, width="stretch", height="content")
    file_name = f"sweep-{name}-{split}.csv".replace("/", "-")
    st.download_button(
        text("compare_result.csv"),
        csv_of(found, index=True),
        file_name,
        "text/csv",
        icon=":material/download:",
        key="csv-sweep",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def _table(url: str, name: str, split: str, states: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return table(store(), name, split)
