"""A data set looked at: how many samples there are, what its tasks are, and the samples themselves, page by page."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components.datasets import rooms_at
from app.components.frames import show_frame
from app.components.samples import Card, Names, cards, room_cards, rows, tasks_of
from app.components.tasks_table import adjectives, regime, split_sizes
from app.components.text import plain
from engine.charts.pictures import enlarged
from engine.datasets.dataset import SPLITS, Dataset
from engine.texts import text

Rows = Callable[[str, np.ndarray], pd.DataFrame]  # the rows of a split at these numbers

SMALL, LARGE = 96, 128  # pixels of a picture on the page
A_PAGE = {"rows": 20, "pictures": 27, "labelled": 12, "maps": 4}
CARD = {"pictures": 126, "labelled": 308}  # pixels of a card's width
MOST_LINES = 12  # of labels beside a picture
_EXPLAINED = ("outputs", "dense", "known", "labels", "distribution")
_COLUMNS = ("task", "loss", "metric", "summary", *_EXPLAINED)


def _columns() -> dict[str, Any]:
    """How the table of tasks shows its columns."""
    said = {name: text(f"data_samples.{name}") for name in _COLUMNS}
    about = {name: text(f"data_samples.about_{name}") for name in _EXPLAINED}
    return said | {
        "task": st.column_config.TextColumn(said["task"], pinned=True),
        "outputs": st.column_config.NumberColumn(said["outputs"], help=about["outputs"]),
        "dense": st.column_config.CheckboxColumn(said["dense"], help=about["dense"]),
        "known": st.column_config.NumberColumn(said["known"], format="%.0f %%", help=about["known"]),
        "labels": st.column_config.TextColumn(said["labels"], help=about["labels"]),
        "distribution": st.column_config.BarChartColumn(said["distribution"], y_min=0, help=about["distribution"]),
    }


def say_sizes(dataset: Dataset) -> None:
    """The regime in words, and how many samples each split has."""
    st.markdown(plain(regime(dataset)))
    counts = {split: sum(map(len, getattr(dataset, split))) for split in SPLITS}
    if len(dataset.train) == 1:
        st.markdown(text("data_samples.sizes", **counts))
        return
    with st.expander(text("data_samples.sizes_of_all", **counts)):
        sizes = split_sizes(dataset)
        sizes["tasks"] = sizes["tasks"].map(plain)
        st.table(sizes.rename(columns={"tasks": text("data_samples.tasks")}), hide_index=True)


def show_tasks(found: pd.DataFrame) -> None:
    """The tasks as a table."""
    st.subheader(text("data_samples.tasks"))
    if not found["dense"].any():
        found = found.drop(columns="dense")
    show_frame(
        found,
        hide_index=True,
        column_config=_columns(),
        height=min(35 * (len(found) + 1) + 3, 430),
        alt=text("data_samples.alt_tasks"),
    )


def browse(dataset: Dataset, names: Names, table_rows: Rows | None = None) -> None:
    """Samples of a split and part, chosen, page by page.

    Args:
        names: what classes are called.
        table_rows: the rows of a table of the user's own, which are shown as they are in the file.
    """
    st.subheader(text("data_samples.samples"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        part = _pick_part(dataset)
        split = _pick_split(dataset, part)
    kind = _kind(dataset, part)
    count = len(getattr(dataset, split)[part])
    pages = max(-(-count // A_PAGE[kind]), 1)
    page = min(state.get("samples_page"), pages)
    place, above = st.container(), st.container(horizontal=True, vertical_alignment="center")
    with above:
        page = st.pagination(
            pages, default=page, max_visible_pages=5, key=f"samples-page-{dataset.name}-{split}-{part}-{pages}"
        )
        numbers = np.arange((page - 1) * A_PAGE[kind], min(page * A_PAGE[kind], count))
        st.caption(
            text("data_samples.range", first=numbers[0] + 1, last=numbers[-1] + 1, samples=count), width="content"
        )
    state.put("samples_page", page)
    with place:
        if kind == "rows":
            _show_rows(dataset, split, part, numbers, names, table_rows)
        elif dataset.name == "rooms":
            _show_cards(room_cards(rooms_at(split, numbers), dataset.tasks, numbers), split, kind)
        else:
            _show_cards(cards(dataset, split, part, numbers, names), split, kind)


def _kind(dataset: Dataset, part: int) -> str:
    """How samples are shown, a key of ``A_PAGE``."""
    if len(dataset.input_shape) != 3:
        return "rows"
    tasks = tasks_of(dataset, part)
    if any(task.dense for task in tasks):
        return "maps"
    return "labelled" if len(tasks) > 2 else "pictures"


def _pick_part(dataset: Dataset) -> int:
    wanted = min(state.get("data_part"), len(dataset.train) - 1)
    if len(dataset.train) == 1:
        state.put("data_part", None)
        return 0
    part = st.selectbox(
        text("data_samples.inputs_of"),
        range(len(dataset.train)),
        wanted,
        format_func=lambda place: ", ".join(dataset.train[place].labels),
        key=f"samples-part-{dataset.name}",
        help=text("data_samples.about_inputs_of"),
        width=320,
    )
    _put("data_part", part)
    return part


def _pick_split(dataset: Dataset, part: int) -> str:
    split = st.segmented_control(
        text("data_samples.split"),
        SPLITS,
        default=state.get("samples_of"),
        required=True,
        format_func=lambda each: f"{adjectives()[each].capitalize()} · {len(getattr(dataset, each)[part]):,}",
        key=f"samples-split-{dataset.name}",
    )
    _put("samples_of", split)
    return split


def _put(name: str, value: object) -> None:
    """A choice, which begins its samples at the first page."""
    if state.get(name) != value:
        state.put(name, value)
        state.put("samples_page", None)


def _show_rows(
    dataset: Dataset, split: str, part: int, numbers: np.ndarray, names: Names, table_rows: Rows | None
) -> None:
    found = table_rows(split, numbers) if table_rows else rows(dataset, split, part, numbers, names)
    show_frame(found, height=35 * (len(found) + 1) + 3, alt=text("data_samples.alt_rows", split=adjectives()[split]))
    if not table_rows:
        st.caption(text("data_samples.about_rows"))


def _show_cards(found: list[Card], split: str, kind: str) -> None:
    with st.container(horizontal=kind in CARD, gap="small"):
        for card in found:
            with st.container(border=True, width=CARD.get(kind, "stretch")):
                _show_card(card, split, kind)


def _show_card(card: Card, split: str, kind: str) -> None:
    with st.container(horizontal=kind != "pictures", wrap=kind != "labelled"):
        for title, pixels in card.pictures:
            width = LARGE if kind == "maps" else SMALL
            st.image(
                enlarged(pixels, 2 * width),
                plain(title.replace("_", " ")) if kind == "maps" else None,
                width,
                output_format="PNG",
                alt=text("data_samples.alt", what=title, number=card.number + 1, split=adjectives()[split]),
            )
        _say_labels(card)


def _say_labels(card: Card) -> None:
    if card.labels:
        st.markdown("  \n".join(f":small[{line}]" for line in label_lines(card.labels)))


def label_lines(labels: Sequence[tuple[str, str]]) -> list[str]:
    """Labels as lines of Markdown.

    A line a task, without its name where there is but one; of many tasks a line a value, and of the commonest value
    only how many have it.
    """
    if len(labels) == 1:
        return [f"**{plain(labels[0][1])}**"]
    if len(labels) <= MOST_LINES:
        return [f"{plain(task)} **{plain(value)}**" for task, value in labels]
    tasks: dict[str, list[str]] = {}
    for task, value in labels:
        tasks.setdefault(value, []).append(task)
    common = max(tasks, key=lambda value: len(tasks[value]))
    lines = [f"**{plain(value)}** {plain(', '.join(tasks[value]))}" for value in tasks if value != common]
    return [*lines, text("data_samples.others", label=plain(common), count=len(tasks[common]))]
