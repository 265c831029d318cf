"""Where each task of a run stands, as a table, and the whole course as files."""

import numpy as np
import pandas as pd
import streamlit as st

from app.components.course import Course, losses_table, role, weights_table
from app.components.frames import show_frame
from app.components.subject import Subject
from engine.spreadsheets import csv_of


def show_numbers(subject: Subject, course: Course) -> None:
    """The last values of every task, and downloads."""
    with st.expander("The same as numbers", icon=":material/table_chart:"):
        show_frame(standing(subject, course), hide_index=True, width="stretch")
        st.caption("The last values of the run so far; best: over all evaluations of the validation data.")
    name = subject.file_name
    with st.container(horizontal=True):
        st.download_button(
            "CSV of losses and metrics",
            lambda: csv_of(losses_table(subject.runs)),
            f"{name}-training.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        if len(course.weights):
            st.download_button(
                "CSV of task weights",
                lambda: csv_of(weights_table(subject.runs)),
                f"{name}-weights.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
            )


def standing(subject: Subject, course: Course) -> pd.DataFrame:
    """One task a row; columns that no task has a value in are left out."""
    run = subject.first
    validation = course.metrics.get("validation")
    known = validation is not None and len(validation) and np.isfinite(validation.values).any()
    columns = {
        "task": list(run.tasks),
        "role": [role(run, task) for task in run.tasks],
        "metric": list(run.metrics) or None,
        "validation loss": course.last("losses", "validation"),
        "validation metric": course.last("metrics", "validation"),
        "best validation metric": np.fmax.reduce(validation.values, axis=0) if known else None,
        "test loss": course.last("losses", "test"),
        "test metric": course.last("metrics", "test"),
        "training loss": course.last("losses", "train"),
        "weight": course.weights.last if len(course.weights) else None,
    }
    kept = {name: values for name, values in columns.items() if values is not None}
    return pd.DataFrame(kept).dropna(axis="columns", how="all")
