"""What a page says of how far its run is, and of why there is nothing to see yet."""

import streamlit as st

from app.components.kinds import FIRST_RELATION, NO_RELATION, STUDY, kind, of_networks, progress
from app.components.subject import Subject
from app.components.text import plain
from engine.runs.run import Run

# What tells of the tasks' relations without an estimator: a design its own weights, a method the gradients it takes.
WITH_READING = ("soft_sharing", "cross_stitch", "nddr", "mtan", "adashare", "mtl_nas")
GRADIENT_METHODS = ("mgda", "mgda_ub", "pcgrad", "gradvac", "graddrop", "imtl", "cagrad", "aligned_mtl", "upgrad")


def far(run: Run) -> str:
    """How far a run is: ``step 20 of 80``, or ``step 20`` of a tracked one that does not know its end."""
    unit, made, there_are = progress(run)
    return f"{unit} {made} of {there_are}" if there_are or run.origin != "tracked" else f"{unit} {made}"


def way_on(run: Run) -> str:
    """How a run that stopped early is taken up again."""
    return "Run its loop again with `resume=True`." if run.origin == "tracked" else "Resume it on the Runs page."


def say_status(subject: Subject) -> None:
    """How far the run is, unless it has finished; of several seeds the slowest at work, and each that stopped early."""
    run = subject.slowest
    if run is not None:
        whose = f" (the slowest at work of {len(subject.runs)} seeds)" if subject.several else ""
        text = f"Live: {far(run)}{whose}"
        if run.steps:
            st.progress(min(run.step / run.steps, 1.0), text=text)
        elif run.origin == "tracked":
            st.caption(f":material/sensors: {text}")
        else:
            st.progress(0.0, text=text)
    for stopped in subject.runs:
        if not stopped.active and stopped.status != "finished":
            which = f"The run {plain(stopped.name)}" if subject.several else "This run"
            reason = f" {plain(stopped.error)}" if stopped.error else ""
            st.warning(
                f"{which} is {stopped.status} at {far(stopped)}.{reason} {way_on(stopped)}", icon=":material/warning:"
            )


def say_waiting(subject: Subject, readings: bool = False) -> None:
    """Why a run without any window shows nothing yet, and what to do.

    Args:
        readings: whether the page shows other readings than the affinity, too.
    """
    run = subject.first
    if not of_networks(run):
        _say_waiting_for_models(subject)
    elif kind(run) == STUDY and run.config.get("affinity") == "none":
        st.info(
            "This study measures networks without observing affinities; the page Studies shows by how much its tasks "
            "gain from each other. To see affinities too, launch one that observes them.",
            icon=":material/science:",
        )
    elif subject.active:
        who = "loop has begun" if run.origin == "tracked" else "worker is starting"
        what = "readings" if readings and run.config.get("affinity") == "none" else "affinities"
        st.info(
            f"The {who}; the first {what} appear here as soon as they are observed.",
            icon=":material/hourglass_top:",
        )
    elif run.config.get("affinity") == "none":
        others = (
            f", with one of the architectures {', '.join(WITH_READING)}, or with a gradient method ("
            f"{', '.join(GRADIENT_METHODS)}): these give readings of their own"
        )
        st.info(
            f"This run was trained without observing affinities; launch one with an estimator"
            f"{plain(others) if readings else ''}.",
            icon=":material/info:",
        )
    elif run.status == "finished":
        st.info(
            "This run ended before its first affinities were observed; let one run longer, or observe more often.",
            icon=":material/info:",
        )
    else:
        st.info(f"This run stopped before its first affinities. {way_on(run)}", icon=":material/info:")


def _say_waiting_for_models(subject: Subject) -> None:
    run = subject.first
    if subject.active:
        first = FIRST_RELATION[kind(run)]
        st.info(f"How its models are related appears here as soon as {first}.", icon=":material/hourglass_top:")
    elif run.status == "finished":
        st.info(NO_RELATION[kind(run)], icon=":material/info:")
    else:
        st.info(f"This run stopped before it knew how its models are related. {way_on(run)}", icon=":material/info:")
