"""Predicted against measured: every network as foretold from others, and how right each predictor is."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.advising import EARLY, foretold, foretold_each
from app.components.frames import show_frame
from app.components.text import joined, plain
from app.views.verify_scene import Scene, predictor_name
from engine import catalog
from engine.charts.predicted import predicted_chart
from engine.studies.prediction import NINETY, Prediction, calibration, reference
from engine.studies.study import EARLY_STOPPED, VALIDATION

_HOW = {"each": "Each from all others", "unknown": "Those unknown from those known"}
_ABOUT = (
    "Each from all others: every network that is measured is hidden in turn and foretold from the rest. Those unknown: "
    "as the advisor foretells them at the chosen step of the replay, beside what would turn out."
)
_COLUMNS = {
    "predictor": st.column_config.TextColumn("Foretold by"),
    "count": st.column_config.NumberColumn("Foretold", help="Losses, each of a task in a network."),
    "error": st.column_config.NumberColumn(
        "Error", format="%.1f %%", help="Root mean square of (foretold − measured) / measured; lower is better."
    ),
    "correlation": st.column_config.NumberColumn(
        "Correlation", format="%.2f", help="Pearson's, of foretold and measured changes; 1 is perfect."
    ),
    "covered": st.column_config.NumberColumn(
        "Within the interval",
        format="%.0f %%",
        help="Of the intervals that should hold 90 %: fewer, and the predictor is surer than it ought to be, and with "
        "it the regret bound; more, and it is less sure.",
    ),
    "summary": st.column_config.TextColumn("How it foretells"),
}
# What the combination weighs, in words; the names are those of engine.predictors.combination.
_PARTS = {
    "size": "the size of the network",
    "company": "whether a task has any company",
    "partners": "what each partner adds",
    "mean of pairs": "the mean over partners (HOA)",
    "sources": "tasks that are good or bad company for all",
    "number": "how many tasks there are",
    "likeness": "likeness to other sets of tasks",
    "pair": "what is peculiar to a pair",
    "network": "what is peculiar to a network",
    "entry": "what is peculiar to a task in a network",
    "early losses": "losses after a short training (ESA)",
    "affinity": "observed affinities (TAG)",
    "linearised": "linearised losses (Grad-TAG)",
}


def show_predicted(scene: Scene) -> None:
    """The scatter, the calibration of all predictors, and what the combination goes by."""
    study = scene.study
    how = _pick_how(scene)
    with st.spinner("Foretelling what is known …", show_time=False):
        prediction, hidden = _foretold(scene, scene.predictor, how)
        frame, absent = calibrations(scene, how)
    if not frame["count"].sum():
        st.info(
            "Nothing can be compared yet: more networks must be measured, so that some can be foretold from others.",
            icon=":material/info:",
        )
        return
    scale, measured = reference(study), np.where(hidden[:, None], study.losses[VALIDATION], np.nan)
    right = calibration(prediction, measured, hidden, scale)
    name = plain(predictor_name(scene.predictor))
    st.markdown(
        f":material/target: **{100 * right.covered:.0f} %** of what is foretold by {name} lies in the intervals that "
        f"should hold 90 %; its error is **{100 * right.error:.1f} %**."
        if right.count
        else f":material/target: {name} foretells none of these networks."
    )
    live_chart.plain(
        predicted_chart(
            study.tasks,
            [network.name for network in study.networks],
            100 * (measured / scale - 1),
            100 * (prediction.mean / scale - 1),
            100 * NINETY * prediction.deviation / scale,
        ),
        key=f"predicted-{scene.choice.key}",
        label="Foretold against measured validation losses of every task in every network, with 90 % intervals",
    )
    st.caption(
        "Validation losses, relative to each task's loss alone at half size (at full size where that is not measured); "
        "below zero is better. Bars: 90 % intervals; open markers: outside of them. On the dashed line predictions "
        "came true."
    )
    st.subheader("How right each predictor is")
    show_frame(
        frame, hide_index=True, width="stretch", height="content", column_config=_COLUMNS, placeholder="–"
    )  # fmt: skip
    if predictor_name(EARLY) not in absent:
        st.caption("ESA alone is told how each network itself does after a short training.")
    for name, needs in absent.items():
        st.caption(f":material/block: **{plain(name)}** needs {needs}, which this study does not have.")
    _show_trust(scene)


def _pick_how(scene: Scene) -> str:
    if not scene.complete or scene.step.known.all():
        return "each"
    how = st.segmented_control(
        "Foretold are",
        list(_HOW),
        format_func=_HOW.__getitem__,
        default=state.get("foretold"),
        required=True,
        key="pick-foretold",
        help=_ABOUT,
    )
    state.put("foretold", how)
    return how


def _foretold(scene: Scene, predictor: str, how: str) -> tuple[Prediction, np.ndarray]:
    """What a predictor says, and ``[networks]``, of which ones it had not been told."""
    study = scene.study if predictor == EARLY else scene.told
    if how == "each":
        return foretold_each(study, predictor), study.known()
    return foretold(study.with_known(scene.step.known), predictor), ~scene.step.known


def calibrations(scene: Scene, how: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row a predictor that can foretell; and what the others lack."""
    study, rows, absent = scene.study, [], {}
    lacks = {
        "tag_mean": study.affinity is None and "affinities observed in a run of all tasks",
        "linearised": study.linearised is None and "losses linearised around a network of all tasks",
        EARLY: EARLY_STOPPED not in study.losses and "losses after a short training",
    }
    for entry in catalog.entries("predictor"):
        name = predictor_name(entry.name)
        if lacks.get(entry.name):
            absent[name] = lacks[entry.name]
            continue
        prediction, hidden = _foretold(scene, entry.name, how)
        found = calibration(prediction, study.losses[VALIDATION], hidden, reference(study))
        rows.append(
            {
                "predictor": name,
                "count": found.count,
                "error": 100 * found.error,
                "correlation": found.correlation,
                "covered": 100 * found.covered,
                "summary": entry.summary,
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS)), absent


def _show_trust(scene: Scene) -> None:
    """What the combination goes by at the step."""
    trust = scene.advice.prediction.trust
    if not trust:
        return
    most = sorted(trust, key=trust.__getitem__, reverse=True)
    with st.expander(f"What the combination goes by: most by {joined([_PARTS.get(each, each) for each in most[:2]])}"):
        show_frame(
            pd.DataFrame(
                {"source": [_PARTS.get(each, each) for each in most], "share": [100 * trust[each] for each in most]}
            ),
            hide_index=True,
            width="stretch",
            height="content",
            column_config={
                "source": st.column_config.TextColumn("Source"),
                "share": st.column_config.ProgressColumn(
                    "Share",
                    format="%.0f %%",
                    min_value=0,
                    max_value=100,
                    help="Of the differences between networks that it expects before it is told of any.",
                ),
            },
        )
        st.caption("It learns from the networks that are measured how much each source tells.")
