"""The numbers behind a page's charts, as tables that are made and drawn only where they are open."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app.components.frames import show_frame
from app.components.text import plain
from engine.texts import text


def tables_below(key: str) -> st.delta_generator.DeltaGenerator | None:
    """An expander for the numbers of the charts above; ``None`` while it is closed.

    Args:
        key: under which it stays open while the page is drawn again.
    """
    expander = st.expander(text("behind.title"), key=key, on_change="rerun", icon=":material/table_chart:")
    return expander if expander.open else None


def show_curves(curves: Mapping[str, pd.DataFrame]) -> None:
    """A tab for each chart, by its title, with a row for each place on its axis and a column for each line."""
    tabs = st.tabs([plain(title) for title in curves]) if curves else ()
    for tab, (title, frame) in zip(tabs, curves.items(), strict=True):
        with tab:
            show_frame(frame, width="stretch", alt=title)
