"""All networks of a study with their losses, and the study as files."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.losses import pick_split, split_name
from app.components.studies import Choice
from app.components.text import plain
from engine.errors import KindredError
from engine.studies.files import to_csv, to_json
from engine.studies.study import Study
from engine.texts import text

_LOSSES, _METRICS = "losses", "metrics"
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
            text("studies_networks.values"),
            [_LOSSES, _METRICS],
            format_func=lambda name: text(f"studies_networks.{name}"),
            default=_LOSSES,
            required=True,
            key=f"pick-values-{choice.key}",
        )
    frame = networks_table(study, split, values == _METRICS)
    explain(f"studies_networks.look_{values}", split=split_name(split))
    show_frame(
        frame,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(frame), 640),
        placeholder="",
        alt=text(f"studies_networks.table_{values}"),
        column_config=_columns(study, values),
    )
    if "seeds" not in frame:
        st.caption(text("studies_networks.one_each"))
    _downloads(choice)


def _columns(study: Study, values: str) -> dict[str, Any]:
    relative = values == _LOSSES and not (study.weights == 1).all()
    return {
        "network": st.column_config.TextColumn(
            text("studies_networks.network"), width=200, help=text("studies_networks.about_network")
        ),
        "tasks": st.column_config.NumberColumn(text("studies_networks.tasks"), width="small"),
        "SNT": st.column_config.NumberColumn("SNT", width="small", help=text("studies_networks.about_snt")),
        "mean": st.column_config.NumberColumn(
            text("studies_networks.mean"),
            format="%.4f",
            help=text("studies_networks.about_relative_mean" if relative else "studies_networks.about_mean"),
        ),
        "seeds": st.column_config.NumberColumn(
            text("studies_networks.seeds"), format="%.4f", help=text("studies_networks.about_seeds")
        ),
        "epochs": st.column_config.NumberColumn(
            text("studies_networks.epochs"), format="%.3g", help=text("studies_networks.about_epochs")
        ),
        **{column_of(task): st.column_config.NumberColumn(task, format="%.4f") for task in study.tasks},
    }


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


def _downloads(choice: Choice) -> None:
    name = choice.file_name
    with st.container(horizontal=True):
        try:
            st.download_button(
                "CSV",
                to_csv(choice.study).encode(),
                f"{name}-losses.csv",
                "text/csv",
                key=f"csv-{choice.key}",
                icon=":material/download:",
                help=text("studies_networks.about_csv"),
            )
        except KindredError as error:
            st.caption(plain(str(error)))
        st.download_button(
            "JSON",
            to_json(choice.study).encode(),
            f"{name}.json",
            "application/json",
            key=f"json-{choice.key}",
            icon=":material/download:",
            help=text("studies_networks.about_json"),
        )
