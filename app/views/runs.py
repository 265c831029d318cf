"""Runs: what there is, how far it is, and everything that can be done with it."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app import state
from app.components.editing import editing_store, for_editors
from app.components.kinds import NETWORK, STUDY, kind, progress, setting
from app.components.live import follow
from app.components.runs import events_of, store
from app.components.status import far
from app.components.stopping import stop_and_resume
from app.components.subject import GROUP
from app.components.text import duration, ordinal, plain
from app.views.runs_launch import import_matrix, launch_button
from engine.runs.run import Event, Run

_BADGES = {
    "queued": ("gray", ":material/schedule:"),
    "running": ("blue", ":material/play_circle:"),
    "finished": ("green", ":material/check_circle:"),
    "cancelled": ("gray", ":material/cancel:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/warning:"),
}
SNIPPET = """\
from engine import AffinityTracker

tracker = AffinityTracker(tasks=["depth", "normals"], shared=model.trunk, run="my run")
for x, y in loader:
    losses = loss_fn(model(x), y)  # a dict: task -> scalar
    tracker.observe(losses)        # before backward
    optimizer.zero_grad()
    sum(losses.values()).backward()
    optimizer.step()
tracker.finish()
"""
_LOG_ENTRIES = 20
_LEVELS = {"warning": "orange", "error": "red"}
_COLUMNS = [3.2, 1.4, 2.6, 1.4, 2]
# The page that a run of a kind opens, and what it shows; others open their errors.
_OPENS = {NETWORK: ("affinity", "affinities"), STUDY: ("studies", "networks")}
_RELATIONS = {STUDY: ("Affinities", "What its network of all tasks observed")}


def show() -> None:
    """The page."""
    state.write_url()
    title, actions = st.columns([3, 2], vertical_alignment="bottom")
    title.title("Runs")
    title.caption(
        "Each run is one training in which every task's effect on every other was observed, one study of many "
        "networks, or one comparison of methods on linear models."
    )
    with actions.container(horizontal=True, horizontal_alignment="right"):
        launch_button()
        if st.button("Import a matrix", icon=":material/upload:", **for_editors()):
            import_matrix()

    with st.expander("Track your own loop", icon=":material/code:"):
        st.markdown("A few lines in any PyTorch loop; the run appears here as soon as it begins.")
        st.code(SNIPPET, language="python")
    follow(_list, lambda: bool(store().overview().active))


def _list() -> None:
    runs = store().runs()
    groups = Counter(run.group for run in runs)
    wanted = ""
    if len(runs) > 8:
        wanted = st.text_input(
            "Search", placeholder="name, data set, kind, origin or status", label_visibility="collapsed"
        )
    found = [
        run
        for run in runs
        if wanted.lower() in f"{run.name} {run.id} {_dataset(run)} {run.origin} {run.status} {setting(run)}".lower()
    ]
    if not found:
        st.info(
            "No run fits; clear the search, launch a run, track your own loop or import a matrix.",
            icon=":material/info:",
        )
    shown = state.get("shown_runs")
    places = _places(runs)
    for run in found[:shown]:
        with st.container(border=True, key=f"run-{run.id}"):
            _row(run, groups[run.group] if run.group else 1, places)
    if len(found) > shown and st.button("Show more"):
        state.put("shown_runs", shown + 30)
        st.rerun(scope="fragment")


def _places(runs: Sequence[Run]) -> dict[str, str]:
    """Where runs that wait for a worker stand in their queues, by their ids."""
    before: Counter[str] = Counter()
    places = {}
    for run in sorted(runs, key=lambda run: (run.created, run.id)):
        if run.status == "queued" and run.queue:
            before[run.queue] += 1
            machine = run.queue.partition("@")[2]
            places[run.id] = f"{ordinal(before[run.queue])} in the queue of {machine}"
    return places


def _row(run: Run, seeds: int, places: Mapping[str, str]) -> None:
    name, status, progress, about, actions = st.columns(_COLUMNS, vertical_alignment="center")
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created))
    told = f"  \n:small[{plain(setting(run))}]" if setting(run) else ""
    name.markdown(f"**{plain(run.name)}**  \n:small[:gray[{plain(f'{run.id} · {created}')}]]{told}")
    colour, icon = _BADGES[run.status]
    status.badge(run.status, color=colour, icon=icon)
    with progress:
        if run.id in places:
            st.caption(plain(places[run.id]))
        if run.steps or run.id not in places:
            _progress(run)
        if run.error:
            st.caption(f":red[{plain(run.error)}]")
    tasks = f"{len(run.tasks)} tasks" if run.tasks else "tasks not known yet"
    if seeds > 1:
        tasks += f" · one of {seeds} seeds"
    about.markdown(f"{plain(_dataset(run))}  \n:small[:gray[{tasks}]]")
    with actions.container(horizontal=True, horizontal_alignment="right"):
        page, shows = _OPENS.get(kind(run), ("training", "errors"))
        if st.button("Open", key=f"open-{run.id}", help=f"Show its {shows}"):
            state.choose_run(run.id)
            if page == "studies":
                state.choose_of("study", run.id)
            state.go_to(page)
        menu = st.popover(
            "Manage", help="Stop, rename, delete and more", key=f"more-{run.id}", on_change="rerun"
        )  # many menus take longer to draw than all else on the page
        if menu.open:
            with menu:
                _actions(run, seeds)


def _progress(run: Run) -> None:
    """How far the run is; a tracked one may not know its end, and a matrix has no course."""
    if run.origin not in ("trained", "tracked"):
        st.caption(plain(run.quantity))
    elif run.status == "finished":
        took = duration((run.finished or 0) - (run.started or 0))
        unit, made, there_are = progress(run)
        st.caption(f"{there_are or made} {unit}s in {took}")
    else:
        left = f" · {duration(run.seconds_left)} left" if run.status == "running" and run.steps else ""
        if run.steps or run.origin == "trained":
            st.progress(min(run.step / run.steps, 1.0) if run.steps else 0.0, text=f"{far(run)}{left}")
        else:
            st.caption(far(run))


def _actions(run: Run, seeds: int) -> None:
    st.caption(plain(run.name))
    if seeds > 1 and st.button(
        f"Open all {seeds} seeds", key=f"seeds-{run.id}", icon=":material/stacks:", width="stretch"
    ):
        state.choose_run(GROUP + run.group)
        state.go_to("affinity")
    own = run.origin == "tracked"
    label, text = _RELATIONS.get(kind(run), ("Relations of its tasks", "How alike its models are"))
    observes = kind(run) != STUDY or run.config.get("affinity") != "none"
    if (
        kind(run) != NETWORK
        and observes
        and st.button(label, key=f"affinity-{run.id}", icon=":material/grid_on:", width="stretch", help=text)
    ):
        state.choose_run(run.id)
        state.go_to("affinity")
    if (
        (own or run.origin == "trained")
        and observes
        and st.button(
            "Training",
            key=f"training-{run.id}",
            icon=":material/show_chart:",
            width="stretch",
            help="How its tasks learn",
        )
    ):
        state.choose_run(run.id)
        state.go_to("training")
    stop_and_resume(run)
    with st.form(f"rename-{run.id}", border=False):
        name = st.text_input("New name", run.name, max_chars=200)
        if st.form_submit_button("Rename", icon=":material/edit:", width="stretch", **for_editors()):
            editing_store().rename(run.id, name)
            st.rerun()
    if run.config:
        with st.expander("Settings"):
            told = {plain(key): plain(_written(value)) for key, value in run.config.items()}
            settings = pd.DataFrame({"value": told})
            st.table(settings)
    entries = events_of(run, _LOG_ENTRIES)
    if entries:
        with st.expander("Log"):
            st.markdown("  \n".join(map(_entry, entries)))
    for text in (run.note, run.source):
        if text:
            st.caption(plain(text))
    if not run.active:
        sure = st.checkbox("Delete it with all it stored", key=f"sure-{run.id}", **for_editors())
        off = for_editors(disabled=not sure)
        if st.button("Delete", key=f"delete-{run.id}", icon=":material/delete:", width="stretch", **off):
            editing_store().delete(run.id)
            st.rerun()


def _entry(event: Event) -> str:
    at = time.strftime("%m-%d %H:%M:%S", time.localtime(event.time))
    colour = _LEVELS.get(event.level, "gray")
    return f":small[:gray[{at}] :{colour}[{plain(event.level)}] {plain(' '.join(event.message.split()))}]"


def _written(value: object) -> str:
    """A setting; a matrix by its size alone."""
    return f"{len(value)} × {len(value)} numbers" if isinstance(value, list) and value else str(value)


def _dataset(run: Run) -> str:
    return run.config.get("dataset", run.origin)
