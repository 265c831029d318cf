"""What the Training page says of a study: its networks are on a page of their own."""

import streamlit as st

from app import state
from engine.runs.run import Run

ABOUT = "A study trains many networks; how well each of them ends is on the page Studies."


def point_to_studies(run: Run) -> bool:
    """Where to look; whether there is a course to show here, too, that of the network of all tasks."""
    observed = run.config.get("affinity") != "none"
    here = " Below is the course of its network of all tasks, in which affinities were observed." if observed else ""
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.info(
        "This run is a study: its networks, and by how much tasks gain from each other, are on the page Studies."
        f"{here}",
        icon=":material/science:",
    )
    if button.button("To the study", icon=":material/science:", width="stretch", key=f"to-study-{run.id}"):
        state.choose_of("study", run.id)
        state.go_to("studies")
    return observed
