"""Parts of a page that follow a run while it trains."""

from collections.abc import Callable

import streamlit as st

from app import metrics
from app.components.guard import guarded

POLL_SECONDS = 1.0


def follow(part: Callable[[], None], active: Callable[[], bool]) -> None:
    """Draw a part of a page; while ``active()``, again every second by itself; the page whole where that changes."""
    began_active = active()

    @metrics.timed_part
    @guarded
    def drawn() -> None:
        part()
        if began_active != active():
            st.rerun()

    st.fragment(drawn, run_every=POLL_SECONDS if began_active else None)()
