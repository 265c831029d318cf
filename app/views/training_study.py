"""What the Training page says of a study: its networks are on a page of their own."""

import streamlit as st

from app import state
from engine.runs.run import Run
from engine.texts import text


def point_to_studies(run: Run) -> bool:
    """Where to look; whether there is a course to show here, too, that of the network of all tasks."""
    observed = run.config.get("affinity") != "none"
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.info(
        text("training_study.elsewhere_and_here" if observed else "training_study.elsewhere"),
        icon=":material/science:",
    )
    if button.button(text("training_study.go"), icon=":material/science:", width="stretch", key=f"to-study-{run.id}"):
        state.choose_of("study", run.id)
        state.go_to("studies")
    return observed
