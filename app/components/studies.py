"""Choosing a study, wherever it comes from: a run of this store, a published setting, or a file that ships along."""

from dataclasses import dataclass

import streamlit as st

from app import state
from app.components.kinds import STUDY, kind
from app.components.live import follow
from app.components.runs import store
from app.components.status import far, status_of, way_on
from app.components.text import plain
from engine.errors import KindredError
from engine.runs.run import Run
from engine.runs.studies import kept_studies, published_studies, study_of
from engine.studies.study import Study
from engine.texts import text


@dataclass(frozen=True, eq=False)
class Choice:
    """Attributes:
    key: the run's id, or the name of a study that is published or kept: what the command line takes.
    study: what is known of its networks by now.
    run: that measures them, or None.
    token: hashable, and another one as soon as anything of the study is, so that what is worked out can be cached.
    """

    key: str
    study: Study
    run: Run | None
    token: tuple[object, ...]

    @property
    def active(self) -> bool:
        """Whether more may become known."""
        return self.run is not None and self.run.active

    @property
    def file_name(self) -> str:
        """The beginning of a downloaded file's name."""
        return self.key.replace(" ", "-").replace("/", "-")


def study_runs() -> list[Run]:
    """The runs of this store that measure networks, the newest first."""
    return [run for run in store().runs() if kind(run) == STUDY]


def study_names() -> dict[str, str]:
    """All studies: key → what it is called in a list; this store's first, the newest of them at the top."""
    runs = {run.id: run.name if run.name == run.id else f"{run.name}  ·  {run.id}" for run in study_runs()}
    ready = {key: f"{key}  ·  {source or text('studies.comes_along')}" for key, (_, source) in _ready_made().items()}
    return runs | {key: name for key, name in ready.items() if key not in runs}


def find_choice(key: str) -> Choice | None:
    """The study of a key as it is now; None where its run has not loaded its data yet.

    Raises:
        KindredError: if there is none.
    """
    runs = study_runs()
    run = next((run for run in runs if run.id == key), None)
    if run is None:
        if key not in _ready_made():
            raise KindredError(
                f"There is no study {key!r}: no run that measures networks has this id, and no published study this "
                "name."
            )
        return Choice(key, _ready_made()[key][0], None, ("ready", key))
    if not run.tasks:
        return None
    # Other runs of the same setting may measure its networks, too.
    token = store().url, run.id, run.name, tuple((each.id, each.step, each.status) for each in runs)
    return Choice(key, _study(*token), run, token)


def pick_study() -> Choice:
    """A selection box with all studies; the chosen one. The choice is in the address, as ``study``.

    Where the chosen run has not loaded its data yet, the page ends here, and says what it waits for.

    Raises:
        KindredError: if the address names a study that there is not.
    """
    names = study_names()
    wanted = state.get("study")
    missing = wanted is not None and wanted not in names
    current = next(iter(names)) if wanted is None or missing else wanted
    chosen = st.selectbox(
        text("studies.study"),
        list(names),
        list(names).index(current),
        format_func=names.__getitem__,
        key="pick-study",
        help=text("studies.about"),
    )
    if missing and chosen == current:
        find_choice(wanted)  # which says that there is none
    state.choose_of("study", chosen)
    found = find_choice(chosen)
    if found is None:
        follow(lambda: _say_waiting(chosen), lambda: _waits(chosen))
        st.stop()
    return found


def _waits(run_id: str) -> bool:
    run = store().run(run_id)
    return run.active and not run.tasks


def _say_waiting(run_id: str) -> None:
    run = store().run(run_id)
    if run.active:
        st.info(text("studies.worker_starts"), icon=":material/hourglass_top:")
    else:
        stopped = text("studies.stopped_before_data", status=status_of(run), far=far(run))
        st.warning(" ".join(filter(None, (stopped, plain(run.error or ""), way_on(run)))), icon=":material/warning:")


@st.cache_resource(show_spinner=False)
def _ready_made() -> dict[str, tuple[Study, str]]:
    """Key → the study, and its source; nothing where it comes with Kindred."""
    kept = {study.name: (study, "") for study in kept_studies()}
    return kept | {study.name: (study, study.source) for study in published_studies()}


# Address, name and states only tell one state of a study from the next. (Streamlit would leave out a name with a _.)
@st.cache_resource(show_spinner=False, max_entries=64)
def _study(url: str, run_id: str, name: str, states: tuple[tuple[str, int, str], ...]) -> Study:
    return study_of(store(), run_id)
