"""The matrix of the Affinity page as a moving picture, made once it is asked for."""

import streamlit as st

from app import state
from app.components.observed import Observed
from app.components.scale import order_of
from app.components.subject import Subject
from app.components.text import plain
from engine.charts.moving import MOST_FRAMES, matrix_gif
from engine.texts import text


def show_moving(subject: Subject, observed: Observed) -> None:
    """An expander with a button that prepares the picture and then one that saves it; nothing where nothing moves."""
    if len(observed.series) < 2:
        return
    expander = st.expander(text("affinity_moving.title"), key="affinity-moving", on_change="rerun")
    if not expander.open:
        return
    with expander:
        st.caption(text("affinity_moving.about", most=MOST_FRAMES))
        made_of = (subject.id, observed.reading, observed.state, state.get("order"), state.get("scale"))
        if st.button(text("affinity_moving.prepare"), icon=":material/movie:", key="prepare-gif"):
            with st.spinner(text("affinity_moving.preparing")):
                made = matrix_gif(
                    observed.mean,
                    observed.series.edges,
                    observed.series.tasks,
                    order_of(subject, observed),
                    state.get("scale"),
                    subject.name,
                )
            state.keep("gif", (made_of, made))
        kept, picture = state.kept("gif", lambda: (None, b""))
        if kept == made_of:
            st.image(picture, caption=text("affinity_moving.picture", run=plain(subject.name)))
            st.download_button(
                text("affinity_moving.save"),
                picture,
                f"{subject.file_name}-{observed.reading}.gif",
                "image/gif",
                icon=":material/download:",
                key="save-gif",
            )
