"""The buttons that stop a run and take it up again."""

import streamlit as st

from app.components.editing import editing_store, for_editors, resume
from engine.runs.run import Run
from engine.texts import text


def stop_and_resume(run: Run, width: str = "stretch") -> None:
    """Those of the two that the run's state allows."""
    own = run.origin == "tracked"
    if run.active and st.button(
        text("stopping.stop_tracking" if own else "stopping.cancel"),
        key=f"cancel-{run.id}",
        icon=":material/stop_circle:",
        width=width,
        **for_editors(text("stopping.trains_on") if own else None),
    ):
        editing_store().request_cancel(run.id)
        st.rerun()
    if run.resumable and st.button(
        text("stopping.resume"), key=f"resume-{run.id}", icon=":material/resume:", width=width, **for_editors()
    ):
        resume(run)
        st.rerun()
