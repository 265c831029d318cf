"""The buttons that stop a run and take it up again."""

import streamlit as st

from app.components.editing import editing_store, for_editors, resume
from engine.runs.run import Run


def stop_and_resume(run: Run, width: str = "stretch") -> None:
    """Those of the two that the run's state allows."""
    own = run.origin == "tracked"
    if run.active and st.button(
        "Stop tracking" if own else "Cancel",
        key=f"cancel-{run.id}",
        icon=":material/stop_circle:",
        width=width,
        **for_editors("Its loop trains on without being observed." if own else None),
    ):
        editing_store().request_cancel(run.id)
        st.rerun()
    if run.resumable and st.button(
        "Resume", key=f"resume-{run.id}", icon=":material/resume:", width=width, **for_editors()
    ):
        resume(run)
        st.rerun()
