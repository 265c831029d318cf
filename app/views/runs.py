"""Runs: what there is, how far it is, and everything that can be done with it."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app import state
from app.components import tour
from app.components.editing import editing_store, for_editors
from app.components.glossary import explain
from app.components.kinds import NETWORK, STUDY, kind, progress, setting
from app.components.live import follow
from app.components.runs import events_of, store
from app.components.status import far, status_of
from app.components.stopping import stop_and_resume
from app.components.subject import GROUP
from app.components.text import duration, ordinal, plain
from app.views.runs_launch import import_matrix, launch_button
from engine.runs.run import Event, Run
from engine.texts import language, speaking, text

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
# On a narrow screen a row is three lines: the name; its status and how far it is; its data and what can be done.
_CSS = """
@media (max-width: 640px) {
  [class*="st-key-run-"] [data-testid="stHorizontalBlock"] { row-gap: 0.4rem; }
  [class*="st-key-run-"] [data-testid="stColumn"] { min-width: 0; flex: 1 1 40%; }
  [class*="st-key-run-"] [data-testid="stColumn"]:first-child { flex-basis: 100%; }
}
"""
_OPENS = {NETWORK: "affinity", STUDY: "studies"}  # the page that a run of a kind opens; others open their errors


def show() -> None:
    """The page."""
    state.write_url()
    title, actions = st.columns([3, 2], vertical_alignment="bottom")
    title.title(text("runs.title"))
    with title:
        explain("runs.look")
    with actions.container(horizontal=True, horizontal_alignment="right"):
        tour.offer()
        launch_button()
        if st.button(text("runs.import_a_matrix"), icon=":material/upload:", key="import-a-matrix", **for_editors()):
            import_matrix()

    with st.expander(text("runs.track"), icon=":material/code:"):
        st.markdown(text("runs.track_about"))
        st.code(SNIPPET, language="python")
    st.html(f"<style>{_CSS}</style>")
    follow(_list, lambda: bool(store().overview().active))


def _list() -> None:
    with speaking(language()):  # asked once, not at every text
        _search_and_rows()


def _search_and_rows() -> None:
    runs = store().runs()
    groups = Counter(run.group for run in runs)
    wanted = ""
    if len(runs) > 8:
        wanted = st.text_input(
            text("runs.search"),
            placeholder=text("runs.search_for"),
            label_visibility="collapsed",
            key="search-runs",
        )
    found = _found(runs, wanted)
    if not found:
        st.info(text("runs.none_fits" if runs else "runs.empty"), icon=":material/info:")
    shown = state.get("shown_runs")
    places = _places(runs)
    for run in found[:shown]:
        with st.container(border=True, key=f"run-{run.id}"):
            _row(run, groups[run.group] if run.group else 1, places)
    if len(found) > shown and st.button(text("runs.show_more"), key="show-more"):
        state.put("shown_runs", shown + 30)
        st.rerun(scope="fragment")


def _found(runs: Sequence[Run], wanted: str) -> list[Run]:
    """Those in which the words occur, in that order: their name, id, data set, origin, status or setting."""
    return [run for run in runs if not wanted or wanted.lower() in _searched(run).lower()]


def _searched(run: Run) -> str:
    return f"{run.name} {run.id} {_dataset(run)} {run.origin} {run.status} {status_of(run)} {setting(run)}"


def _places(runs: Sequence[Run]) -> dict[str, str]:
    """Where runs that wait for a worker stand in their queues, by their ids."""
    before: Counter[str] = Counter()
    places = {}
    for run in sorted(runs, key=lambda run: (run.created, run.id)):
        if run.status == "queued" and run.queue:
            before[run.queue] += 1
            machine = run.queue.partition("@")[2]
            places[run.id] = text("runs.in_queue", place=ordinal(before[run.queue]), machine=machine)
    return places


def _row(run: Run, seeds: int, places: Mapping[str, str]) -> None:
    name, status, progress, about, actions = st.columns(_COLUMNS, vertical_alignment="center")
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created))
    told = f"  \n:small[{plain(said)}]" if (said := setting(run)) else ""
    name.markdown(f"**{plain(run.name)}**  \n:small[:gray[{plain(f'{run.id} · {created}')}]]{told}")
    colour, icon = _BADGES[run.status]
    status.badge(status_of(run), color=colour, icon=icon)
    with progress:
        if run.id in places:
            st.caption(plain(places[run.id]))
        if run.steps or run.id not in places:
            _progress(run)
        if run.error:
            st.markdown(f":small[:red[{plain(run.error)}]]")
    tasks = text("words.tasks", count=len(run.tasks)) if run.tasks else text("runs.tasks_unknown")
    if seeds > 1:
        tasks += f" · {text('runs.one_of_seeds', seeds=seeds)}"
    about.markdown(f"{plain(_dataset(run))}  \n:small[:gray[{tasks}]]")
    with actions.container(horizontal=True, horizontal_alignment="right"):
        page = _OPENS.get(kind(run), "training")
        if st.button(text("runs.open"), key=f"open-{run.id}", help=text(f"runs.open_{page}")):
            state.choose_run(run.id)
            if page == "studies":
                state.choose_of("study", run.id)
            state.go_to(page)
        menu = st.popover(
            text("runs.manage"), help=text("runs.manage_help"), key=f"more-{run.id}", on_change="rerun"
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
        st.caption(text(f"runs.{unit}s_in", count=there_are or made, took=took))
    else:
        said = far(run)
        if run.status == "running" and run.steps:
            said += f" · {text('runs.left', duration=duration(run.seconds_left))}"
        if run.steps or run.origin == "trained":
            st.progress(min(run.step / run.steps, 1.0) if run.steps else 0.0, text=said)
        else:
            st.caption(said)


def _actions(run: Run, seeds: int) -> None:
    st.caption(plain(run.name))
    if seeds > 1 and st.button(
        text("runs.open_seeds", seeds=seeds), key=f"seeds-{run.id}", icon=":material/stacks:", width="stretch"
    ):
        state.choose_run(GROUP + run.group)
        state.go_to("affinity")
    own = run.origin == "tracked"
    relation = "affinities" if kind(run) == STUDY else "relations"
    observes = kind(run) != STUDY or run.config.get("affinity") != "none"
    if (
        kind(run) != NETWORK
        and observes
        and st.button(
            text(f"runs.{relation}"),
            key=f"affinity-{run.id}",
            icon=":material/grid_on:",
            width="stretch",
            help=text(f"runs.{relation}_help"),
        )
    ):
        state.choose_run(run.id)
        state.go_to("affinity")
    if (
        (own or run.origin == "trained")
        and observes
        and st.button(
            text("pages.training"),
            key=f"training-{run.id}",
            icon=":material/show_chart:",
            width="stretch",
            help=text("runs.training_help"),
        )
    ):
        state.choose_run(run.id)
        state.go_to("training")
    stop_and_resume(run)
    with st.form(f"rename-{run.id}", border=False):
        name = st.text_input(text("runs.new_name"), run.name, max_chars=200, key=f"name-{run.id}")
        if st.form_submit_button(text("runs.rename"), icon=":material/edit:", width="stretch", **for_editors()):
            editing_store().rename(run.id, name)
            st.rerun()
    if run.config:
        with st.expander(text("runs.settings")):
            told = {plain(key): plain(_written(value)) for key, value in run.config.items()}
            settings = pd.DataFrame({text("runs.value"): told})
            st.table(settings)
    entries = events_of(run, _LOG_ENTRIES)
    if entries:
        with st.expander(text("runs.log")):
            st.markdown("  \n".join(map(_entry, entries)))
    for said in (run.note, run.source):
        if said:
            st.caption(plain(said))
    if not run.active:
        sure = st.checkbox(text("runs.sure"), key=f"sure-{run.id}", **for_editors())
        off = for_editors(disabled=not sure)
        if st.button(text("runs.delete"), key=f"delete-{run.id}", icon=":material/delete:", width="stretch", **off):
            editing_store().delete(run.id)
            st.rerun()


def _entry(event: Event) -> str:
    at = time.strftime("%m-%d %H:%M:%S", time.localtime(event.time))
    colour = _LEVELS.get(event.level, "gray")
    return f":small[:gray[{at}] :{colour}[{plain(event.level)}] {plain(' '.join(event.message.split()))}]"


def _written(value: object) -> str:
    """A setting; a matrix by its size alone."""
    return text("runs.matrix", size=len(value)) if isinstance(value, list) and value else str(value)


def _dataset(run: Run) -> str:
    return run.config.get("dataset") or text(f"runs.{run.origin}")
