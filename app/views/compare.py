"""Compare: two readings of how tasks relate, of two runs, or early and late in one, side by side; or several runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from app import state
from app.components.glossary import explain
from app.components.kinds import of_networks
from app.components.live import follow
from app.components.readings import in_words, reading_in
from app.components.runs import observed_in, pick_run, pick_subject, readings_of, say_nothing, store
from app.components.scale import pick_order, pick_scale
from app.components.status import say_status
from app.components.subject import Subject, find, subjects
from app.views.compare_result import PARTS, Side, show_comparison
from app.views.compare_runs import RIGHT_PICKED, SEVERAL, begin, in_address, offer_way_back, pick_more
from app.views.compare_several import show_several
from engine.texts import text

_IN_ADDRESS = ("run", "reading", "part", "other", "other_reading", "other_part", "difference", "order", "scale")


@dataclass(frozen=True)
class _Choice:
    """What one side shows, before it is read."""

    subject_id: str
    reading: str
    part: str


def show() -> None:
    """The page."""
    st.title(text("compare.title"))
    explain("compare.look")
    known = subjects(store().runs())
    runs = in_address(known)
    if len(runs) >= SEVERAL:
        show_several(known, runs)
    else:
        begin(runs)
        _show_two(known)


def _show_two(known: Mapping[str, Subject]) -> None:
    left_side, right_side = st.columns(2, gap="large")
    with left_side:
        subject = pick_run(text("compare.left_run"))
        left = _pick_rest(subject, "reading", "part", state.get("reading"), f"left-{subject.id}")
    with right_side:
        if state.get("other") is None:
            _begin_right(known, subject, left.reading)
        before = state.get("other")
        key = f"pick-other-{subject.id}-{state.kept(RIGHT_PICKED, int)}"
        other = pick_subject(text("compare.right_run"), known, before, key, text("compare.right_help"))
        state.put("other", other.id)
        if other.id != before and state.get("other_reading") not in readings_of(other):
            state.put("other_reading", None)
        wanted = state.get("other_reading") or _first_other(other, subject, left.reading)
        right = _pick_rest(other, "other_reading", "other_part", wanted, f"right-{subject.id}-{other.id}")
    pick_more(known, subject, other)
    offered = readings_of(subject), readings_of(other)
    order, scale = st.columns([1, 2], vertical_alignment="bottom")
    with order:
        pick_order()
    with scale:
        pick_scale(text("compare.scale"))
    offer_way_back(known)
    state.write_url(*_IN_ADDRESS)

    def now() -> list[Subject]:
        return [find(store(), side.subject_id) for side in (left, right)]

    def part() -> None:
        current = now()
        if tuple(map(readings_of, current)) != offered:
            st.rerun()
        sides = [
            Side(each, observed_in(each, side.reading), side.part)
            for each, side in zip(current, (left, right), strict=True)
        ]
        if not all(side.settled for side in sides):
            _say_how_far(*sides)
        if all(len(side.observed.series) for side in sides):
            show_comparison(*sides)
            state.write_url(*_IN_ADDRESS)

    follow(part, lambda: any(each.active for each in now()))


def _say_how_far(left: Side, right: Side) -> None:
    """Below each side's choices how far its run is, and why there is nothing of it yet; once where both are of one."""
    again = right.subject.id == left.subject.id
    for column, side in zip(st.columns(2, gap="large"), (left, right), strict=True):
        with column:
            if side is left or not again:
                say_status(side.subject)
            if not len(side.observed.series) and (side is left or not again or len(left.observed.series)):
                say_nothing(side.subject, side.observed, readings=True)


def _pick_rest(subject: Subject, reading_name: str, part_name: str, wanted: str, key: str) -> _Choice:
    """The reading and the part of training of one side, which make the choices of these names."""
    known = readings_of(subject)
    shown = reading_in(known, wanted)
    reading, part = st.columns([1, 1.3], vertical_alignment="bottom")
    offered = known or (shown,)
    with reading:
        shown = st.selectbox(
            text("compare.reading"),
            offered,
            index=offered.index(shown),
            format_func=in_words,
            key=f"reading-{key}",
            disabled=not known,
            help=text("compare.reading_help"),
        )
    with part:
        whole_only = not subject.active and len(observed_in(subject, shown).series) < 2
        chosen = st.segmented_control(
            text("compare.part"),
            PARTS,
            format_func=lambda part: text(f"compare.part_{part}"),
            default="whole" if whole_only else state.get(part_name),
            required=True,
            key=f"part-{key}",
            disabled=whole_only,
            help=text("compare.no_halves") if whole_only else None,
        )
    state.put(reading_name, shown)
    state.put(part_name, chosen)
    return _Choice(subject.id, shown, chosen)


def _begin_right(known: Mapping[str, Subject], left: Subject, reading: str) -> None:
    """Choose what to compare with at first: another reading of the same run; else the same reading of another run on
    the same tasks; of linear models, else any reading of such a run; else the run itself, of which a half may be
    chosen."""
    if any(each != reading for each in readings_of(left)):
        state.put("other", left.id)
        return
    own = {run.id for run in left.runs}
    strangers = (each for each in known.values() if own.isdisjoint(run.id for run in each.runs))
    alike = (each for each in strangers if each.first.tasks and set(each.first.tasks) == set(left.first.tasks))
    alike = list(alike)
    found = next((each for each in alike if reading in readings_of(each)), None)
    if found is None and not of_networks(left.first):  # such as an affinity of networks on the same tasks
        found = next((each for each in alike if readings_of(each)), None)
    found = found or left
    state.put("other", found.id)
    state.put("other_reading", reading if reading in readings_of(found) else None)


def _first_other(other: Subject, left: Subject, reading: str) -> str:
    """The reading of the right side while none was chosen."""
    known = readings_of(other)
    if other.id != left.id and reading in known:
        return reading
    return next((each for each in known if each != reading), known[0] if known else reading)
