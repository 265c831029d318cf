"""The classes that MAXL's label generator made of the primary task's: how much each is used, and what is in it."""

from typing import Any

import numpy as np
import streamlit as st

from app.components.runs import store
from app.components.text import plain
from engine.charts.pictures import enlarged
from engine.runs.run import Run
from engine.texts import text

ARTIFACT = "generated labels"
SIZE = 56  # of a thumbnail, pixels


def show_labels(run: Run) -> None:
    """A class of the primary task, chosen, with a row for each generated class of it."""
    labels = store().artifact(run.id, ARTIFACT)
    st.subheader(text("training_labels.title"))
    if labels is None:
        st.caption(text("training_labels.none_yet"))
        return
    told = {name: labels[name] for name in ("primary", "subclasses", "samples", "entropy", "certainty")}
    st.caption(plain(text("training_labels.about", chance=1 / labels["subclasses"], **told)))
    chosen = st.segmented_control(
        plain(text("training_labels.class_of", task=labels["primary"])),
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
            text=text("training_labels.used", number=group["subclass"] + 1, share=group["share"], count=group["count"]),
        )
    examples = group["examples"]
    with samples:
        if not examples:
            st.caption(text("training_labels.no_sample"))
        elif examples[0]["thumbnail"] is None:
            each = [f"{each['index']} ({each['probability']:.0%})" for each in examples]
            st.caption(text("training_labels.samples", samples=text("words.comma").join(each)))
        else:
            st.image(
                [picture(each["thumbnail"]) for each in examples],
                caption=[f"{each['probability']:.0%}" for each in examples],
                width=SIZE,
                output_format="PNG",
                alt=[
                    text("training_labels.alt", number=each["index"], probability=each["probability"])
                    for each in examples
                ],
            )


def picture(thumbnail: list[Any]) -> np.ndarray:
    """A thumbnail with every pixel a whole number of times as large, which keeps it sharp where it is shown."""
    return enlarged(np.array(thumbnail, np.uint8), 2 * SIZE)
