"""Where each task of a run stands and what its curves are drawn through, as tables, and the whole course as files."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from app.components.behind import show_curves, tables_below
from app.components.course import Course, losses_table, role, weights_table
from app.components.frames import show_frame
from app.components.subject import Subject
from engine.spreadsheets import csv_of
from engine.texts import text


def show_numbers(subject: Subject, course: Course, curves: Mapping[str, pd.DataFrame]) -> None:
    """The last values of every task, the numbers of the charts by their titles, and downloads."""
    place = tables_below("training-table")
    if place is not None:
        with place:
            st.caption(text("training_numbers.about"))
            found = standing(subject, course)
            headings = {name: text(f"training_numbers.{name}") for name in found}
            show_frame(
                found, hide_index=True, width="stretch", column_config=headings, alt=text("training_numbers.alt")
            )
            show_curves(curves)
    name = subject.file_name
    with st.container(horizontal=True):
        st.download_button(
            text("training_numbers.csv_losses"),
            lambda: csv_of(losses_table(subject.runs)),
            f"{name}-training.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"csv-losses-{subject.id}",
        )
        if len(course.weights):
            st.download_button(
                text("training_numbers.csv_weights"),
                lambda: csv_of(weights_table(subject.runs)),
                f"{name}-weights.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"csv-weights-{subject.id}",
            )


def standing(subject: Subject, course: Course) -> pd.DataFrame:
    """One task a row; columns that no task has a value in are left out."""
    run = subject.first
    validation = course.metrics.get("validation")
    known = validation is not None and len(validation) and np.isfinite(validation.values).any()
    columns = {
        "task": list(run.tasks),
        "role": [text(f"training_numbers.{role(run, task)}") for task in run.tasks],
        "metric": list(run.metrics) or None,
        "validation_loss": course.last("losses", "validation"),
        "validation_metric": course.last("metrics", "validation"),
        "best_validation_metric": np.fmax.reduce(validation.values, axis=0) if known else None,
        "test_loss": course.last("losses", "test"),
        "test_metric": course.last("metrics", "test"),
        "training_loss": course.last("losses", "train"),
        "weight": course.weights.last if len(course.weights) else None,
    }
    kept = {name: values for name, values in columns.items() if values is not None}
    return pd.DataFrame(kept).dropna(axis="columns", how="all")
