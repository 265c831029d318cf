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
from engine.texts import text


def show_pair(subject: Subject, observed: Observed, shown: live_chart.HeatmapResult) -> None:
    """The selected pair's numbers and curves, or how to select one."""
    tasks, unit = observed.series.tasks, observed.quantity.unit
    if shown.pair is None or not set(shown.pair) <= set(tasks):
        st.info(text(f"affinity_pair.click_{unit}"), icon=":material/ads_click:")
        return
    source, target = shown.pair
    mean = observed.mean(*shown.steps)
    both = text("affinity_pair.both", one=source, other=target)
    st.subheader(plain(both if source != target else source))
    quantity = observed.quantity
    directions = {(source, target)} if quantity.mutual else {(source, target), (target, source)}
    for column, (helper, helped) in zip(
        st.columns(2), sorted(directions, key=lambda pair: pair[0] != source), strict=False
    ):
        place = tasks.index(helper), tasks.index(helped)
        column.metric(
            plain(text("affinity_pair.both" if quantity.mutual else "affinity_pair.onto", one=helper, other=helped)),
            f"{mean.affinity[place]:.4g}" if math.isfinite(mean.affinity[place]) else text("affinity_pair.unknown"),
            delta=error_in_words(mean, place, unit) if observed.group or quantity.noisy else None,
            delta_color="off",
            delta_arrow="off",
        )
    over_time, losses = st.columns(2)
    with over_time:
        if not sum(observed.series.counts[:, tasks.index(one), tasks.index(two)].sum() for one, two in directions):
            st.info(text("affinity_pair.never"), icon=":material/info:")
        elif unit == "seed" and len(observed.series) == 1:
            st.info(text("affinity_pair.one_seed_only"), icon=":material/info:")
        elif len(observed.series) > 1:
            live_chart.plain(
                pair_curves(observed.series, source, target, observed.seeds, quantity),
                key=f"pair-{subject.id}-{observed.reading}",
                label=text(
                    f"affinity_pair.curves_{unit}", reading=in_words(observed.reading), source=source, target=target
                ),
            )
            st.caption(_about_curves(observed))
        else:
            st.info(text("affinity_pair.one_matrix"), icon=":material/info:")
    with losses:
        if not of_networks(subject.first):
            st.info(text("affinity_pair.on_training"), icon=":material/show_chart:")
            return
        history = _losses(subject, (source, target))
        if history:
            live_chart.plain(
                loss_curves(history),
                key=f"losses-{subject.id}",
                label=text("affinity_pair.losses", source=source, target=target),
            )
            if subject.several:
                st.caption(text("affinity_pair.mean_of_seeds"))
        elif subject.first.origin == "tracked":
            st.info(text("affinity_pair.no_losses"), icon=":material/info:")
        else:
            st.info(text("affinity_pair.none_stored"), icon=":material/info:")


def _about_curves(observed: Observed) -> str:
    unit = observed.quantity.unit
    of = "seeds" if observed.group else unit if unit != "step" else "noisy" if observed.quantity.noisy else "state"
    return text(f"affinity_pair.about_{of}")


def error_in_words(mean: IntervalMean, place: tuple[int, int], unit: str = "step") -> str:
    """The standard error of one entry and what it rests on; where windows are seeds, these are independent."""
    error = mean.standard_error[place]
    if not mean.counts[place]:
        return text("affinity_pair.no_labels")
    if isinstance(mean, SeedMean):
        if not math.isfinite(error):
            return text("affinity_pair.one_seed_observed")
        agreeing = round(mean.agreement[place] * mean.seeds)
        return text("affinity_pair.between_seeds", error=error, seeds=mean.seeds, agreeing=agreeing)
    if unit == "seed":
        seeds = int(mean.counts[place])
        return text("affinity_pair.from_seeds" if seeds > 1 else "affinity_pair.one_seed", error=error, seeds=seeds)
    if not math.isfinite(error):
        return text("affinity_pair.one_update" if mean.counts[place] == 1 else "affinity_pair.few_windows")
    if mean.batches:
        return text("affinity_pair.from_windows", error=error, windows=mean.batches)
    return text("affinity_pair.independent", error=error)


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
