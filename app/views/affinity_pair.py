"""The pair that was clicked on the Affinity page: both directions, over time, beside both tasks' losses."""

import math

import numpy as np
import streamlit as st

from app.components import live_chart
from app.components.kinds import of_networks
from app.components.observed import Observed
from app.components.readings import in_words
from app.components.runs import store
from app.components.subject import Subject
from app.components.text import plain
from engine.affinity.series import IntervalMean
from engine.affinity.uncertainty import SeedMean
from engine.charts.curves import LossHistory, loss_curves, pair_curves

_PAIR = {"step": "over time, in both directions", "round": "over the rounds", "seed": "seed by seed"}
_OVER = {"step": "training", "round": "the rounds", "seed": "the seeds"}


def show_pair(subject: Subject, observed: Observed, shown: live_chart.HeatmapResult) -> None:
    """The selected pair's numbers and curves, or how to select one."""
    tasks, unit = observed.series.tasks, observed.quantity.unit
    if shown.pair is None or not set(shown.pair) <= set(tasks):
        st.info(f"Click a cell of the heatmap to see that pair {_PAIR[unit]}.", icon=":material/ads_click:")
        return
    source, target = shown.pair
    mean = observed.mean(*shown.steps)
    st.subheader(plain(f"{source} and {target}") if source != target else plain(source))
    quantity = observed.quantity
    directions = {(source, target)} if quantity.mutual else {(source, target), (target, source)}
    for column, (helper, helped) in zip(
        st.columns(2), sorted(directions, key=lambda pair: pair[0] != source), strict=False
    ):
        place = tasks.index(helper), tasks.index(helped)
        column.metric(
            plain(f"{helper} {'and' if quantity.mutual else '→'} {helped}"),
            f"{mean.affinity[place]:.4g}" if math.isfinite(mean.affinity[place]) else "not observed",
            delta=error_in_words(mean, place, unit) if observed.group or quantity.noisy else None,
            delta_color="off",
            delta_arrow="off",
        )
    over_time, losses = st.columns(2)
    with over_time:
        if not sum(observed.series.counts[:, tasks.index(one), tasks.index(two)].sum() for one, two in directions):
            st.info("This pair was never observed: no update had labels for both tasks.", icon=":material/info:")
        elif unit == "seed" and len(observed.series) == 1:
            st.info("One seed only: nothing tells what another sample would change.", icon=":material/info:")
        elif len(observed.series) > 1:
            live_chart.plain(
                pair_curves(observed.series, source, target, observed.seeds, quantity),
                key=f"pair-{subject.id}-{observed.reading}",
                label=f"{in_words(observed.reading)} between {source} and {target} over {_OVER[unit]}",
            )
            st.caption(_about_curves(observed))
        else:
            st.info("One matrix only: there is no course over time.", icon=":material/info:")
    with losses:
        if not of_networks(subject.first):
            st.info("How wrong the models of a task are is on the Training page.", icon=":material/show_chart:")
            return
        history = _losses(subject, (source, target))
        if history:
            live_chart.plain(
                loss_curves(history), key=f"losses-{subject.id}", label=f"Losses of {source} and {target} over training"
            )
            if subject.several:
                st.caption("Mean over the seeds.")
        elif subject.first.origin == "tracked":
            st.info("Its loop recorded no losses.", icon=":material/info:")
        else:
            st.info("No losses are stored with this matrix.", icon=":material/info:")


def _about_curves(observed: Observed) -> str:
    if observed.group:
        return "Thin: each seed; thick: their mean."
    if observed.quantity.unit == "seed":
        return "Each point is a seed, a sample of its own: look for how far they lie apart."
    if observed.quantity.unit == "round":
        return "As the models were at the end of each window of rounds."
    if observed.quantity.noisy:
        return "Band: one standard error of each window."
    return "The network as it was at the end of each window."


def error_in_words(mean: IntervalMean, place: tuple[int, int], unit: str = "step") -> str:
    """The standard error of one entry and what it rests on; where windows are seeds, these are independent."""
    error = mean.standard_error[place]
    if not mean.counts[place]:
        return "in no update did both tasks have labels"
    if isinstance(mean, SeedMean):
        if not math.isfinite(error):
            return "one seed observed it"
        agreeing = round(mean.agreement[place] * mean.seeds)
        return f"± {error:.2g} error between {mean.seeds} seeds; {agreeing} of {mean.seeds} seeds agree in sign"
    if unit == "seed":
        seeds = int(mean.counts[place])
        return f"± {error:.2g} standard error, from {seeds} seeds" if seeds > 1 else "no standard error: one seed"
    if not math.isfinite(error):
        return f"no standard error: {'one update' if mean.counts[place] == 1 else 'too few windows observed it'}"
    if mean.batches:
        return f"± {error:.2g} standard error, from {mean.batches} windows"
    return f"± {error:.2g} standard error at least, taking the updates as independent"


def _losses(subject: Subject, tasks: tuple[str, ...]) -> dict[str, LossHistory]:
    """Both tasks' losses; of several seeds their mean, at the steps where all have one."""
    of_runs = [found for run in subject.runs if (found := store().evaluations(run.id))]
    losses: dict[tuple[str, int], list[np.ndarray]] = {}
    for evaluation in (each for evaluations in of_runs for each in evaluations):
        losses.setdefault((evaluation.split, evaluation.step), []).append(evaluation.losses)
    means = {key: np.mean(each, axis=0) for key, each in sorted(losses.items()) if len(each) == len(of_runs)}
    if not means:
        return {}
    curves = {}
    for task in dict.fromkeys(tasks):
        place = subject.first.tasks.index(task)
        points = {
            split: (
                [step for part, step in means if part == split],
                [float(loss[place]) for (part, _), loss in means.items() if part == split],
            )
            for split in ("train", "validation")
        }
        curves[task] = LossHistory(*points["train"], *points["validation"])
    return curves
