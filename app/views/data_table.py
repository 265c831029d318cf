"""A table of one's own: uploaded, or kept from before; its columns looked at, corrected, and put to use."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components.datasets import (
    MOST_BYTES,
    TableSettings,
    columns_in,
    frame_in,
    kept_tables,
    table_in,
    table_name,
    tasks_in_table,
)
from app.components.editing import for_editors, keep_table, may_edit
from app.components.frames import show_frame
from app.components.text import plain
from app.views.data_columns import ask_columns, ask_split, say_columns
from app.views.data_samples import browse, say_sizes, show_tasks
from engine.datasets.dataset import SPLITS, Dataset
from engine.datasets.tables.columns import TARGET, Column
from engine.datasets.tables.kinds import BINARY, CATEGORY, levels
from engine.datasets.tables.reading import READERS
from engine.datasets.tables.splitting import split_table
from engine.errors import KindredError
from engine.texts import text

ADDRESS = ("dataset", "table", "targets", "kinds", "leave_out", "row_split", "split_by", "samples_of", "samples_page")
PREVIEW = 8  # rows


@dataclass(frozen=True)
class Source:
    """Attributes:
    key: tells one content from another.
    name: as the visitor calls it.
    content: its bytes, or the path of one that is kept.
    """

    key: str
    name: str
    content: bytes | Path


def show_table() -> None:
    """The page's part for tables."""
    source = _pick_source()
    if source is None:
        state.write_url("dataset")
        return
    state.choose_of("table", source.key)
    try:
        frame = frame_in(source.key, source.name, source.content)
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/error:")
        state.write_url("dataset")
        return
    _preview(source, frame)
    columns = _ask(source, frame)
    state.write_url(*(ADDRESS if isinstance(source.content, Path) else ("dataset",)))
    if columns is None:
        return
    chosen = TableSettings.chosen()
    try:
        dataset = table_in(source.key, chosen, source.name, frame)
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if st.button(
        text("data_table.use"),
        type="primary",
        icon=":material/rocket_launch:",
        key="data-use-table",
        **for_editors(text("data_table.about_use")),
    ):
        _use(source)
    _look(source, frame, dataset, columns, chosen)
    state.write_url(*(ADDRESS if isinstance(source.content, Path) else ("dataset",)))


def _pick_source() -> Source | None:
    """An uploaded table, else one of those that are kept."""
    upload = st.file_uploader(
        text("data_table.upload"),
        [ending.removeprefix(".") for ending in READERS],
        max_upload_size=MOST_BYTES // 2**20,
        key="data-upload",
        **for_editors(text("data_table.about_upload")),
    )
    if upload is not None and may_edit():
        return Source(f"upload:{upload.file_id}", upload.name, upload.getvalue())
    kept = kept_tables()
    if not kept:
        st.caption(text("data_table.what_fits"))
        return None
    wanted = state.get("table")
    if wanted and wanted not in kept and not wanted.startswith("upload:"):
        st.warning(text("data_table.not_kept"), icon=":material/warning:")
    name = st.selectbox(
        text("data_table.kept"),
        list(kept),
        list(kept).index(wanted) if wanted in kept else None,
        format_func=lambda each: _spoken(kept[each]),
        placeholder=text("data_table.choose"),
        key="data-pick-table",
    )
    return None if name is None else Source(name, table_name(kept[name]), kept[name])


def _spoken(path: Path) -> str:
    size = path.stat().st_size
    return f"{table_name(path)}  ·  {size / 2**20:.1f} MiB" if size > 2**19 else f"{table_name(path)}  ·  {size:,} B"


def _preview(source: Source, frame: pd.DataFrame) -> None:
    missing = float(frame.isna().to_numpy().mean())
    told = {"name": plain(source.name), "rows": len(frame), "columns": len(frame.columns)}
    st.markdown(text("data_table.size", empty=missing, **told) if missing else text("data_table.full_size", **told))
    with st.expander(text("data_table.first_rows"), expanded=True, key="data-first-rows"):
        show_frame(frame.head(PREVIEW), hide_index=True, alt=text("data_table.alt_first_rows", name=source.name))


def _ask(source: Source, frame: pd.DataFrame) -> list[Column] | None:
    """The columns and the split, asked; the columns, or ``None`` where a problem, which is said, is left."""
    st.subheader(text("data_table.columns"))
    st.caption(text("data_table.about_columns"))
    ask_columns(source.key, frame)
    ask_split(frame)
    try:
        columns = columns_in(source.key, TableSettings.chosen(), frame)
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    return columns if say_columns(columns) else None


def _use(source: Source) -> None:
    """Keep the table and turn to the launch form."""
    if isinstance(source.content, bytes):
        try:
            kept = keep_table(source.content, source.name, MOST_BYTES)
        except KindredError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        state.put("table", kept)
    state.keep("launching", True)
    state.go_to("runs")


def _look(source: Source, frame: pd.DataFrame, dataset: Dataset, columns: list[Column], chosen: TableSettings) -> None:
    """The table as a data set."""
    names = {
        column.name: levels(frame[column.name])
        for column in columns
        if column.role == TARGET and column.kind in (CATEGORY, BINARY)
    }
    say_sizes(dataset)
    show_tasks(tasks_in_table(source.key, chosen, names, dataset))
    splits = dict(zip(SPLITS, split_table(frame, chosen.split, chosen.split_by), strict=True))
    ordered = list(chosen.targets) + [name for name in frame.columns if name not in chosen.targets]

    def rows(split: str, numbers: np.ndarray) -> pd.DataFrame:
        found = frame.iloc[splits[split][numbers]][ordered]
        return found.set_axis(pd.Index(splits[split][numbers] + 1, name=text("data_table.row")), axis=0)

    browse(dataset, names, rows)
