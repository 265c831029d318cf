"""Which runs the Compare page compares: up to eight, one of them the pinned baseline; and the way from two to several
and back."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import streamlit as st

from app import state
from app.components.subject import Subject, no_such
from app.components.text import plain
from engine.affinity.several import MOST
from engine.charts.colours import Style, styles
from engine.charts.palette import DARK, LIGHT
from engine.texts import text

# How often the right run was chosen outside of its own box, which begins anew then: the name of what is kept.
RIGHT_PICKED = "right-picked"
SEVERAL = 3  # runs, from where on they are shown as several, and not as two sides
_CSS = """
.kindred-run { display: flex; gap: .45rem; align-items: center; margin: 0; line-height: 1.35; overflow-wrap: anywhere; }
.kindred-run b { flex: none; width: 16px; height: 16px; }
"""
# Each marker of `engine.charts.colours.SYMBOLS` as a path in a square from 0 to 16.
_PATHS = {
    "circle": "M8 1a7 7 0 1 0 .01 0z",
    "square": "M2 2h12v12H2z",
    "diamond": "M8 0l8 8-8 8-8-8z",
    "triangle-up": "M8 1l8 14H0z",
    "triangle-down": "M8 15L0 1h16z",
    "cross": "M5.5 0h5v5.5H16v5h-5.5V16h-5v-5.5H0v-5h5.5z",
    "x": "M3 0l5 5 5-5 3 3-5 5 5 5-3 3-5-5-5 5-3-3 5-5-5-5z",
    "star": "M8.0 0.4L10.0 5.6L15.6 5.9L11.2 9.5L12.7 14.9L8.0 11.8L3.3 14.9L4.8 9.5L0.4 5.9L6.0 5.6z",
}


def in_address(known: Mapping[str, Subject]) -> tuple[str, ...]:
    """The runs that are chosen and in the store, each once and eight at most, with a sentence for what is left out."""
    wanted = tuple(dict.fromkeys(state.get("runs")))
    runs = tuple(each for each in wanted if each in known)
    for each in wanted:
        if each not in known:
            st.warning(plain(text("compare_runs.gone", why=no_such(each))), icon=":material/warning:")
    if len(runs) > MOST:
        st.warning(text("compare_runs.too_many", most=MOST, given=len(runs)), icon=":material/warning:")
        runs = runs[:MOST]
    baseline = state.get("baseline")
    if baseline is not None and baseline not in runs:
        if runs:
            name = known[baseline].name if baseline in known else baseline
            st.warning(plain(text("compare_runs.no_baseline", name=name)), icon=":material/warning:")
        state.put("baseline", None)
    state.put("runs", runs)
    return runs


def begin(runs: Sequence[str]) -> None:
    """Let one run, or two with the baseline at the left, be the sides of the comparison of two."""
    if runs:
        first = state.get("baseline") or runs[0]
        state.choose_run(first)
        if len(runs) > 1:
            state.put("other", next(each for each in runs if each != first))
    state.put("runs", None)
    state.put("baseline", None)


def pick_runs(known: Mapping[str, Subject], runs: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The runs and the pinned one, two controls; fewer than three become the sides of the comparison of two."""
    choice, pin = st.columns([3, 1.2], vertical_alignment="top")
    with choice:
        chosen = st.multiselect(
            text("compare_runs.runs"),
            list(known),
            default=list(runs),
            format_func=lambda run: known[run].label,
            key="pick-runs",
            max_selections=MOST,
            help=text("compare_runs.runs_help", most=MOST),
        )
    chosen = tuple(chosen)
    if chosen != tuple(runs):
        state.put("runs", chosen)
        if state.get("baseline") not in chosen:
            state.put("baseline", None)
        if len(chosen) < SEVERAL:
            st.rerun()
    with pin:
        wanted = state.get("baseline")
        baseline = st.selectbox(
            text("compare_runs.baseline"),
            chosen,
            index=chosen.index(wanted) if wanted in chosen else 0,
            format_func=lambda run: known[run].label,
            key="pick-baseline",
            help=text("compare_runs.baseline_help"),
        )
    state.put("baseline", None if baseline == chosen[0] else baseline)
    return chosen, baseline


def pick_more(known: Mapping[str, Subject], left: Subject, right: Subject) -> None:
    """A control below the two sides, by which several runs are set against the left one."""
    sides = tuple(dict.fromkeys((left.id, right.id)))
    more = st.multiselect(
        text("compare_runs.more"),
        [each for each in known if each not in sides],
        format_func=lambda run: known[run].label,
        key=f"pick-more-{'-'.join(sides)}",
        max_selections=MOST - len(sides),
        placeholder=text("compare_runs.more_hint", most=MOST - len(sides)),
        help=text("compare_runs.more_help"),
    )
    if len(sides) + len(more) >= SEVERAL:
        state.put("runs", (*sides, *more))
        state.put("baseline", None)
        st.rerun()
    if more and right.id != more[0]:  # the left run was on both sides
        state.put("other", more[0])
        state.keep(RIGHT_PICKED, state.kept(RIGHT_PICKED, int) + 1)
        st.rerun()


def open_two(baseline: str, other: str) -> None:
    """Turn to the comparison of a run with the baseline, from which a button leads back."""
    state.keep("several", (state.get("runs"), state.get("baseline")))
    for name in ("runs", "baseline"):
        state.put(name, None)
    reading, part = state.get("reading"), state.get("part")
    state.choose_run(baseline)
    state.put("other", other)
    for name, value in (("reading", reading), ("other_reading", reading), ("part", part), ("other_part", part)):
        state.put(name, value)


def offer_way_back(known: Mapping[str, Subject]) -> None:
    """A button back to the several runs from which the two sides were opened."""
    runs, baseline = state.kept("several", lambda: ((), None))
    if sum(run in known for run in runs) >= SEVERAL and st.button(
        text("compare_runs.back", count=len(runs)), key="back-to-several", icon=":material/arrow_back:"
    ):
        state.put("runs", runs)
        state.put("baseline", baseline)
        state.keep("several", ((), None))
        st.rerun()


def run_styles(runs: Iterable[str]) -> dict[str, Style]:
    """How each run shown is drawn, by its id: as before in this visit, wherever it was."""
    before = state.kept("run-styles", dict)
    found = styles(runs, before)
    state.keep("run-styles", {**before, **found})
    return found


def key_of(name: str, style: Style, note: str = "") -> None:
    """A run's marker in its colour with its name, as in charts; ``note`` follows it, as of the baseline."""
    colour = f"light-dark({LIGHT.tasks[style.colour]}, {DARK.tasks[style.colour]})"
    path = _PATHS[style.symbol]
    marker = f"""<b aria-hidden="true" style="background: {colour}; clip-path: path('{path}')"></b>"""
    said = f"{escape(name)}{f' <em>{escape(note)}</em>' if note else ''}"
    st.html(f'<style>{_CSS}</style><p class="kindred-run">{marker}<span>{said}</span></p>')
