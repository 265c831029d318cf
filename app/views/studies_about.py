"""What a study is: where it comes from, how much of it is measured, and how far its run is."""

import numpy as np
import streamlit as st

from app.components.status import far, status_of
from app.components.stopping import stop_and_resume
from app.components.studies import Choice
from app.components.text import duration, plain
from engine.runs.run import Run
from engine.studies.study import Study
from engine.texts import text


def say_what_it_is(choice: Choice) -> None:
    """Facts in a row, the source, and of a run that is not finished how far it is, with what can be done with it."""
    study = choice.study
    with st.container(horizontal=True, gap="medium"):
        for label, value, about in facts(study):
            st.markdown(f":small[:gray[{label}]]  \n**{plain(value)}**", width="content", help=about or None)
    done = choice.run is not None and choice.run.status == "finished"
    if study.source:
        note = choice.run.note if done else ""
        says = "studies_about.source_and_run" if note else "studies_about.source"
        st.caption(plain(text(says, source=study.source, note=note)))
    if choice.run is not None and not done:
        _say_how_far(choice.run)


def facts(study: Study) -> list[tuple[str, str, str]]:
    """What is known of a study: what it is called, its value, and a hint or none."""
    known = study.known()
    measured = "all_measured" if known.all() else "measured"
    found = [
        (
            text("studies_about.tasks"),
            text("words.comma").join(study.tasks) if len(study.tasks) <= 8 else str(len(study.tasks)),
            "",
        ),
        (
            text("studies_about.networks"),
            text(f"studies_about.{measured}", known=int(known.sum()), there_are=len(known)),
            "",
        ),
        (
            text("studies_about.cost"),
            text("studies_about.in_snt", cost=study.costs[known].sum()),
            text("studies_about.about_cost"),
        ),
    ]
    if study.epochs is not None and np.isfinite(study.epochs).any():
        spent = np.nansum(study.costs * study.epochs)
        found.append(
            (
                text("studies_about.trained_for"),
                text("studies_about.in_snt_epochs", spent=spent),
                text("studies_about.about_epochs"),
            )
        )
    return found


def _say_how_far(run: Run) -> None:
    progress, buttons = st.columns([5, 1], vertical_alignment="center")
    with progress:
        st.progress(min(run.step / run.steps, 1.0) if run.steps else 0.0, text=far_with_time(run))
        if run.note:
            st.caption(f":material/info: {plain(run.note)}")
    with buttons:
        stop_and_resume(run)
    if not run.active:
        stopped = text("studies_about.stopped", status=status_of(run), far=far(run))
        said = filter(None, (stopped, plain(run.error or ""), text("studies_about.resume")))
        st.warning(" ".join(said), icon=":material/warning:")


def far_with_time(run: Run) -> str:
    """How far a run is, and how long it still takes where that is known."""
    if run.status == "running" and run.seconds_left:
        return text("studies_about.left", far=far(run), time=duration(run.seconds_left))
    return far(run)
