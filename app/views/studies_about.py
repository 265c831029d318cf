"""What a study is: where it comes from, how much of it is measured, and how far its run is."""

import numpy as np
import streamlit as st

from app.components.status import far
from app.components.stopping import stop_and_resume
from app.components.studies import Choice
from app.components.text import duration, plain
from engine.runs.run import Run
from engine.studies.study import Study

_COST = (
    "Inference cost of all measured networks together, in SNT (standard network time): 1 is one network of full size."
)
_EPOCHS = "What training these networks took once: the SNT of each times its epochs, the mean of its seeds."


def say_what_it_is(choice: Choice) -> None:
    """Facts in a row, the source, and of a run that is not finished how far it is, with what can be done with it."""
    study = choice.study
    with st.container(horizontal=True, gap="medium"):
        for label, value, text in facts(study):
            st.markdown(f":small[:gray[{label}]]  \n**{plain(value)}**", width="content", help=text or None)
    done = choice.run is not None and choice.run.status == "finished"
    trained = f" This run: {choice.run.note}." if done and choice.run.note else ""
    if study.source:
        st.caption(plain(f"Source: {study.source}.{trained}"))
    if choice.run is not None and not done:
        _say_how_far(choice.run)


def facts(study: Study) -> list[tuple[str, str, str]]:
    """What is known of a study: what it is called, its value, and a hint or none."""
    known = study.known()
    networks = f"{known.sum()} of {len(known)} measured" if not known.all() else f"all {len(known)} measured"
    found = [
        ("tasks", ", ".join(study.tasks) if len(study.tasks) <= 8 else str(len(study.tasks)), ""),
        ("networks", networks, ""),
        ("their cost", f"{study.costs[known].sum():g} SNT", _COST),
    ]
    if study.epochs is not None and np.isfinite(study.epochs).any():
        spent = np.nansum(study.costs * study.epochs)
        found.append(("trained for", f"{spent:,.0f} SNT-epochs", _EPOCHS))
    return found


def _say_how_far(run: Run) -> None:
    progress, buttons = st.columns([5, 1], vertical_alignment="center")
    with progress:
        left = f" · {duration(run.seconds_left)} left" if run.status == "running" and run.seconds_left else ""
        st.progress(min(run.step / run.steps, 1.0) if run.steps else 0.0, text=f"{far(run)}{left}")
        if run.note:
            st.caption(f":material/info: {plain(run.note)}")
    with buttons:
        stop_and_resume(run)
    if not run.active:
        reason = f" {plain(run.error)}" if run.error else ""
        st.warning(
            f"This study is {run.status} at {far(run)}.{reason} What is measured stays; resume it to go on.",
            icon=":material/warning:",
        )
