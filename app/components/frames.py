"""Tables on a page, whose own buttons copy them and save them as CSV: nothing in them is run by a spreadsheet."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.spreadsheets import as_written, inert, inert_frame


def show_frame(frame: pd.DataFrame, column_config: Mapping[Any, Any] | None = None, **options: Any) -> None:
    """``st.dataframe``, with every text in it ``inert``; ``column_config`` names columns as the frame does."""
    config = {inert(str(name)): each for name, each in (column_config or {}).items()}
    st.dataframe(inert_frame(frame), column_config=config, **options)


def edit_rows(rows: Sequence[Mapping[str, Any]], names: str, **options: Any) -> list[dict[str, Any]]:
    """``st.data_editor`` of rows, whose column ``names``, which others chose, is ``inert`` there and as given here."""
    shown = [{key: inert(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]
    edited = st.data_editor(shown, **options)
    return [{**row, names: as_written(row[names])} for row in edited]
