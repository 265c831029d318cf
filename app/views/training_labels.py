"""The classes that MAXL's label generator made of the primary task's: how much each is used, and what is in it."""

from typing import Any

import numpy as np
import streamlit as st

from app.components.runs import store
from app.components.text import plain
from engine.charts.pictures import enlarged
from engine.runs.run import Run

ARTIFACT = "generated labels"
SIZE = 56  # of a thumbnail, pixels


def show_labels(run: Run) -> None:
    """A class of the primary task, chosen, with a row for each generated class of it."""
    labels = store().artifact(run.id, ARTIFACT)
    st.subheader("Generated labels")
    if labels is None:
        st.caption("The first are stored after the first pass over the training data.")
        return
    st.caption(
        plain(
            f"The label generator splits every class of {labels['primary']} into {labels['subclasses']}. Of "
            f"{labels['samples']:,} validation samples each is shown in its most probable one. How evenly they are "
            f"used: {labels['entropy']:.0%} (0 %: one of each class only, as if nothing were generated). How certain "
            f"they are: {labels['certainty']:.0%} ({1 / labels['subclasses']:.0%}: they say no more than the class)."
        )
    )
    chosen = st.segmented_control(
        plain(f"Class of {labels['primary']}"),
        range(labels["classes"]),
        default=0,
        required=True,
        key=f"labels-class-{run.id}",
    )
    for group in labels["groups"]:
        if group["class"] == chosen:
            _row(group)


def _row(group: dict[str, Any]) -> None:
    said, samples = st.columns([1, 3], vertical_alignment="center")
    with said:
        st.progress(
            min(max(group["share"], 0.0), 1.0),
            text=f"**{group['subclass'] + 1}** · {group['share']:.0%} · {group['count']:,} samples",
        )
    examples = group["examples"]
    with samples:
        if not examples:
            st.caption("No sample is of this class.")
        elif examples[0]["thumbnail"] is None:
            st.caption(
                "Samples " + ", ".join(f"{each['index']} ({each['probability']:.0%})" for each in examples),
            )
        else:
            st.image(
                [picture(each["thumbnail"]) for each in examples],
                caption=[f"{each['probability']:.0%}" for each in examples],
                width=SIZE,
                output_format="PNG",
                alt=[f"Sample {each['index']}" for each in examples],
            )


def picture(thumbnail: list[Any]) -> np.ndarray:
    """A thumbnail with every pixel a whole number of times as large, which keeps it sharp where it is shown."""
    return enlarged(np.array(thumbnail, np.uint8), 2 * SIZE)
