"""What changed between the runs of the Compare page: their settings side by side, the baseline's first."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from app import state
from app.components.frames import show_frame
from app.components.subject import Subject
from engine.runs.changes import differing, facts_of, settings_of
from engine.spreadsheets import csv_of
from engine.texts import text

_OTHER = "≠ "  # before a value that is not the baseline's
_UNKNOWN = "–"


def show_changes(subjects: Sequence[Subject], name: Callable[[str], str]) -> None:
    """The settings in which the runs differ, or all.

    Args:
        subjects: the baseline first.
        name: of a run by its id, no two the same.
    """
    st.subheader(text("compare_changes.title"))
    settings = [settings_of(each.runs) for each in subjects]
    facts = [facts_of(each.runs) for each in subjects]
    every = st.toggle(text("compare_changes.all"), state.get("every_setting"), key="every-setting")
    state.put("every_setting", every or None)
    rows = [
        (text(f"compare_changes.{row}") if columns is facts else row, [column.get(row) for column in columns])
        for columns in (settings, facts)
        for row in (dict.fromkeys(key for column in columns for key in column) if every else differing(columns))
    ]
    if not rows:
        st.info(text("compare_changes.same"), icon=":material/info:")
        return
    settings_named = pd.Index([row for row, _ in rows], name=text("compare_changes.setting"))
    table = pd.DataFrame([_row(values) for _, values in rows], settings_named, headings(subjects, name))
    show_frame(table, width="stretch", height="content" if len(table) <= 12 else 460)
    st.caption(text("compare_changes.about", other=_OTHER.strip(), unknown=_UNKNOWN))
    st.download_button(
        text("compare_result.csv"),
        csv_of(table, index=True),
        f"compare-settings-{subjects[0].file_name}.csv",
        "text/csv",
        icon=":material/download:",
        key="csv-settings",
    )


def headings(subjects: Sequence[Subject], name: Callable[[str], str]) -> list[str]:
    """The names of columns, a run each, no two the same; the first is said to be the baseline's."""
    first, *others = (name(each.id) for each in subjects)
    baseline = text("compare_changes.baseline", name=first)
    return [baseline + " " * (baseline in others), *others]


def _row(values: Sequence[str | None]) -> list[str]:
    baseline, *others = values
    return [_written(baseline), *(("" if each == baseline else _OTHER) + _written(each) for each in others)]


def _written(value: str | None) -> str:
    return _UNKNOWN if value is None else value or text("compare_changes.empty")
