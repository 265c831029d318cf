"""Reaching data sets from a page: loaded once and kept, or why they cannot be had; and the tables that are kept."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components.runs import store
from app.components.tasks_table import task_rows
from engine import paths
from engine.datasets.dataset import SPLITS, Dataset, randomly
from engine.datasets.loading import load_dataset
from engine.datasets.rendering.rendering import render
from engine.datasets.rooms import SEED
from engine.datasets.settings import DataSettings
from engine.datasets.table import of_frame
from engine.datasets.tables.columns import Column, describe_table, listed, listed_kinds
from engine.datasets.tables.keeping import called
from engine.datasets.tables.reading import READERS, read_table
from engine.texts import language, text

MOST_BYTES = 50 * 2**20  # of an uploaded table
_READING = threading.Lock()  # a small file may take a gigabyte while it is unpacked: one at a time
ROOMS, ROOM_SIZE = 60, 64  # that are rendered to be looked at
_ON_DISK = ("celeba", "taskonomy", "nyuv2")


@dataclass(frozen=True)
class TableSettings:
    """What is made of a table's columns and rows: the choices of the page, as the engine takes them.

    Attributes:
        targets, kinds, leave_out, split, split_by: as of ``DataSettings``, but as tuples.
    """

    targets: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    leave_out: tuple[str, ...] = ()
    split: str = "random"
    split_by: str = ""

    @classmethod
    def chosen(cls) -> "TableSettings":
        """Those that the visitor has chosen."""
        return cls(*map(state.get, ("targets", "kinds", "leave_out", "row_split", "split_by")))

    def settings(self, table: str) -> dict[str, Any]:
        """Of a run on the table of that path."""
        return {
            "dataset": "table",
            "table": table,
            "targets": listed(self.targets),
            "kinds": listed_kinds(dict(self.kinds)),
            "leave_out": listed(self.leave_out),
            "split": self.split,
            "split_by": self.split_by,
        }


def to_look_at(name: str) -> DataSettings:
    """The settings by which a page looks at a data set of the catalog: only a few rooms, all else as a run has it."""
    return DataSettings(name, images=ROOMS, image_size=ROOM_SIZE)


@st.cache_resource(show_spinner=False, max_entries=4)
def loaded(settings: DataSettings) -> Dataset:
    """The data set, kept for the next drawing.

    Raises:
        KindredError: if it cannot be had.
    """
    with st.spinner(text("datasets.reading")):
        return load_dataset(settings)


def tasks_in(settings: DataSettings, names: dict[str, Any], dataset: Dataset) -> pd.DataFrame:
    """``task_rows`` of the data set that the settings name."""
    return _tasks_in(settings, names, language(), dataset)


def tasks_in_table(key: str, settings: TableSettings, names: dict[str, Any], dataset: Dataset) -> pd.DataFrame:
    """``task_rows`` of the table of that key."""
    return _tasks_in((key, settings), names, language(), dataset)


@st.cache_data(show_spinner=False, max_entries=32)
def _tasks_in(which: Hashable, names: dict[str, Any], spoken: str, _dataset: Dataset) -> pd.DataFrame:
    return task_rows(_dataset, names)


@st.cache_resource(show_spinner=False, max_entries=1)
def _rooms() -> dict[str, np.ndarray]:
    with st.spinner(text("datasets.rendering")):
        return render(SEED, ROOMS, ROOM_SIZE)


def rooms_at(split: str, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """The maps, as they were rendered, of samples of a split of ``loaded(to_look_at("rooms"))``."""
    chosen = randomly(ROOMS)[SPLITS.index(split)][numbers]
    return {name: values[chosen] for name, values in _rooms().items()}


def on_disk(name: str) -> bool:
    """Whether the data set is read from files that the user must get."""
    return name in _ON_DISK


def files_of(name: str) -> str:
    """How the files lie in its folder."""
    return text(f"datasets.files_{name}")


def folder_of(name: str) -> Path:
    """Where its files must lie for the dashboard, whose visitors name no folders; the command line takes any."""
    return paths.DATA / name


def site_of(name: str) -> str:
    """Where to get its files."""
    return import_module(f"engine.datasets.{name}").SITE


def tables_folder() -> Path:
    """Where uploaded tables are kept: beside the store's database."""
    return store().tables


def kept_tables() -> dict[str, Path]:
    """The tables that are kept, by the name of their file, the newest first."""
    folder = tables_folder()
    found = [path for path in folder.iterdir() if path.suffix in READERS] if folder.is_dir() else []
    found = [path for path in found if path.is_file() and not path.is_symlink() and not path.name.startswith(".")]
    return {path.name: path for path in sorted(found, key=lambda path: -path.stat().st_mtime)}


def table_name(path: Path) -> str:
    """What the visitor calls a kept table."""
    return f"{called(path)}{path.suffix}"


@st.cache_resource(show_spinner=False, max_entries=3)
def frame_in(key: str, name: str, _content: bytes | Path) -> pd.DataFrame:
    """A table, kept for the next drawing.

    Args:
        key: tells one content from another.

    Raises:
        KindredError: if it cannot be read.
    """
    with st.spinner(text("datasets.reading_table")), _READING:
        return read_table(_content, name, MOST_BYTES)


@st.cache_data(show_spinner=False, max_entries=32)
def columns_in(key: str, settings: TableSettings, _frame: pd.DataFrame) -> list[Column]:
    """``describe_table`` of the table of that key.

    Raises:
        KindredError: if the settings name what is not there.
    """
    return describe_table(
        _frame,
        targets=settings.targets,
        kinds=dict(settings.kinds),
        leave_out=settings.leave_out,
        split_by=settings.split_by,
    )


@st.cache_resource(show_spinner=False, max_entries=3)
def table_in(key: str, settings: TableSettings, name: str, _frame: pd.DataFrame) -> Dataset:
    """The table of that key as a data set.

    Raises:
        KindredError: if it cannot be used as the settings say.
    """
    return of_frame(_frame, DataSettings(**settings.settings(name)), name)
