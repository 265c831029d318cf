"""Reaching the store from a page, and choosing the run, or the group of seeds, that the page shows."""

import time
from collections.abc import Callable, Hashable

import streamlit as st

from app import access, metrics, state
from app.components.latest import Latest
from app.components.live import follow_changes
from app.components.observed import Observed
from app.components.status import say_status, say_waiting
from app.components.subject import Subject, find, no_such, subjects
from app.components.text import plain
from engine.affinity.series import AffinitySeries
from engine.charts.quantity import AFFINITY
from engine.errors import KindredError
from engine.runs.reader import Reader
from engine.runs.run import Event, Run
from engine.runs.store import Store, store_url
from engine.texts import text


def store() -> Reader:
    """The one store of this dashboard, to be read; ``editing`` has it to be written.

    Raises:
        KindredError: if the visitor must log in and has not.
    """
    access.current()
    return opened().reader()


def opened() -> Store:
    """The store, whoever asks."""
    return _open(store_url())


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Store:
    return Store(url, told=metrics.transaction)


def observed_in(subject: Subject, reading: str = AFFINITY.name) -> Observed:
    """A reading over training of a run or a group; read again only when a run has another window."""
    url = store().url
    runs = tuple((run.id, *_extent(url, reading, run.id, run.step, run.status)) for run in subject.runs)

    def make(before: Observed | None) -> Observed:
        return Observed.of([_series(url, reading, *run) for run in runs], (url, reading, runs), reading)

    return _latest_observed(url, reading, tuple(run.id for run in subject.runs)).of(runs, make)


def readings_of(subject: Subject) -> tuple[str, ...]:
    """The readings that a run has, in the catalog's order; of a group, what all its runs with any have."""
    url = store().url
    each = [found for run in subject.runs if (found := _readings(url, run.id, run.step, run.status))]
    return tuple(reading for reading in each[0] if all(reading in found for found in each)) if each else ()


def _series(url: str, reading: str, run_id: str, *state: Hashable) -> AffinitySeries:
    return _latest_series(url, reading, run_id).of(state, lambda before: _open(url).series(run_id, reading, before))


# One for all visitors; of a run at work the latest only, as each of its states would keep all its windows.
@st.cache_resource(show_spinner=False, max_entries=16)
def _latest_observed(url: str, reading: str, runs: tuple[str, ...]) -> Latest[Observed]:
    return Latest()


@st.cache_resource(show_spinner=False, max_entries=48)
def _latest_series(url: str, reading: str, run_id: str) -> Latest[AffinitySeries]:
    return Latest()


# Step and status only tell one state of a run from the next. (Streamlit would leave out a name with a _.)
@st.cache_resource(show_spinner=False, max_entries=1000)
def _extent(url: str, reading: str, run_id: str, step: int, status: str) -> tuple[int, int, str]:
    return *_open(url).extent(run_id, reading), status


@st.cache_resource(show_spinner=False, max_entries=1000)
def _readings(url: str, run_id: str, step: int, status: str) -> tuple[str, ...]:
    return _open(url).readings(run_id)


def events_of(run: Run, last: int) -> list[Event]:
    """The last entries of a run's log; read again only when its worker has said something."""
    return _events(store().url, run.id, run.status, run.heartbeat, last)


@st.cache_resource(show_spinner=False, max_entries=1000)
def _events(url: str, run_id: str, status: str, heartbeat: float, last: int) -> list[Event]:
    return _open(url).events(run_id, last)


def pick_run(label: str = "") -> Subject:
    """A selection box with all runs and all groups of seeds, called ``label`` where not just a run; the chosen one.

    Raises:
        KindredError: if the address names a run or group that the store does not have.
    """
    known = subjects(store().runs())
    if not known:
        st.info(text("choose_run.empty"), icon=":material/info:")
        st.stop()
    wanted = state.get("run")
    chosen = pick_subject(label or text("choose_run.run"), known, wanted, "pick-run", text("choose_run.help"))
    state.choose_run(chosen.id)
    return chosen


def pick_subject(label: str, known: dict[str, Subject], wanted: str | None, key: str, about: str) -> Subject:
    """A selection box with ``known``, and ``about`` as its help; the first of it where none is wanted.

    Raises:
        KindredError: if the one wanted is not known, and no other was chosen.
    """
    missing = wanted is not None and wanted not in known
    current = next(iter(known)) if wanted is None or missing else wanted
    chosen = st.selectbox(
        label,
        list(known),
        index=list(known).index(current),
        format_func=lambda name: known[name].label,
        key=key,
        help=about,
    )
    if missing and chosen == current:
        raise KindredError(no_such(wanted))
    return known[chosen]


def interval(series: AffinitySeries) -> tuple[int, int | None]:
    """The chosen interval in steps; the whole run, and an error box, where the run has no window in it."""
    try:
        series.windows_between(*state.get("interval"))
    except KindredError as error:
        st.error(text("choose_run.whole_instead", why=plain(str(error))), icon=":material/error:")
        state.put("interval", None)
    return state.get("interval")


def follow_run(
    subject_id: str,
    draw: Callable[[Subject, Observed], None],
    at_work: Callable[[], bool] = lambda: False,
    reading: str = AFFINITY.name,
    offered: tuple[str, ...] | None = None,
) -> None:
    """Draw what the run or group has so far, again as it trains or while ``at_work()``; or say why there is none.

    Args:
        reading: the one to draw.
        offered: the readings that the page lets choose from; it is drawn whole once there are others.
    """

    def look() -> tuple[Hashable, bool]:
        current = find(store(), subject_id)
        if offered is not None and readings_of(current) != offered:
            st.rerun()
        say_status(current)
        told = tuple((run.status, run.tasks, run.note) for run in current.runs)
        working = at_work()
        shown = observed_in(current, reading).state, told, working and time.monotonic()
        return shown, current.active or working

    def part() -> None:
        current = find(store(), subject_id)
        observed = observed_in(current, reading)
        if len(observed.series):
            draw(current, observed)
        else:
            say_nothing(current, observed, readings=offered is not None)

    follow_changes(look, part, find(store(), subject_id).active or at_work())


def say_nothing(subject: Subject, observed: Observed, readings: bool) -> None:
    """Why there is nothing to draw of a run or group; ``readings`` as of `say_waiting`.

    Raises:
        KindredError: if the group's seeds have windows, but none in common.
    """
    if observed.group:
        raise KindredError(text("choose_run.nothing_in_common"))
    say_waiting(subject, readings)
