"""How often the tasks' gradients point apart while a run trains."""

import numpy as np
import streamlit as st

from app.components import live_chart
from app.components.observed import Observed
from app.components.runs import observed_in, readings_of
from app.components.subject import Subject
from app.components.text import plain
from engine.charts.course import conflict_share, over_pairs, pair_means

_CONFLICT, _COSINE = "gradient_conflict", "gradient_cosine"


def show_conflicts(subject: Subject) -> None:
    """The share of pairs in conflict and the mean cosine over the steps, or how to get them."""
    st.subheader("Gradient conflicts")
    found = {reading: observed for reading in (_CONFLICT, _COSINE) if (observed := _observed(subject, reading))}
    if not found:
        st.caption(
            "Not observed. The gradient methods (mgda, pcgrad, cagrad and the like) tell them at every update; with "
            "any other weighting choose the affinity estimator gradient_conflict or gradient_cosine."
        )
        return
    for place, (reading, observed) in zip(st.columns(2), found.items(), strict=False):
        steps, means = pair_means(observed.series)
        with place:
            if reading == _CONFLICT:
                figure = over_pairs(steps, conflict_share(means), "pairs in conflict", share=True)
                label = "Share of the pairs of tasks whose gradients conflict, over training"
            else:
                figure = over_pairs(steps, means, "mean cosine of two gradients", share=False)
                label = "Mean cosine of the gradients of two tasks over training"
            live_chart.plain(figure, key=f"{reading}-{subject.id}", label=label)
    st.caption("Two tasks are in conflict where the cosine of their gradients on what is shared is negative.")
    if _CONFLICT in found:
        st.markdown(plain(_worst(found[_CONFLICT])))


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
    return (
        f"Most often in conflict: {tasks[one]} and {tasks[other]}, at {shares[one, other]:.0%} of the updates; "
        f"the mean of all pairs is {np.nanmean(shares):.0%}."
    )
