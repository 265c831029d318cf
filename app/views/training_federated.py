"""Training, of a federated run: how near each method is to its optimum, how wrong its models are, and what it sends."""

import numpy as np
import streamlit as st

from app import state
from app.components import live_chart
from app.components.communicated import ARTIFACT, Communicated, Told
from app.components.curve_picker import pick_curve
from app.components.frames import show_frame
from app.components.kinds import FEDERATED, FIRST, methods_in_words
from app.components.learned import ERROR
from app.components.runs import store
from app.components.status import way_on
from app.components.subject import Subject
from app.components.text import joined, plain, size
from engine.charts.rounds import MethodRounds, error_curves, gap_curves, presence
from engine.federated.summary import GOAL
from engine.runs.run import Run
from engine.spreadsheets import csv_of

ABOUT = (
    "Each task is a client that keeps its data to itself; only models are sent, in rounds. **mocha** learns a model "
    "for each client, drawn to those of related clients; **fedavg** learns one model for all; **local** leaves every "
    "client alone and sends nothing."
)
_RELATIONS = {
    "independent": "none",
    "mean": "to the mean of all",
    "similarity": "given similarities",
    "precision": "given precision",
    "learned": "learned",
}
_MEAN = "mean of all clients"
_JUMPS = " It jumps up again whenever the relation between clients is learned anew, which moves the optimum."


def facts(run: Run) -> dict[str, str | None]:
    """What is known of the run."""
    told = run.config
    return {
        "data set": told.get("dataset"),
        "methods": methods_in_words(told),
        "rounds": str(told.get("rounds", "")),
        "clients tied": _RELATIONS.get(told.get("relation", ""), told.get("relation")),
        "tie": _number(told.get("tie")),
        "strength": _number(told.get("strength")),
        "drop out": f"{told['drop']:.0%} a round" if told.get("drop") else "never",
        "stragglers": f"{told['stragglers']:.0%} a round" if told.get("stragglers") else "none",
        "clients run": {"processes": "in own processes", "in_process": "in one process"}.get(told.get("clients", "")),
    }


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def show_federated(subject: Subject) -> None:
    """All below the facts, as far as the run is."""
    run = subject.first
    content = store().artifact(run.id, ARTIFACT)
    found = None if content is None else Communicated.of(content)
    if found is None or not found.methods:
        st.info(_waiting(run), icon=":material/hourglass_top:" if run.active else ":material/info:")
        state.write_url("run")
        return
    gaps = {name: told for name, told in found.methods.items() if np.isfinite(told.gap).any()}
    if gaps:
        _gap(subject, gaps)
    _errors(subject, found)
    _presence(subject, found)
    _numbers(subject, found)


def _waiting(run: Run) -> str:
    if run.active:
        begun = "The" if run.step else "The worker is starting; the"
        return f"{begun} first results appear here after {FIRST[FEDERATED]}."
    return f"This run stopped before its first rounds. {way_on(run)}"


def _gap(subject: Subject, gaps: dict[str, Told]) -> None:
    st.subheader("How near the optimum")
    courses = [MethodRounds(name, told.rounds, told.gap) for name, told in gaps.items()]
    live_chart.plain(
        gap_curves(courses, GOAL),
        key=f"gap-{subject.id}",
        label=f"Relative duality gap of {', '.join(gaps)} against the rounds",
    )
    st.caption(
        "The relative duality gap bounds how far a method's objective may still fall, as a share of what it began with "
        "(1 at the start). Look for how soon a line crosses the dotted goal; the steeper, the fewer rounds."
        + (_JUMPS if subject.first.config.get("relation") == "learned" else "")
    )
    for name, told in gaps.items():
        st.markdown(reached_in_words(name, told))


def reached_in_words(name: str, told: Told) -> str:
    """At which round a method reached the goal, and what had been sent by then; in Markdown."""
    place = told.reached(GOAL)
    if place is not None:
        sent = f", after {size(told.sent[place])} had been sent" if told.sent[place] else ""
        return f"**{plain(name)} reached a gap of {GOAL:g} by round {told.rounds[place]}**{plain(sent)}."
    last = told.gap[np.isfinite(told.gap)][-1]
    return plain(f"{name} has not reached a gap of {GOAL:g}: after {told.rounds[-1]} rounds it is {last:.2g}.")


def _errors(subject: Subject, found: Communicated) -> None:
    st.subheader("How wrong the models are")
    of, across = st.columns([1, 1.4], vertical_alignment="bottom")
    client = pick_curve(of, subject, found.clients, _MEAN)
    against = across.segmented_control(
        "Against",
        ["rounds", "bytes"],
        format_func={"rounds": "Rounds", "bytes": "Bytes sent"}.__getitem__,
        default=state.get("against"),
        required=True,
        key=f"pick-against-{subject.id}",
        help="A round may cost more with one method than with another; bytes count what clients and server send.",
    )
    state.put("against", against)
    state.write_url("run", "curve_of", "against")
    place = None if client is None else found.clients.index(client)
    courses = [MethodRounds(name, told.rounds, told.error_of(place), told.sent) for name, told in found.methods.items()]
    whose = "mean test error" if client is None else f"test error of {client}"
    live_chart.plain(
        error_curves(courses, f"{whose} (lower is better)", against),
        key=f"errors-{subject.id}",
        label=f"{whose.capitalize()} of {', '.join(found.methods)} against the {against}",
    )
    st.caption(
        plain(
            "Look for lines that end below the dashed one of local: there, being connected pays. One run with one "
            f"seed: a small distance may be chance. Error: {ERROR[found.loss]}."
        )
    )
    if client is None:
        st.markdown(final_in_words(found))


def final_in_words(found: Communicated) -> str:
    """Where the methods stand, and for how many clients each is best; in Markdown."""
    last = {name: told.error_of(None)[-1] for name, told in found.methods.items()}
    known = {name: value for name, value in last.items() if np.isfinite(value)}
    if not known:
        return "No client has test data yet."
    order = sorted(known, key=known.__getitem__)
    said = joined([f"**{known[name]:.4f}** with {plain(name)}" for name in order])
    text = f"Mean test error at the last round: {said}."
    if len(found.methods) < 2:
        return text
    least = found.final()["least"]
    counts = {name: int((least == name).sum()) for name in order}
    best = [f"{plain(name)} for {counts[name]}" for name in order if counts[name]]
    ties = int(least.str.contains(",").sum())
    more = f"; {ties} tied" if ties else ""
    return f"{text} Least wrong, of {len(found.clients)} clients: {joined(best) or 'none alone'}{more}."


def _presence(subject: Subject, found: Communicated) -> None:
    st.subheader("Who takes part")
    talking = {name: told for name, told in found.methods.items() if told.sent[-1] > 0}
    if all((told.present == len(found.clients)).all() for told in talking.values()):
        st.markdown(f"All {len(found.clients)} clients took part in every round.")
        return
    courses = [MethodRounds(name, told.rounds, told.present.astype(float)) for name, told in talking.items()]
    live_chart.plain(
        presence(courses, len(found.clients)),
        key=f"present-{subject.id}",
        label="How many clients took part in each round",
    )
    st.caption("A client that drops out of a round sends nothing in it. Look for whether the curves above bear that.")


def _numbers(subject: Subject, found: Communicated) -> None:
    st.subheader("Client by client")
    numbers = {name: st.column_config.NumberColumn(f"error of {name}", format="%.4f") for name in found.methods}
    show_frame(
        found.final(),
        hide_index=True,
        width="stretch",
        column_config=numbers | {"least": st.column_config.TextColumn("least error")},
    )
    st.caption("Test errors at the last round so far; samples: of training.")
    st.download_button(
        "CSV of all rounds",
        lambda: csv_of(found.table()),
        f"{subject.file_name}-rounds.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
