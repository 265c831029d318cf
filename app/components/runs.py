"""Reaching the store from a page, and choosing the run that the page shows."""

from collections.abc import Callable

import streamlit as st

from app import state
from app.components.live import follow
from app.components.text import plain
from engine.affinity.series import AffinitySeries
from engine.errors import KindredError
from engine.runs.run import Run
from engine.runs.store import Store, store_url


def store() -> Store:
    """The one store of this dashboard."""
    return _open(store_url())


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Store:
    return Store(url)


def series(run: Run) -> AffinitySeries:
    """The run's affinity over training; read again only when the run has moved on."""
    return _series(store().url, run.id, run.step, run.status)


@st.cache_resource(show_spinner=False, max_entries=16)
def _series(url: str, run_id: str, step: int, status: str) -> AffinitySeries:
    # Step and status only tell one state of the run from the next. (Streamlit would leave out a name with a _.)
    return _open(url).series(run_id)


def pick_run() -> Run:
    """A selection box with all runs; the chosen run.

    Raises:
        KindredError: if the address names a run that the store does not have.
    """
    runs = store().runs()
    if not runs:
        st.info("There are no runs yet. Launch one on the Runs page, or import a matrix there.", icon=":material/info:")
        st.stop()
    # Names alone may be equal, and a label that changed under the visitor's choice would be shown no more.
    names = {run.id: run.name if run.name == run.id else f"{run.name}  ·  {run.id}" for run in runs}
    wanted = state.get("run")
    missing = wanted is not None and wanted not in names
    current = runs[0].id if wanted is None or missing else wanted
    chosen = st.selectbox(
        "Run",
        list(names),
        index=list(names).index(current),
        format_func=names.__getitem__,
        key="pick-run",
        help="A run is one training, or one imported matrix. Launch and manage runs on the Runs page.",
    )
    if missing and chosen == current:
        raise KindredError(f"There is no run {wanted!r} in this store; choose one above.")
    state.choose_run(chosen)
    return next(run for run in runs if run.id == chosen)


def interval(observed: AffinitySeries) -> tuple[int, int | None]:
    """The chosen interval in steps; the whole run, and an error box, where the run has no window in it."""
    try:
        observed.windows_between(*state.get("interval"))
    except KindredError as error:
        st.error(f"{plain(str(error))} The whole run is shown instead.", icon=":material/error:")
        state.put("interval", None)
    return state.get("interval")


def say_status(run: Run) -> None:
    """How far the run is, unless it has finished."""
    if run.active:
        st.progress(run.step / run.steps if run.steps else 0.0, text=f"Live: step {run.step} of {run.steps}")
    elif run.status != "finished":
        reason = f" {plain(run.error)}" if run.error else ""
        st.warning(
            f"This run is {run.status} at step {run.step} of {run.steps}.{reason} Resume it on the Runs page.",
            icon=":material/warning:",
        )


def say_waiting(run: Run) -> None:
    """Why a run without any window shows nothing yet, and what to do."""
    if run.active:
        st.info(
            "The worker is starting; the first affinities appear here as soon as they are observed.",
            icon=":material/hourglass_top:",
        )
    elif run.config.get("affinity") == "none":
        st.info(
            "This run was trained without observing affinities; launch one with the lookahead.", icon=":material/info:"
        )
    else:
        st.info("This run stopped before its first affinities; resume it on the Runs page.", icon=":material/info:")


def follow_run(run_id: str, draw: Callable[[Run, AffinitySeries], None]) -> None:
    """Draw what the run has so far, again while it trains; or say why there is nothing yet."""

    def part() -> None:
        run = store().run(run_id)
        say_status(run)
        observed = series(run)
        if len(observed):
            draw(run, observed)
        else:
            say_waiting(run)

    follow(part, lambda: store().run(run_id).active)
