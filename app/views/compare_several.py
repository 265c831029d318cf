"""Several runs against the pinned baseline: what is chosen of them, and what there is to draw."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import state
from app.components.live import follow
from app.components.observed import Observed
from app.components.readings import in_words, reading_in
from app.components.runs import observed_in, readings_of, store
from app.components.scale import pick_order
from app.components.status import far
from app.components.subject import Subject, find
from app.components.text import joined, plain
from app.views.compare_changes import show_changes
from app.views.compare_final import show_final
from app.views.compare_matrices import Shown
from app.views.compare_relations import show_relations
from app.views.compare_result import PARTS
from app.views.compare_runs import pick_runs, run_styles
from engine import catalog
from engine.affinity.comparison import LEAST_TASKS
from engine.affinity.several import Matrix, Several, several
from engine.texts import text

IN_ADDRESS = ("runs", "baseline", "reading", "part", "difference", "order", "every_setting", "final", "split")


def show_several(known: Mapping[str, Subject], runs: Sequence[str]) -> None:
    """All below the page's title.

    Args:
        known: all that can be chosen, by id.
        runs: the ids of three to eight of them.
    """
    chosen, baseline = pick_runs(known, runs)
    ids = (baseline, *(run for run in chosen if run != baseline))
    offered = _readings(known[each] for each in ids)
    reading, part, order = st.columns([1, 1.3, 1], vertical_alignment="bottom")
    with reading:
        wanted = _pick_reading(offered)
    with part:
        half = st.segmented_control(
            text("compare.part"),
            PARTS,
            format_func=lambda each: text(f"compare.part_{each}"),
            default=state.get("part"),
            required=True,
            key="part-several",
        )
        state.put("part", half)
    with order:
        pick_order()
    state.write_url(*IN_ADDRESS)

    def now() -> list[Subject]:
        return [find(store(), each) for each in ids]

    def drawn() -> None:
        current = now()
        if _readings(current) != offered:
            st.rerun()
        _say_at_work(current)
        shown = _shown(current, wanted, half)
        if shown.several and shown.several.compared:
            show_relations(shown, half)
        show_changes(shown.subjects, shown.name)
        show_final(shown.subjects, shown.name)
        state.write_url(*IN_ADDRESS)

    follow(drawn, lambda: any(each.active for each in now()))


def _readings(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """The readings that any of them has, in the catalog's order."""
    found = {reading for subject in subjects for reading in readings_of(subject)}
    return tuple(entry.name for entry in catalog.entries("reading") if entry.name in found)


def _pick_reading(offered: tuple[str, ...]) -> str:
    shown = reading_in(offered, state.get("reading"))
    options = offered or (shown,)
    shown = st.selectbox(
        text("compare.reading"),
        options,
        index=options.index(shown),
        format_func=in_words,
        key="reading-several",
        disabled=not offered,
        help=text("compare_several.reading_help"),
    )
    state.put("reading", shown)
    return shown


def _say_at_work(subjects: Sequence[Subject]) -> None:
    working = [(each, each.slowest) for each in subjects if each.slowest is not None]
    if working:
        said = joined([text("compare_several.far", name=each.name, far=far(run)) for each, run in working])
        st.caption(f":material/sensors: {plain(text('compare_several.at_work', runs=said))}")


def _shown(subjects: Sequence[Subject], reading: str, half: str) -> Shown:
    """What there is to draw, with a sentence for every run that is left out and why."""
    styles = run_styles(each.id for each in subjects)
    observed: dict[str, Observed] = {}
    without, whole = [], []
    for each in subjects:
        if reading not in readings_of(each):
            without.append(each.name)
            continue
        found = observed_in(each, reading)
        if not len(found.series):
            without.append(each.name)
        elif half != "whole" and len(found.series) < 2:
            whole.append(each.name)
        else:
            observed[each.id] = found
    baseline, *others = subjects
    compared = None
    if baseline.id in observed and len(observed) > 1:
        compared = _several(tuple(observed), tuple(observed.values()), half)
    shown = Shown((baseline, *others), observed, compared, styles)
    if without:
        _say("without", without, reading=in_words(reading))
    if whole:
        _say("no_halves", whole)
    if not observed:
        st.info(text("compare_several.nothing"), icon=":material/info:")
    elif baseline.id not in observed:
        st.info(plain(text("compare_several.pin_another", name=baseline.name)), icon=":material/keep:")
    elif compared is None:
        st.info(plain(text("compare_several.alone", name=baseline.name)), icon=":material/info:")
    else:
        strangers = [
            shown.name(each.id)
            for place, each in enumerate(compared.matrices)
            if place not in (*compared.compared, compared.baseline)
        ]
        if strangers:
            _say("strangers", strangers, least=LEAST_TASKS, baseline=baseline.name)
    return shown


def _say(key: str, names: Sequence[str], **values: object) -> None:
    st.info(
        plain(text(f"compare_several.{key}", names=joined(names), count=len(names), **values)), icon=":material/info:"
    )


# A run's state and reading tell what it shows.
@st.cache_resource(
    show_spinner=False, max_entries=32, hash_funcs={Observed: lambda observed: (observed.state, observed.reading)}
)
def _several(ids: tuple[str, ...], observed: tuple[Observed, ...], half: str) -> Several:
    """The first is the baseline."""
    matrices = []
    for run, each in zip(ids, observed, strict=True):
        mean = each.mean(*each.part(half))
        matrices.append(Matrix(run, each.series.tasks, mean.affinity, mean.standard_error))
    return several(matrices)
