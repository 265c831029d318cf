"""How often the tasks' gradients point apart while a run trains."""

import numpy as np
import pandas as pd
import streamlit as st

from app.components import live_chart
from app.components.observed import Observed
from app.components.runs import observed_in, readings_of
from app.components.subject import Subject
from app.components.text import plain
from engine.charts.course import conflict_share, over_pairs, pair_means
from engine.texts import text

_CONFLICT, _COSINE = "gradient_conflict", "gradient_cosine"


def show_conflicts(subject: Subject) -> dict[str, pd.DataFrame]:
    """The share of pairs in conflict and the mean cosine over the steps, or how to get them.

    Returns:
        the numbers of the charts by their titles.
    """
    st.subheader(text("training_conflicts.title"))
    found = {reading: observed for reading in (_CONFLICT, _COSINE) if (observed := _observed(subject, reading))}
    if not found:
        st.caption(plain(text("training_conflicts.none")))
        return {}
    curves = {}
    for place, (reading, observed) in zip(st.columns(2), found.items(), strict=False):
        steps, means = pair_means(observed.series)
        share = reading == _CONFLICT
        values, title = conflict_share(means) if share else means, text(f"training_conflicts.{reading}")
        with place:
            live_chart.plain(
                over_pairs(steps, values, title, share),
                key=f"{reading}-{subject.id}",
                label=text(f"training_conflicts.{reading}_label"),
            )
        curves[title] = pd.DataFrame({title: values}, pd.Index(steps, name=text("course.step")))
    st.caption(text("training_conflicts.about"))
    if _CONFLICT in found:
        st.markdown(plain(_worst(found[_CONFLICT])))
    return curves


def _observed(subject: Subject, reading: str) -> Observed | None:
    """A reading of that name, or the run's affinity where its estimator observed just that."""
    if subject.first.config.get("affinity") == reading and reading not in readings_of(subject):
        reading = "affinity"
    if reading not in readings_of(subject):
        return None
    observed = observed_in(subject, reading)
    return observed if len(pair_means(observed.series)[0]) else None


def _worst(observed: Observed) -> str:
    """The pair that conflicted most often over the whole run, and the mean of all pairs."""
    tasks = observed.series.tasks
    shares = conflict_share(observed.mean().affinity)
    shares[np.tril_indices(len(tasks))] = np.nan
    one, other = np.unravel_index(np.nanargmax(shares), shares.shape)
    return text(
        "training_conflicts.worst",
        one=tasks[one],
        other=tasks[other],
        share=shares[one, other],
        mean=np.nanmean(shares),
    )
