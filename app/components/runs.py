"""Reaching the store from a page, and choosing the run, or the group of seeds, that the page shows."""

from collections.abc import Callable

import streamlit as st

from app import state
from app.components.live import follow
from app.components.observed import Observed
from app.components.status import say_status, say_waiting
from app.components.subject import GROUP, Subject, find, subjects
from app.components.text import plain
from engine.affinity.series import AffinitySeries
from engine.errors import KindredError
from engine.runs.store import Store, store_url


def store() -> Store:
    """The one store of this dashboard."""
    return _open(store_url())


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Store:
    return Store(url)


def observed_in(subject: Subject) -> Observed:
    """The affinity over training of a run or a group; read again only when a run has moved on."""
    return _observed(store().url, tuple((run.id, run.step, run.status) for run in subject.runs))


# Step and status only tell one state of a run from the next. (Streamlit would leave out a name with a _.)
@st.cache_resource(show_spinner=False, max_entries=16)
def _observed(url: str, runs: tuple[tuple[str, int, str], ...]) -> Observed:
    return Observed.of([_series(url, *run) for run in runs], (url, runs))


@st.cache_resource(show_spinner=False, max_entries=24)
def _series(url: str, run_id: str, step: int, status: str) -> AffinitySeries:
    return _open(url).series(run_id)


def pick_run() -> Subject:
    """A selection box with all runs and all groups of seeds; the chosen one.

    Raises:
        KindredError: if the address names a run or group that the store does not have.
    """
    known = subjects(store().runs())
    if not known:
        st.info(
            "There are no runs yet. Launch one on the Runs page, track your own loop, or import a matrix there.",
            icon=":material/info:",
        )
        st.stop()
    wanted = state.get("run")
    missing = wanted is not None and wanted not in known
    current = next(iter(known)) if wanted is None or missing else wanted
    chosen = st.selectbox(
        "Run",
        list(known),
        index=list(known).index(current),
        format_func=lambda name: known[name].label,
        key="pick-run",
        help="A run is one training, or one imported matrix; seeds of one setting can also be seen as one. "
        "Launch and manage runs on the Runs page.",
    )
    if missing and chosen == current:
        kind = "group" if wanted.startswith(GROUP) else "run"
        raise KindredError(f"There is no {kind} {wanted.removeprefix(GROUP)!r} in this store; choose one above.")
    state.choose_run(chosen)
    return known[chosen]


def interval(series: AffinitySeries) -> tuple[int, int | None]:
    """The chosen interval in steps; the whole run, and an error box, where the run has no window in it."""
    try:
        series.windows_between(*state.get("interval"))
    except KindredError as error:
        st.error(f"{plain(str(error))} The whole run is shown instead.", icon=":material/error:")
        state.put("interval", None)
    return state.get("interval")


def follow_run(
    subject_id: str, draw: Callable[[Subject, Observed], None], at_work: Callable[[], bool] = lambda: False
) -> None:
    """Draw what the run or group has so far, again as it trains or while ``at_work()``; or say why there is none."""

    def now() -> Subject:
        return find(store().runs(), subject_id)

    def part() -> None:
        subject = now()
        say_status(subject)
        observed = observed_in(subject)
        if len(observed.series):
            draw(subject, observed)
        elif observed.group:
            raise KindredError(
                "The seeds of this group have no window that begins and ends at the same steps in all, so they cannot "
                "be averaged; choose one of its runs, or observe all seeds at the same steps."
            )
        else:
            say_waiting(subject)

    follow(part, lambda: now().active or at_work())
