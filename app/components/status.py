"""What a page says of how far its run is, and of why there is nothing to see yet."""

import streamlit as st

from app.components.kinds import STUDY, kind, of_networks, progress
from app.components.subject import Subject
from app.components.text import plain
from engine.runs.run import Run
from engine.texts import text

# What tells of the tasks' relations without an estimator: a design its own weights, a method the gradients it takes.
WITH_READING = ("soft_sharing", "cross_stitch", "nddr", "mtan", "adashare", "mtl_nas")
GRADIENT_METHODS = ("mgda", "mgda_ub", "pcgrad", "gradvac", "graddrop", "imtl", "cagrad", "aligned_mtl", "upgrad")


def far(run: Run) -> str:
    """How far a run is: ``step 20 of 80``, or ``step 20`` of a tracked one that does not know its end."""
    unit, made, there_are = progress(run)
    known = there_are or run.origin != "tracked"
    return text(f"status.{unit}_of" if known else "status.step", made=made, there_are=there_are)


def status_of(run: Run) -> str:
    """``queued``, ``running``, ``finished``, ``cancelled``, ``failed`` or ``interrupted``, in the reader's language."""
    return text(f"status.{run.status}")


def way_on(run: Run) -> str:
    """How a run that stopped early is taken up again."""
    return text("status.run_again" if run.origin == "tracked" else "status.resume")


def say_status(subject: Subject) -> None:
    """How far the run is, unless it has finished; of several seeds the slowest at work, and each that stopped early."""
    run = subject.slowest
    if run is not None:
        live = text("status.live_slowest" if subject.several else "status.live", far=far(run), seeds=len(subject.runs))
        if run.steps:
            st.progress(min(run.step / run.steps, 1.0), text=live)
        elif run.origin == "tracked":
            st.caption(f":material/sensors: {live}")
        else:
            st.progress(0.0, text=live)
    for stopped in subject.runs:
        if not stopped.active and stopped.status != "finished":
            told = {
                "name": plain(stopped.name),
                "status": status_of(stopped),
                "far": far(stopped),
                "reason": f" {plain(stopped.error)}" if stopped.error else "",
                "way_on": way_on(stopped),
            }
            which = "status.one_stopped" if subject.several else "status.stopped"
            st.warning(text(which, **told), icon=":material/warning:")


def say_waiting(subject: Subject, readings: bool = False) -> None:
    """Why a run without any window shows nothing yet, and what to do.

    Args:
        readings: whether the page shows other readings than the affinity, too.
    """
    run = subject.first
    if not of_networks(run):
        _say_waiting_for_models(subject)
    elif kind(run) == STUDY and run.config.get("affinity") == "none":
        st.info(text("status.study_without"), icon=":material/science:")
    elif subject.active:
        who = "loop" if run.origin == "tracked" else "worker"
        what = "readings" if readings and run.config.get("affinity") == "none" else "affinities"
        st.info(text(f"status.{who}_begins_{what}"), icon=":material/hourglass_top:")
    elif run.config.get("affinity") == "none":
        others = {"designs": ", ".join(WITH_READING), "methods": ", ".join(GRADIENT_METHODS)}
        st.info(
            plain(text("status.without_readings", **others)) if readings else text("status.without"),
            icon=":material/info:",
        )
    elif run.status == "finished":
        st.info(text("status.ended_before"), icon=":material/info:")
    else:
        st.info(text("status.stopped_before", way_on=way_on(run)), icon=":material/info:")


def _say_waiting_for_models(subject: Subject) -> None:
    run = subject.first
    if subject.active:
        st.info(text(f"status.first_relation_{kind(run)}"), icon=":material/hourglass_top:")
    elif run.status == "finished":
        st.info(text(f"status.no_relation_{kind(run)}"), icon=":material/info:")
    else:
        st.info(text("status.no_relation_yet", way_on=way_on(run)), icon=":material/info:")
