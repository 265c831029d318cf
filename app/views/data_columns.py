"""The columns of a table as a visitor corrects them, how its rows are split, and what stands against using it so."""

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import state
from app.components.datasets import TableSettings, columns_in
from app.components.frames import edit_rows
from app.components.text import plain
from engine.datasets.tables.columns import INPUT, LEFT_OUT, TARGET, Column, listed
from engine.datasets.tables.kinds import USABLE
from engine.texts import text

ROLES = (TARGET, INPUT, LEFT_OUT)
MOST_PROBLEMS = 6  # that are said at a time
MOST_LISTED = 12  # rows of the editor that are seen without scrolling
SPLITS = ("random", "group", "time")


def ask_columns(key: str, frame: pd.DataFrame) -> None:
    """The columns with their kinds and roles, to be corrected; makes ``targets``, ``kinds`` and ``leave_out``."""
    editor = f"data-columns-{key}"
    if editor not in st.session_state:  # a table that is edited must be given the same rows again
        state.keep(editor, _first_rows(key, frame))
    rows: list[dict[str, Any]] = state.kept(editor, list)
    edited = edit_rows(
        rows,
        "column",
        key=editor,
        hide_index=True,
        disabled=["column", "guess", "values", "missing", "examples"],
        height=35 * (min(len(rows), MOST_LISTED) + 1) + 3,
        column_order=["column", "role", "kind", "values", "missing", "examples"],
        column_config={
            "column": st.column_config.TextColumn(text("data_columns.column"), pinned=True),
            "role": st.column_config.SelectboxColumn(
                text("data_columns.role"),
                options=list(ROLES),
                required=True,
                format_func=lambda role: text(f"data_columns.role_{role.replace(' ', '_')}"),
            ),
            "kind": st.column_config.SelectboxColumn(
                text("data_columns.kind"),
                options=list(dict.fromkeys([*USABLE, *(row["kind"] for row in rows)])),
                required=True,
                format_func=lambda kind: text(f"data_columns.kind_{kind}"),
                help=text("data_columns.about_kind"),
            ),
            "values": st.column_config.NumberColumn(
                text("data_columns.values"), help=text("data_columns.about_values"), format="localized"
            ),
            "missing": st.column_config.NumberColumn(text("data_columns.empty"), format="%.1f %%"),
            "examples": st.column_config.TextColumn(text("data_columns.examples"), width="medium"),
        },
        alt=text("data_columns.alt"),
    )
    state.put("targets", tuple(row["column"] for row in edited if row["role"] == TARGET))
    state.put("leave_out", tuple(row["column"] for row in edited if row["role"] == LEFT_OUT))
    state.put("kinds", tuple((row["column"], row["kind"]) for row in edited if row["kind"] != row["guess"]))


def _first_rows(key: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """As they were chosen before; at first, what no run can begin with as an input is left out."""
    chosen, columns = TableSettings.chosen(), columns_in(key, TableSettings(), frame)
    named = {*chosen.targets, *chosen.leave_out, *dict(chosen.kinds)}
    if not chosen.targets or not named.issubset(frame.columns):
        unfit = tuple(column.name for column in columns if column.problem or column.role == LEFT_OUT)
        chosen = TableSettings(leave_out=unfit)
    kinds = dict(chosen.kinds)
    return [
        {
            "column": column.name,
            "role": TARGET if column.name in chosen.targets else LEFT_OUT if column.name in chosen.leave_out else INPUT,
            "kind": kinds.get(column.name, column.guess),
            "guess": column.guess,
            "values": column.distinct,
            "missing": 100 * column.missing,
            "examples": ", ".join(column.examples),
        }
        for column in columns
    ]


def ask_split(frame: pd.DataFrame) -> None:
    """How rows are split, and by which column; makes ``row_split`` and ``split_by``."""
    how, by = st.columns([2, 2], vertical_alignment="bottom")
    split = how.segmented_control(
        text("data_columns.split"),
        SPLITS,
        default=state.get("row_split"),
        required=True,
        format_func=lambda each: text(f"data_columns.split_{each}"),
        key="data-split",
        help=text("data_columns.about_split"),
    )
    if split == "random" or split != state.get("row_split"):
        state.put("split_by", None)
    state.put("row_split", split)
    if split == "random":
        return
    names = list(map(str, frame.columns))
    wanted = state.get("split_by")
    chosen = by.selectbox(
        text(f"data_columns.by_{split}"),
        names,
        names.index(wanted) if wanted in names else None,
        placeholder=text(f"data_columns.choose_{split}"),
        key=f"data-split-by-{split}",
        help=text("data_columns.about_by"),
    )
    state.put("split_by", chosen)


def say_columns(columns: Sequence[Column]) -> bool:
    """What stands against using the columns so, a sentence each, and what else to know; whether nothing does."""
    for column in columns:
        if column.note:
            st.caption(f":material/info: **{plain(column.name)}**: {plain(column.note)}.")
    problems = [column for column in columns if column.problem]
    for column in problems[:MOST_PROBLEMS]:
        st.error(plain(without_options(column.problem, column.name)), icon=":material/error:")
    if len(problems) > MOST_PROBLEMS:
        more = text("words.comma").join(column.name for column in problems[MOST_PROBLEMS:][:MOST_LISTED])
        st.error(plain(text("data_columns.more_problems", columns=more)), icon=":material/error:")
    if state.get("row_split") == "group" and not state.get("split_by"):
        st.info(text("data_columns.no_group"), icon=":material/arrow_upward:")
        return False
    if not any(column.role == TARGET for column in columns):
        st.info(text("data_columns.no_target"), icon=":material/arrow_upward:")
        return False
    return not problems


def without_options(problem: str, name: str) -> str:
    """A problem without the options of the command line that it names as the way out: here they are in the table.

    >>> without_options("The input 'a' is free text, which is not read; leave it out by --leave-out a.", "a")
    "The input 'a' is free text, which is not read; leave it out."
    """
    problem = problem.replace(f" by --leave-out {listed([name])}", "")
    for kind in USABLE:
        problem = re.sub(rf",[^,]* --kinds {re.escape(name)}={kind}", "", problem)
    return problem
