"""Training: how every task learns over the steps, by how much each counts, and where their gradients conflict.

Runs of linear models, which have no such steps, have pages of their own: ``training_linear``, ``training_federated``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.course import Course, Points, course_in, curves_table, primary_tasks, role
from app.components.descriptions import summary
from app.components.glossary import explain
from app.components.kinds import FEDERATED, LINEAR, NETWORK, STUDY, kind
from app.components.live import follow
from app.components.runs import pick_run, store
from app.components.status import say_status, way_on
from app.components.subject import Subject, find
from app.components.text import duration, plain
from app.views import training_federated, training_linear, training_study
from app.views.training_conflicts import show_conflicts
from app.views.training_labels import show_labels
from app.views.training_numbers import show_numbers
from engine import catalog
from engine.charts.colours import styles
from engine.charts.course import MOST, Line, task_curves
from engine.runs.run import Run
from engine.texts import text

_NO_COURSE = ("imported", "published")  # origins of what was not trained here


def show() -> None:
    """The page."""
    st.title(text("training.title"))
    about = st.empty()
    subject = pick_run()
    with about:
        explain(f"training.look_{kind(subject.first)}")
    follow(lambda: _page(find(store(), subject.id)), lambda: find(store(), subject.id).active)


def _page(subject: Subject) -> None:
    say_status(subject)
    run = subject.first
    if kind(run) == LINEAR:
        _facts(subject, training_linear.facts(run))
        training_linear.show_linear(subject)
        return
    if kind(run) == FEDERATED:
        _facts(subject, training_federated.facts(run))
        training_federated.show_federated(subject)
        return
    _facts(subject, _of_network(subject))
    if kind(run) == STUDY and not training_study.point_to_studies(run):
        state.write_url("run")
        return
    if run.origin in _NO_COURSE:
        st.info(text(f"training.no_course_{run.origin}"), icon=":material/info:")
        state.write_url("run")
        return
    course = course_in(subject)
    if not course.losses:
        st.info(_waiting(run), icon=":material/hourglass_top:" if run.active else ":material/info:")
        state.write_url("run")
        return
    colours = _pick_tasks(subject)
    state.write_url("run", "curves")
    curves = _learning(subject, course, colours)
    if run.origin == "tracked":
        st.caption(text("training.only_losses"))
    elif kind(run) == NETWORK:
        curves |= _weights(subject, course, colours)
        curves |= show_conflicts(subject)
        if run.config.get("auxiliary", "none") != "none":
            show_labels(run)
    show_numbers(subject, course, curves)


def _of_network(subject: Subject) -> dict[str, str | None]:
    """What is known of the run, by what it is called."""
    run = subject.first
    settings = run.config if run.origin == "trained" else {}
    each = "a_training" if kind(run) == STUDY else "an_update"
    facts = {
        "data_set": settings.get("dataset"),
        "architecture": settings.get("architecture", "hard_sharing") if settings else None,
        "weighting": settings.get("weighting", "equal") if settings else None,
        "auxiliary": settings.get("auxiliary") if settings.get("auxiliary", "none") != "none" else None,
        "parameters": f"{run.parameters:,}" if run.parameters is not None else None,
        "inference": f"{run.cost:.3g} SNT" if run.cost is not None else None,
        each: duration(run.step_seconds) if run.step_seconds is not None else None,
        "seeds": str(len(subject.runs)) if subject.several else None,
    }
    return {text(f"training.{name}"): value for name, value in facts.items()}


def _facts(subject: Subject, facts: Mapping[str, str | None]) -> None:
    """What is known of the run, and what observer and network say of themselves."""
    run = subject.first
    with st.container(horizontal=True, gap="medium"):
        for label, value in facts.items():
            if value:
                st.markdown(f":small[:gray[{label}]]  \n**{plain(value)}**", width="content")
    primary = primary_tasks(run)
    helpers = len(run.tasks) - len(primary)
    if primary and helpers:
        st.caption(plain(text("training.primary", tasks=text("words.comma").join(primary), count=helpers)))
    for note in dict.fromkeys(each.note for each in subject.runs if each.note):
        st.caption(f":material/info: {plain(note)}")


def _waiting(run: Run) -> str:
    if run.origin == "tracked":
        return text("training.no_losses_yet" if run.active else "training.no_losses")
    return text("training.starting") if run.active else text("training.stopped", way_on=way_on(run))


def _pick_tasks(subject: Subject) -> dict[str, int]:
    """The tasks to draw, primary ones first chosen, each with its colour, which it keeps while it is drawn."""
    run = subject.first
    by_role = sorted(run.tasks, key=lambda task: ("primary", "generated", "auxiliary").index(role(run, task)))
    wanted = state.get("curves")
    known = [task for task in wanted or () if task in run.tasks][:MOST]
    chosen = st.multiselect(
        text("training.tasks"),
        run.tasks,
        default=by_role[:MOST] if wanted is None or (wanted and not known) else known,
        key=f"pick-curves-{subject.id}",
        max_selections=MOST,
        placeholder=text("training.choose_tasks"),
        format_func=lambda task: text("training.helper", task=task) if role(run, task) == "auxiliary" else task,
        help=text("training.most_tasks", most=MOST),
    )
    state.put("curves", None if chosen == by_role[:MOST] else tuple(chosen))
    if not chosen:
        st.info(text("training.no_task"), icon=":material/arrow_upward:")
    name = f"colours {subject.id}"
    drawn = styles(chosen, state.kept(name, dict))
    state.keep(name, drawn)
    return {task: style.colour for task, style in drawn.items()}


def _learning(subject: Subject, course: Course, colours: dict[str, int]) -> dict[str, pd.DataFrame]:
    """Losses, and for each metric a chart of the tasks that it is quoted for; their numbers by their titles."""
    run = subject.first
    charts = {text("training.loss"): (course.losses, list(colours), text("training.loss_axis"))}
    for metric in dict.fromkeys(run.metrics):
        tasks = [task for task, of in zip(run.tasks, run.metrics, strict=True) if of == metric and task in colours]
        if tasks:
            charts[metric] = (course.metrics, tasks, text("training.metric_axis", metric=metric))
    whole = st.container() if len(charts) == 3 else None
    places = [whole, *st.columns(2)] if whole else st.columns(2)
    curves = {}
    for number, (title, (points, tasks, axis)) in enumerate(charts.items()):
        lines = [
            line
            for split in ("train", "validation")
            for line in _lines(run, points.get(split), {task: colours[task] for task in tasks}, split)
        ]
        if lines:
            curves[title] = curves_table(lines)
            with places[number % len(places)]:
                live_chart.plain(
                    task_curves(lines, axis),
                    key=f"course-{number}-{subject.id}",
                    label=text("training.curves_label", of=title, tasks=text("words.comma").join(tasks)),
                )
    if subject.several:
        st.caption(text("training.mean_of_seeds"))
    return curves


def _lines(run: Run, points: Points | None, colours: dict[str, int], split: str) -> list[Line]:
    """A line for each task that has points; ``split`` is of losses and metrics, and empty for weights."""
    lines = []
    part = text(f"training.{split}") if split else ""
    for task, colour in colours.items() if points is not None else ():
        steps, values = points.of(run.tasks.index(task))
        if len(steps):
            faint = role(run, task) != "primary"
            lines.append(Line(task, colour, steps, values, part, dotted=split == "train", faint=faint))
    return lines


def _weights(subject: Subject, course: Course, colours: dict[str, int]) -> dict[str, pd.DataFrame]:
    """By how much each task counted; the numbers of the chart, if there is one, by its title."""
    st.subheader(text("training.weights"))
    run = subject.first
    entry = catalog.find("weighting", run.config.get("weighting", "equal"))
    said = text(
        "runs_settings.from_paper" if entry.paper else "runs_settings.method",
        summary=text("runs_data.entry", name=entry.name, summary=summary("weighting", entry)),
        paper=entry.paper,
    )
    st.caption(plain(said))
    weights = course.weights
    complete = np.isfinite(weights.values).all()
    if not len(weights):
        st.info(text("training.no_weights"), icon=":material/info:")
    elif (weights.values[np.isfinite(weights.values)] == 1).all():
        st.markdown(text("training.all_equal" if complete else "training.all_equal_where_labelled"))
    elif colours:
        lines = _lines(run, weights, colours, "")
        live_chart.plain(
            task_curves(lines, text("training.weight_axis")),
            key=f"weights-{subject.id}",
            label=text("training.weights_label", tasks=text("words.comma").join(colours)),
        )
        st.caption(text("training.about_weights"))
        return {text("training.weights"): curves_table(lines)}
    return {}
