"""Training, of a federated run: how near each method is to its optimum, how wrong its models are, and what it sends."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.behind import show_curves, tables_below
from app.components.communicated import ARTIFACT, Communicated, Told
from app.components.curve_picker import pick_curve
from app.components.frames import show_frame
from app.components.kinds import methods_in_words
from app.components.learned import error_of
from app.components.runs import store
from app.components.status import way_on
from app.components.subject import Subject
from app.components.text import joined, plain, size
from engine.charts.rounds import MethodRounds, error_curves, gap_curves, presence
from engine.federated.summary import GOAL
from engine.runs.run import Run
from engine.spreadsheets import csv_of
from engine.texts import text

_RELATIONS = ("independent", "mean", "similarity", "precision", "learned")
_CLIENTS = ("processes", "in_process")

Curves = dict[str, pd.DataFrame]  # the numbers of charts by their titles


def facts(run: Run) -> dict[str, str | None]:
    """What is known of the run, by what it is called."""
    told = run.config
    return {
        text("training.data_set"): told.get("dataset"),
        text("training.methods"): methods_in_words(told),
        text("training_federated.rounds"): str(told.get("rounds", "")),
        text("training_federated.tied"): _named("tied", _RELATIONS, told.get("relation")),
        text("training_federated.tie"): _number(told.get("tie")),
        text("training_federated.strength"): _number(told.get("strength")),
        text("training_federated.drop"): _a_round(told, "drop"),
        text("training_federated.stragglers"): _a_round(told, "stragglers"),
        text("training_federated.clients"): _named("clients", _CLIENTS, told.get("clients")),
    }


def _named(setting: str, known: Sequence[str], value: str | None) -> str | None:
    return text(f"training_federated.{setting}_{value}") if value in known else value


def _a_round(told: Mapping[str, float], name: str) -> str:
    share = told.get(name)
    return text("training_federated.a_round", share=share) if share else text(f"training_federated.no_{name}")


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
    curves = _gap(subject, gaps) if gaps else {}
    curves |= _errors(subject, found)
    curves |= _presence(subject, found)
    _numbers(subject, found, curves)


def _waiting(run: Run) -> str:
    if run.active:
        return text("training_federated.first" if run.step else "training_federated.starting")
    return text("training_federated.stopped", way_on=way_on(run))


def _over_rounds(courses: Sequence[MethodRounds]) -> pd.DataFrame:
    """What the lines of a chart are drawn through: a round a row, a method a column."""
    columns = {course.method: pd.Series(course.values, course.rounds) for course in courses}
    return pd.DataFrame(columns).rename_axis(text("rounds.round"))


def _gap(subject: Subject, gaps: dict[str, Told]) -> Curves:
    st.subheader(text("training_federated.optimum"))
    courses = [MethodRounds(name, told.rounds, told.gap) for name, told in gaps.items()]
    live_chart.plain(
        gap_curves(courses, GOAL),
        key=f"gap-{subject.id}",
        label=text("training_federated.gap_label", methods=text("words.comma").join(gaps)),
    )
    learned = subject.first.config.get("relation") == "learned"
    st.caption(text("training_federated.look_gap_of_learned" if learned else "training_federated.look_gap"))
    for name, told in gaps.items():
        st.markdown(reached_in_words(name, told))
    return {text("rounds.gap"): _over_rounds(courses)}


def reached_in_words(name: str, told: Told) -> str:
    """At which round a method reached the goal, and what had been sent by then; in Markdown."""
    place = told.reached(GOAL)
    values = {"method": plain(name), "goal": GOAL}
    if place is None:
        last = told.gap[np.isfinite(told.gap)][-1]
        return text("training_federated.not_reached", rounds=told.rounds[-1], gap=last, **values)
    values["round"] = told.rounds[place]
    if not told.sent[place]:
        return text("training_federated.reached", **values)
    return text("training_federated.reached_and_sent", sent=size(told.sent[place]), **values)


def _errors(subject: Subject, found: Communicated) -> Curves:
    st.subheader(text("training_federated.errors"))
    of, across = st.columns([1, 1.4], vertical_alignment="bottom")
    client = pick_curve(of, subject, found.clients, text("training_federated.all_clients"))
    against = across.segmented_control(
        text("training_federated.against"),
        ["rounds", "bytes"],
        format_func=lambda each: text(f"training_federated.against_{each}"),
        default=state.get("against"),
        required=True,
        key=f"pick-against-{subject.id}",
        help=text("training_federated.about_against"),
    )
    state.put("against", against)
    state.write_url("run", "curve_of", "against")
    place = None if client is None else found.clients.index(client)
    courses = [MethodRounds(name, told.rounds, told.error_of(place), told.sent) for name, told in found.methods.items()]
    title = text("learned.mean_error") if client is None else text("learned.error_of", task=client)
    live_chart.plain(
        error_curves(courses, title, against),
        key=f"errors-{subject.id}",
        label=text(f"training_federated.{against}_label", what=title, methods=text("words.comma").join(found.methods)),
    )
    st.caption(plain(text("training_federated.look_errors", error=error_of(found.loss))))
    if client is None:
        st.markdown(final_in_words(found))
    return {title: _over_rounds(courses), text("rounds.sent"): _sent(courses)}


def _sent(courses: Sequence[MethodRounds]) -> pd.DataFrame:
    return _over_rounds([MethodRounds(course.method, course.rounds, course.sent) for course in courses])


def final_in_words(found: Communicated) -> str:
    """Where the methods stand, and for how many clients each is best; in Markdown."""
    last = {name: told.error_of(None)[-1] for name, told in found.methods.items()}
    known = {name: value for name, value in last.items() if np.isfinite(value)}
    if not known:
        return text("training_federated.no_test_data")
    order = sorted(known, key=known.__getitem__)
    each = [text("training_federated.error_with", method=plain(name), error=known[name]) for name in order]
    said = [text("training_federated.final", errors=joined(each))]
    if len(found.methods) > 1:
        least = found.final()["least"]
        counts = {name: int((least == name).sum()) for name in order}
        best = [
            text("training_federated.least_of", method=plain(name), clients=counts[name])
            for name in order
            if counts[name]
        ]
        ties = int(least.str.contains(",").sum())
        told = {"clients": len(found.clients), "best": joined(best) or text("training_federated.none_alone")}
        said.append(
            text("training_federated.least_and_tied", ties=ties, **told)
            if ties
            else text("training_federated.least", **told)
        )
    return "  \n".join(said)


def _presence(subject: Subject, found: Communicated) -> Curves:
    st.subheader(text("training_federated.present"))
    talking = {name: told for name, told in found.methods.items() if told.sent[-1] > 0}
    if all((told.present == len(found.clients)).all() for told in talking.values()):
        st.markdown(text("training_federated.all_present", clients=len(found.clients)))
        return {}
    courses = [MethodRounds(name, told.rounds, told.present.astype(float)) for name, told in talking.items()]
    live_chart.plain(
        presence(courses, len(found.clients)),
        key=f"present-{subject.id}",
        label=text("training_federated.present_label"),
    )
    st.caption(text("training_federated.look_present"))
    return {text("rounds.present"): _over_rounds(courses)}


def _numbers(subject: Subject, found: Communicated, curves: Curves) -> None:
    st.subheader(text("training_federated.by_client"))
    headings = {name: text(f"training_federated.{name}_heading") for name in ("client", "samples", "least")}
    numbers = {
        name: st.column_config.NumberColumn(text("training_federated.error_heading", method=name), format="%.4f")
        for name in found.methods
    }
    show_frame(
        found.final(),
        hide_index=True,
        width="stretch",
        column_config=headings | numbers,
        alt=text("training_federated.by_client"),
    )
    st.caption(text("training_federated.about_clients"))
    place = tables_below("training-table")
    if place is not None:
        with place:
            show_curves(curves)
    st.download_button(
        text("training_federated.csv"),
        lambda: csv_of(found.table()),
        f"{subject.file_name}-rounds.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"csv-rounds-{subject.id}",
    )
