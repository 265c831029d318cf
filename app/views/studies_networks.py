"""All networks of a study with their losses, and the study as files."""

import numpy as np
import pandas as pd
import streamlit as st

from app.components.frames import show_frame
from app.components.losses import SPLITS, pick_split
from app.components.studies import Choice
from app.components.text import plain
from engine.errors import KindredError
from engine.studies.files import to_csv, to_json
from engine.studies.study import Study

_LOSSES, _METRICS = "Losses", "Metrics"
_OWN = ("network", "tasks", "SNT", "mean", "seeds", "epochs")


def show_networks(choice: Choice) -> None:
    """The table, and the downloads."""
    study = choice.study
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        split = pick_split(study)
    values = _LOSSES
    if split in study.metrics and np.isfinite(study.metrics[split]).any():
        values = right.segmented_control(
            "Values", [_LOSSES, _METRICS], default=_LOSSES, required=True, key=f"pick-values-{choice.key}"
        )
    frame = networks_table(study, split, values == _METRICS)
    show_frame(
        frame,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(frame), 640),
        placeholder="",
        column_config={
            "network": st.column_config.TextColumn("Network", width=300, help="The tasks that are trained in it."),
            "tasks": st.column_config.NumberColumn("Tasks", width="small"),
            "SNT": st.column_config.NumberColumn("SNT", width="small", help="Inference cost; full size: 1."),
            "mean": st.column_config.NumberColumn(
                "Mean",
                format="%.4f",
                help=f"Of its tasks{_weighed(study)}." if values == _LOSSES else "Of its tasks.",
            ),
            "seeds": st.column_config.NumberColumn(
                "± seeds", format="%.4f", help="Deviation over seeds, the mean of its tasks weighed likewise."
            ),
            "epochs": st.column_config.NumberColumn(
                "Epochs", format="%.3g", help="Of its training; mean of the seeds."
            ),
            **{column_of(task): st.column_config.NumberColumn(task, format="%.4f") for task in study.tasks},
        },
    )
    direction = "lower is better" if values == _LOSSES else "higher is better"
    seeds = "" if "seeds" in frame else " One training each: nothing tells how far other seeds would lie apart."
    st.caption(
        f"{SPLITS[split]} {values.lower()}; {direction}. Click a column to sort by it; empty: the network has no such "
        f"task, or is not measured.{seeds}"
    )
    _downloads(choice)


def networks_table(study: Study, split: str, metrics: bool = False) -> pd.DataFrame:
    """One network a row; columns in which nothing is known are left out, but for those of tasks.

    Args:
        metrics: in place of losses.
    """
    values = (study.metrics if metrics else study.losses)[split]
    weights = np.ones(len(study.tasks)) if metrics else study.weights
    columns = {
        "network": [network.name for network in study.networks],
        "tasks": [len(network.tasks) for network in study.networks],
        "SNT": study.costs,
        "mean": _mean(values * weights),
        "seeds": _mean(study.spread[split] * weights) if split in study.spread and not metrics else None,
        "epochs": study.epochs,
    }
    kept = {name: column for name, column in columns.items() if column is not None and not _empty(column)}
    return pd.DataFrame(kept | {column_of(task): values[:, place] for place, task in enumerate(study.tasks)})


def column_of(task: str) -> str:
    """A task's column, also where the task is called as another column is."""
    return f"{task} (task)" if task in _OWN else task


def _mean(values: np.ndarray) -> np.ndarray:
    """``[networks]``: over the tasks that are known; NaN where none is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)


def _empty(column: np.ndarray | list) -> bool:
    return isinstance(column, np.ndarray) and not np.isfinite(column).any()


def _weighed(study: Study) -> str:
    return "" if (study.weights == 1).all() else ", each relative to its loss when the task is alone"


def _downloads(choice: Choice) -> None:
    name = choice.file_name
    with st.container(horizontal=True):
        try:
            st.download_button(
                "CSV", to_csv(choice.study).encode(), f"{name}-losses.csv", "text/csv", icon=":material/download:",
                help="One row a split, network and task, as python -m engine solve --losses reads it.",
            )  # fmt: skip
        except KindredError as error:
            st.caption(plain(str(error)))
        st.download_button(
            "JSON",
            to_json(choice.study).encode(),
            f"{name}.json",
            "application/json",
            icon=":material/download:",
            help="All of the study to the last bit (kindred.study/1).",
        )
