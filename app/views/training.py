"""Training: how every task learns over the steps, by how much each counts, and where their gradients conflict.

Runs of linear models, which have no such steps, have pages of their own: ``training_linear``, ``training_federated``.
"""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from app import state
from app.components import live_chart
from app.components.course import Course, Points, course_in, primary_tasks, role
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
from engine.charts.course import MOST, Line, task_colours, task_curves
from engine.runs.run import Run

_ABOUT = {
    NETWORK: "How each task learns, by how much each counts in the updates, and how often their gradients conflict. "
    "Solid: validation; dotted: training.",
    STUDY: training_study.ABOUT,
    LINEAR: training_linear.ABOUT,
    FEDERATED: training_federated.ABOUT,
}
_NO_COURSE = {
    "imported": "An imported matrix has no training behind it in this store, so there are no losses to show.",
    "published": "A published matrix comes without its training, so there are no losses to show.",
}


def show() -> None:
    """The page."""
    st.title("Training")
    about = st.empty()
    subject = pick_run()
    about.caption(_ABOUT[kind(subject.first)])
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
        st.info(
            f"{_NO_COURSE[run.origin]} Launch a run on the Runs page to see how its tasks learn.",
            icon=":material/info:",
        )
        state.write_url("run")
        return
    course = course_in(subject)
    if not course.losses:
        st.info(_waiting(run), icon=":material/hourglass_top:" if run.active else ":material/info:")
        state.write_url("run")
        return
    colours = _pick_tasks(subject)
    state.write_url("run", "curves")
    _learning(subject, course, colours)
    if run.origin == "tracked":
        st.caption("A loop of your own keeps its weights and gradients to itself: only its losses are known here.")
    elif kind(run) == NETWORK:
        _weights(subject, course, colours)
        show_conflicts(subject)
        if run.config.get("auxiliary", "none") != "none":
            show_labels(run)
    show_numbers(subject, course)


def _of_network(subject: Subject) -> dict[str, str | None]:
    """What is known of the run, by what it is called."""
    run = subject.first
    settings = run.config if run.origin == "trained" else {}
    return {
        "data set": settings.get("dataset"),
        "architecture": settings.get("architecture", "hard_sharing") if settings else None,
        "weighting": settings.get("weighting", "equal") if settings else None,
        "auxiliary": settings.get("auxiliary") if settings.get("auxiliary", "none") != "none" else None,
        "parameters": f"{run.parameters:,}" if run.parameters is not None else None,
        "inference": f"{run.cost:.3g} SNT" if run.cost is not None else None,
        "a training" if kind(run) == STUDY else "an update": duration(run.step_seconds)
        if run.step_seconds is not None
        else None,
        "seeds": str(len(subject.runs)) if subject.several else None,
    }


def _facts(subject: Subject, facts: Mapping[str, str | None]) -> None:
    """What is known of the run, and what observer and network say of themselves."""
    run = subject.first
    with st.container(horizontal=True, gap="medium"):
        for label, value in facts.items():
            if value:
                st.markdown(f":small[:gray[{label}]]  \n**{plain(value)}**", width="content")
    primary = primary_tasks(run)
    if primary:
        helpers = len(run.tasks) - len(primary)
        st.caption(plain(f"Primary: {', '.join(primary)}. The {helpers} other tasks are auxiliaries, drawn faint."))
    for note in dict.fromkeys(each.note for each in subject.runs if each.note):
        st.caption(f":material/info: {plain(note)}")


def _waiting(run: Run) -> str:
    if run.origin == "tracked":
        return "Its loop has recorded no losses yet." if run.active else "Its loop recorded no losses."
    if run.active:
        return "The worker is starting; the first losses appear here as soon as it has evaluated the untrained network."
    return f"This run stopped before its first losses. {way_on(run)}"


def _pick_tasks(subject: Subject) -> dict[str, int]:
    """The tasks to draw, primary ones first chosen, each with its colour, which it keeps while it is drawn."""
    run = subject.first
    by_role = sorted(run.tasks, key=lambda task: ("primary", "generated", "auxiliary").index(role(run, task)))
    wanted = state.get("curves")
    known = [task for task in wanted or () if task in run.tasks][:MOST]
    chosen = st.multiselect(
        "Tasks",
        run.tasks,
        default=by_role[:MOST] if wanted is None or (wanted and not known) else known,
        key=f"pick-curves-{subject.id}",
        max_selections=MOST,
        placeholder="Choose tasks",
        format_func=lambda task: f"{task} · auxiliary" if role(run, task) == "auxiliary" else task,
        help=f"Up to {MOST}, as more lines cannot be told apart.",
    )
    state.put("curves", None if chosen == by_role[:MOST] else tuple(chosen))
    name = f"colours {subject.id}"
    colours = task_colours(run.tasks, chosen, state.kept(name, dict))
    state.keep(name, colours)
    return colours


def _learning(subject: Subject, course: Course, colours: dict[str, int]) -> None:
    """Losses, and for each metric a chart of the tasks that it is quoted for."""
    run = subject.first
    charts = {"loss (lower is better)": (course.losses, list(colours))}
    for metric in dict.fromkeys(run.metrics):
        tasks = [task for task, of in zip(run.tasks, run.metrics, strict=True) if of == metric and task in colours]
        if tasks:
            charts[f"{metric} (higher is better)"] = (course.metrics, tasks)
    whole = st.container() if len(charts) == 3 else None
    places = [whole, *st.columns(2)] if whole else st.columns(2)
    for number, (title, (points, tasks)) in enumerate(charts.items()):
        lines = [
            line
            for split in ("train", "validation")
            for line in _lines(run, points.get(split), {task: colours[task] for task in tasks}, split)
        ]
        if lines:
            with places[number % len(places)]:
                live_chart.plain(
                    task_curves(lines, title),
                    key=f"course-{number}-{subject.id}",
                    label=f"{title.partition(' (')[0].capitalize()} of {', '.join(tasks)} over training",
                )
    if subject.several:
        st.caption("Mean of the seeds.")


def _lines(run: Run, points: Points | None, colours: dict[str, int], split: str) -> list[Line]:
    lines = []
    for task, colour in colours.items() if points is not None else ():
        steps, values = points.of(run.tasks.index(task))
        if len(steps):
            faint = role(run, task) != "primary"
            lines.append(Line(task, colour, steps, values, split, dotted=split == "train", faint=faint))
    return lines


def _weights(subject: Subject, course: Course, colours: dict[str, int]) -> None:
    st.subheader("Task weights")
    run = subject.first
    entry = catalog.find("weighting", run.config.get("weighting", "equal"))
    paper = f" ({entry.paper})" if entry.paper else ""
    st.caption(plain(f"{entry.name}: {entry.summary}{paper}."))
    weights = course.weights
    complete = np.isfinite(weights.values).all()
    if not len(weights):
        st.info("No weights are stored with this run.", icon=":material/info:")
    elif (weights.values[np.isfinite(weights.values)] == 1).all():
        st.markdown(
            "Every task counted 1 at every update." if complete else "Every task counted 1 wherever it had labels."
        )
    elif colours:
        live_chart.plain(
            task_curves(_lines(run, weights, colours, ""), "weight of the task"),
            key=f"weights-{subject.id}",
            label=f"Weight of {', '.join(colours)} over training",
        )
        st.caption("By how much each task's loss, or its gradient on what is shared, counted: means over windows.")
