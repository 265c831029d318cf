"""A data set looked at: how many samples there are, what its tasks are, and the samples themselves, page by page."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components.datasets import rooms_at
from app.components.frames import show_frame
from app.components.samples import Card, Names, cards, room_cards, rows, tasks_of
from app.components.tasks_table import ADJECTIVES, regime, split_sizes
from app.components.text import plain
from engine.charts.pictures import enlarged
from engine.datasets.dataset import SPLITS, Dataset

Rows = Callable[[str, np.ndarray], pd.DataFrame]  # the rows of a split at these numbers

SMALL, LARGE = 96, 128  # pixels of a picture on the page
A_PAGE = {"rows": 20, "pictures": 27, "labelled": 12, "maps": 4}
CARD = {"pictures": 126, "labelled": 308}  # pixels of a card's width
MOST_LINES = 12  # of labels beside a picture
COLUMNS = {
    "task": st.column_config.TextColumn("Task", pinned=True),
    "loss": "Loss",
    "metric": "Metric",
    "outputs": st.column_config.NumberColumn("Outputs", help="Classes, or numbers, that are predicted at a time."),
    "dense": st.column_config.CheckboxColumn("Dense", help="One output for every pixel, not one a sample."),
    "known": st.column_config.NumberColumn("Known", format="%.0f %%", help="Share of the training labels."),
    "labels": st.column_config.TextColumn("Labels", help="Of the training samples."),
    "distribution": st.column_config.BarChartColumn(
        "Distribution", y_min=0, help="Of the training labels: a bar a class, or an interval of the numbers."
    ),
    "summary": "What it is",
}


def say_sizes(dataset: Dataset) -> None:
    """The regime in words, and how many samples each split has."""
    st.markdown(plain(regime(dataset)))
    sizes = split_sizes(dataset)
    if len(sizes) == 1:
        said = ", ".join(f"**{sizes[adjective][0]:,}** for {adjective}" for adjective in ADJECTIVES.values())
        st.markdown(f"Samples: {said}.")
        return
    with st.expander(
        "Samples: "
        + ", ".join(f"{sizes[adjective].sum():,} for {adjective}" for adjective in ADJECTIVES.values())
        + ", of all tasks together"
    ):
        st.table(sizes.assign(tasks=sizes["tasks"].map(plain)), hide_index=True)


def show_tasks(found: pd.DataFrame) -> None:
    """The tasks as a table."""
    st.subheader("Tasks")
    if not found["dense"].any():
        found = found.drop(columns="dense")
    show_frame(
        found,
        hide_index=True,
        column_config=COLUMNS,
        height=min(35 * (len(found) + 1) + 3, 430),
        alt="The tasks, each with its loss, metric and labels",
    )


def browse(dataset: Dataset, names: Names, table_rows: Rows | None = None) -> None:
    """Samples of a split and part, chosen, page by page.

    Args:
        names: what classes are called.
        table_rows: the rows of a table of the user's own, which are shown as they are in the file.
    """
    st.subheader("Samples")
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
        st.caption(f"Samples {numbers[0] + 1:,} to {numbers[-1] + 1:,} of {count:,}", width="content")
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
        "Inputs of",
        range(len(dataset.train)),
        wanted,
        format_func=lambda place: ", ".join(dataset.train[place].labels),
        key=f"samples-part-{dataset.name}",
        help="Which of the tasks, as they have inputs of their own.",
        width=320,
    )
    _put("data_part", part)
    return part


def _pick_split(dataset: Dataset, part: int) -> str:
    split = st.segmented_control(
        "Split",
        SPLITS,
        default=state.get("samples_of"),
        required=True,
        format_func=lambda each: f"{ADJECTIVES[each].capitalize()} · {len(getattr(dataset, each)[part]):,}",
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
    show_frame(found, height=35 * (len(found) + 1) + 3, alt=f"Samples of the {ADJECTIVES[split]} split")
    if not table_rows:
        st.caption("Labels first. Inputs, and labels that are real numbers, have mean 0 and deviation 1 in training.")


def _show_cards(found: list[Card], split: str, kind: str) -> None:
    with st.container(horizontal=kind in CARD, gap="small"):
        for card in found:
            with st.container(border=True, width=CARD.get(kind, "stretch")):
                _show_card(card, split, kind)


def _show_card(card: Card, split: str, kind: str) -> None:
    about = f"sample {card.number + 1} of {ADJECTIVES[split]}"
    with st.container(horizontal=kind != "pictures", wrap=kind != "labelled"):
        for title, pixels in card.pictures:
            width = LARGE if kind == "maps" else SMALL
            st.image(
                enlarged(pixels, 2 * width),
                plain(title.replace("_", " ")) if kind == "maps" else None,
                width,
                output_format="PNG",
                alt=f"{title}, {about}",
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
    return [*lines, f"**{plain(common)}** the other {len(tasks[common])}"]
