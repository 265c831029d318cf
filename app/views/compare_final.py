"""How well each run of the Compare page did in the end: every task's metric or loss, the baseline's first."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components.course import course_in
from app.components.frames import show_frame
from app.components.subject import Subject
from app.views.compare_changes import headings
from engine.spreadsheets import csv_of
from engine.texts import text

_MEASURES = ("metrics", "losses")
_SPLITS = ("validation", "test")


def show_final(subjects: Sequence[Subject], name: Callable[[str], str]) -> None:
    """The last value of every task, of several seeds the mean; a sentence where none was measured.

    Args:
        subjects: the baseline first.
        name: of a run by its id, no two the same.
    """
    st.subheader(text("compare_final.title"))
    courses = {each.id: course_in(each) for each in subjects}
    if not any(course.losses for course in courses.values()):
        st.info(text("compare_final.nothing"), icon=":material/info:")
        return
    measure, split = st.columns(2)
    with measure:
        of = _pick("final", _MEASURES, text("compare_final.measure"))
    with split:
        on = _pick("split", _SPLITS, text("compare_final.split"))
    tasks = tuple(dict.fromkeys(task for each in subjects for task in courses[each.id].tasks))
    values = np.array([_last(courses[each.id].tasks, courses[each.id].last(of, on), tasks) for each in subjects]).T
    if not np.isfinite(values).any():
        st.info(text("compare_final.not_here"), icon=":material/info:")
        return
    shared = _shared(values)
    means = values[shared].mean(0) if shared.any() else np.full(len(subjects), np.nan)
    names = headings(subjects, name)
    rows = pd.Index([text("compare_final.mean"), *tasks], name=text("compare_final.task"), dtype=object)
    frame = pd.DataFrame(np.vstack([means, values]), rows, names)
    show_frame(
        frame,
        column_config={
            text("compare_final.task"): st.column_config.TextColumn(width="small"),
            **dict.fromkeys(names, st.column_config.NumberColumn(format="%.4f")),
        },
        width="stretch",
        height="content" if len(frame) <= 12 else 460,
    )
    st.caption(" ".join([text(f"compare_final.about_{of}"), text("compare_final.about_mean", count=int(shared.sum()))]))
    st.download_button(
        text("compare_result.csv"),
        csv_of(frame, index=True),
        f"compare-{of}-{subjects[0].file_name}.csv",
        "text/csv",
        icon=":material/download:",
        key="csv-final",
    )


def _shared(values: np.ndarray) -> np.ndarray:
    """Which tasks the mean is over: those known of all the runs that know any of the first one's tasks.

    Args:
        values: ``[tasks, runs]``; NaN where unknown. The runs left out have no mean.
    """
    known = np.isfinite(values)
    comparable = known[known[:, 0]].any(0)
    return known[:, comparable].all(1) & known[:, 0]


def _pick(choice: str, options: Sequence[str], label: str) -> str:
    chosen = st.segmented_control(
        label,
        options,
        format_func=lambda each: text(f"compare_final.{each}"),
        default=state.get(choice),
        required=True,
        key=f"pick-{choice}",
    )
    state.put(choice, chosen)
    return chosen


def _last(own: Sequence[str], values: np.ndarray, tasks: Sequence[str]) -> np.ndarray:
    """A run's values in the order of all tasks; NaN of those that it has not."""
    known = dict(zip(own, values, strict=True))
    return np.array([known.get(task, np.nan) for task in tasks])
