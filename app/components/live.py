"""Parts of a page that follow a run while it trains."""

from collections.abc import Callable, Hashable
from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx

from app import metrics
from app.components.guard import guarded

POLL_SECONDS = 1.0
_CHANGING = "changing"  # the key of the part of a page that is drawn again where its state has changed


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


def follow_changes(look: Callable[[], tuple[Hashable, bool]], part: Callable[[], None], active: bool) -> None:
    """Draw a part of a page, once on it, and again where what it shows has changed. Many may watch, and most looks find
    nothing new: to look costs a fifth of drawing.

    Args:
        look: draws what changes all the time, above the part; tells the state that the part is to show, and whether
            that may still change. It is called every second while it may; the page is drawn whole where it no longer
            may.
        part: the part.
        active: whether its state may still change.
    """
    state: dict[str, Hashable] = {}  # as it was seen last, and as it is drawn: None where that failed

    @metrics.timed_part
    @guarded
    def looked() -> None:
        state["seen"], may_change = look()
        if may_change != active:
            st.rerun()
        if "drawn" in state and state["drawn"] != state["seen"]:
            _draw_again(_CHANGING)

    @metrics.timed_part
    @guarded
    def drawn() -> None:
        state["drawn"] = None
        part()
        state["drawn"] = state.get("seen")

    st.fragment(looked, run_every=POLL_SECONDS if active else None)()
    st.fragment(drawn, key=_CHANGING)()


def _draw_again(key: str) -> NoReturn:
    """Go on with the fragment of that key, as ``st.rerun(key)`` does, which Streamlit offers to callbacks only."""
    run = get_script_run_ctx()
    raise RerunException(
        RerunData(
            query_string=run.query_string,
            page_script_hash=run.page_script_hash,
            fragment_id_queue=run.fragment_storage.resolve_target(key),
            is_fragment_scoped_rerun=True,
            cached_message_hashes=run.cached_message_hashes,
            context_info=run.context_info,
        )
    )
