"""How alike the measured gains of a study are to those of other studies, and to what was foretold of them."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.losses import SPLITS, pick_split, splits_of
from app.components.studies import Choice, find_choice, study_names
from app.components.text import plain
from app.views.compare_result import interval_in_words, number
from engine.affinity.comparison import LEAST_TASKS, Comparison, compare
from engine.charts.comparison import entries_scatter
from engine.charts.correlations import correlations_chart
from engine.studies.relations import alike, gains, transfer_gains
from engine.studies.study import Study

AFFINITY, TRANSFER = "observed affinity", "transfer"
_OWN: dict[str, Callable[[Study], np.ndarray | None]] = {
    AFFINITY: lambda study: study.affinity,
    TRANSFER: transfer_gains,
}
_UNITS = {AFFINITY: "higher where the source helps more", TRANSFER: "gain over other sources, %"}
_ABOUT_OWN = {
    AFFINITY: "what one run of all tasks observed while it trained (TAG, Fifty et al. 2021)",
    TRANSFER: "how well features that the source alone has learned serve the target, relative to those of others",
}


def show_alike(choice: Choice) -> None:
    """How this study's gains correlate with all that compares, a scatter of one, and how those of all studies do."""
    split = pick_split(choice.study)
    if not np.isfinite(gains(choice.study, split)).any():
        st.info(
            "No gains of pairs are known of this study: it takes the networks of two tasks and each task alone at half "
            "size (pairs, half_singles).",
            icon=":material/info:",
        )
        return
    st.caption(
        f"Is a table of who helps whom a property of the tasks, or of one network on one data set? Here the gains "
        f"measured in this study ({SPLITS[split].lower()} losses) are set against those of every study with at least "
        f"{LEAST_TASKS} tasks of the same name, and against what was foretold of them in this one."
    )
    found = _compared(choice, split)
    if found:
        _correlations(choice, split, found)
        _scatter(choice, split, found)
    else:
        st.info(
            f"No other study has {LEAST_TASKS} of its tasks, and this one observed no affinity and measured no "
            "transfer. Measure networks of the same tasks in another setting, or with affinities observed.",
            icon=":material/info:",
        )
    _between_all(split)


def _compared(choice: Choice, split: str) -> dict[str, tuple[str, Comparison]]:
    """What the study's gains are compared with: key → what it is called, and the comparison."""
    found = {}
    for name, matrix in _OWN.items():
        values = matrix(choice.study)
        if values is not None:
            side = compare(choice.study.tasks, gains(choice.study, split), choice.study.tasks, values)
            found[name] = (f"its own {name}", side)
    others = [other for other in _others(split) if other.key != choice.key]
    for other in others:
        side = _alike(choice.study, other.study, split)
        if side is not None:
            found[other.key] = (other.study.name, side)
    return {key: each for key, each in found.items() if each[1].entries}


def _others(split: str) -> list[Choice]:
    """All studies that have losses of that split."""
    found = [find_choice(key) for key in study_names()]
    return [each for each in found if each is not None and split in splits_of(each.study)]


def _alike(one: Study, other: Study, split: str) -> Comparison | None:
    if len(set(one.tasks) & set(other.tasks)) < LEAST_TASKS:
        return None
    return alike(one, other, split)


def _correlations(choice: Choice, split: str, found: dict[str, tuple[str, Comparison]]) -> None:
    live_chart.plain(
        correlations_chart([name for name, _ in found.values()], [each.pearson for _, each in found.values()]),
        key=f"alike-{choice.key}-{split}",
        label="Correlation of the measured gains with those of other studies, and with what was foretold",
    )
    show_frame(
        pd.DataFrame([_row(name, each) for name, each in found.values()]).rename(columns={"with": "Gains and"}),
        hide_index=True,
        width="stretch",
        height="content",
        column_config=_COLUMNS,
    )
    told = [f"{name[0].upper()}{name[1:]}: {about}." for name, about in _ABOUT_OWN.items() if name in found]
    if told:
        st.caption(plain(" ".join(told)))


_COLUMNS = {
    "pearson": st.column_config.TextColumn(
        "Pearson", help="How nearly one is a multiple of the other plus a constant."
    ),
    "interval": st.column_config.TextColumn(
        "95 % interval",
        help="Pairs that share a task are not independent, so it comes from leaving out one task at a time (a "
        "jackknife on Fisher's z); with few tasks it is wide.",
    ),
    "spearman": st.column_config.TextColumn(
        "Spearman", help="Whether both rank the pairs alike, whatever their units."
    ),
    "tasks": st.column_config.NumberColumn("Tasks", help="That both have."),
    "pairs": st.column_config.NumberColumn("Pairs", help="Known on both sides, each direction counted."),
}


def _row(name: str, found: Comparison) -> dict[str, object]:
    return {
        "with": name,
        "pearson": number(found.pearson.value),
        "interval": interval_in_words(found.pearson, len(found.tasks)).removesuffix(" (95 %)"),
        "spearman": number(found.spearman.value),
        "tasks": len(found.tasks),
        "pairs": found.entries,
    }


def _scatter(choice: Choice, split: str, found: dict[str, tuple[str, Comparison]]) -> None:
    st.subheader("Pair by pair")
    wanted = state.get("beside")
    key = st.selectbox(
        "Beside",
        list(found),
        index=list(found).index(wanted) if wanted in found else 0,
        format_func=lambda each: found[each][0],
        key=f"pick-beside-{choice.key}",
    )
    state.put("beside", key)
    name, each = found[key]
    own = key in _OWN
    live_chart.plain(
        entries_scatter(
            each.tasks,
            each.left,
            each.right,
            ("gain, %", _UNITS[key] if own else "gain, %"),
            same_unit=not own,
            sides=("measured", key) if own else (choice.study.name, name),
        ),
        key=f"beside-{choice.key}-{split}-{key}",
        label=f"Gains of every pair in {choice.study.name} against {name}",
    )
    st.caption("A point is a pair, source → target." + ("" if own else " Dashed: both equal."))


def _between_all(split: str) -> None:
    """The correlations of every two studies that compare, as a table."""
    known = _others(split)
    rows = []
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            side = _alike(one.study, other.study, split)
            if side is not None and side.entries:
                rows.append(_row(f"{one.study.name} and {other.study.name}", side))
    if rows:
        with st.expander("Every two studies that compare"):
            frame = pd.DataFrame(rows).rename(columns={"with": "Gains of"})
            show_frame(frame, hide_index=True, width="stretch", height="content", column_config=_COLUMNS)
