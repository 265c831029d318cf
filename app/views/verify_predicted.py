"""Predicted against measured: every network as foretold from others, and how right each predictor is."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.advising import EARLY, foretold, foretold_each
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.text import joined, plain
from app.views.verify_scene import Scene
from engine import catalog
from engine.charts.naming import about_predictor, predictor_name
from engine.charts.predicted import predicted_chart
from engine.studies.prediction import NINETY, Prediction, calibration, reference
from engine.studies.study import EARLY_STOPPED, VALIDATION, Study
from engine.texts import text

_HOW = ("each", "unknown")
_NAMES = ["predictor", "count", "error", "correlation", "covered", "summary"]


def _columns() -> dict[str, Any]:
    def number(name: str, form: str | None = None) -> Any:
        return st.column_config.NumberColumn(
            text(f"verify_predicted.{name}"), format=form, help=text(f"verify_predicted.about_{name}")
        )

    return {
        "predictor": st.column_config.TextColumn(text("verify_predicted.predictor")),
        "count": number("count"),
        "error": number("error", "%.1f %%"),
        "correlation": number("correlation", "%.2f"),
        "covered": number("covered", "%.0f %%"),
        "summary": st.column_config.TextColumn(text("verify_predicted.summary")),
    }


def show_predicted(scene: Scene) -> None:
    """The scatter, the calibration of all predictors, and what the combination goes by."""
    study = scene.study
    how = _pick_how(scene)
    explain("verify_predicted.look")
    with st.spinner(text("verify_predicted.foretelling"), show_time=False):
        prediction, hidden = _foretold(scene, scene.predictor, how)
        frame, absent = calibrations(scene, how)
    if not frame["count"].sum():
        st.info(text("verify_predicted.nothing_yet"), icon=":material/info:")
        return
    scale, measured = reference(study), np.where(hidden[:, None], study.losses[VALIDATION], np.nan)
    right = calibration(prediction, measured, hidden, scale)
    name = plain(predictor_name(scene.predictor))
    says = text(
        "verify_predicted.how_right" if right.count else "verify_predicted.foretells_none",
        predictor=name,
        covered=100 * right.covered,
        error=100 * right.error,
    )
    st.markdown(f":material/target: {says}")
    found, said = 100 * (measured / scale - 1), 100 * (prediction.mean / scale - 1)
    width = 100 * NINETY * prediction.deviation / scale
    live_chart.plain(
        predicted_chart(study.tasks, [network.name for network in study.networks], found, said, width),
        key=f"predicted-{scene.choice.key}",
        label=text("verify_predicted.chart"),
    )
    st.caption(text("verify_predicted.relative_to"))
    with st.expander(text("verify_predicted.as_table"), key="predicted-as-table"):
        _points_table(study, found, said, width)
    st.subheader(text("verify_predicted.each_predictor"))
    show_frame(
        frame,
        hide_index=True,
        width="stretch",
        height="content",
        alt=text("verify_predicted.each_predictor"),
        column_config=_columns(),
        placeholder="–",
    )
    if EARLY not in absent:
        st.caption(text("verify_predicted.early_is_told"))
    for each in absent:
        st.caption(f":material/block: {text(f'verify_predicted.lacks_{each}')}")
    _show_trust(scene)


def _points_table(study: Study, measured: np.ndarray, foretold: np.ndarray, width: np.ndarray) -> None:
    """The scatter's numbers: a row a task of a network."""
    networks, tasks = np.nonzero(np.isfinite(measured) & np.isfinite(foretold))
    show_frame(
        pd.DataFrame(
            {
                "task": [study.tasks[place] for place in tasks],
                "network": [study.networks[place].name for place in networks],
                "foretold": foretold[networks, tasks],
                "width": width[networks, tasks],
                "measured": measured[networks, tasks],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=text("verify_predicted.chart"),
        column_config={
            "task": st.column_config.TextColumn(text("verify_predicted.task")),
            "network": st.column_config.TextColumn(text("verify_predicted.network")),
            "foretold": st.column_config.NumberColumn(text("verify_predicted.count"), format="%+.2f %%"),
            "width": st.column_config.NumberColumn("±", format="%.2f %%", help=text("verify_predicted.about_width")),
            "measured": st.column_config.NumberColumn(text("verify_predicted.measured"), format="%+.2f %%"),
        },
    )


def _pick_how(scene: Scene) -> str:
    if not scene.complete or scene.step.known.all():
        return "each"
    how = st.segmented_control(
        text("verify_predicted.foretold_are"),
        _HOW,
        format_func=lambda name: text(f"verify_predicted.{name}"),
        default=state.get("foretold"),
        required=True,
        key="pick-foretold",
        help=text("verify_predicted.about_how"),
    )
    state.put("foretold", how)
    return how


def _foretold(scene: Scene, predictor: str, how: str) -> tuple[Prediction, np.ndarray]:
    """What a predictor says, and ``[networks]``, of which ones it had not been told."""
    study = scene.study if predictor == EARLY else scene.told
    if how == "each":
        return foretold_each(study, predictor), study.known()
    return foretold(study.with_known(scene.step.known), predictor), ~scene.step.known


def calibrations(scene: Scene, how: str) -> tuple[pd.DataFrame, list[str]]:
    """A row a predictor that can foretell; and those that lack what they go by."""
    study, rows, absent = scene.study, [], []
    lacks = {
        "tag_mean": study.affinity is None,
        "linearised": study.linearised is None,
        EARLY: EARLY_STOPPED not in study.losses,
    }
    for entry in catalog.entries("predictor"):
        if lacks.get(entry.name):
            absent.append(entry.name)
            continue
        prediction, hidden = _foretold(scene, entry.name, how)
        found = calibration(prediction, study.losses[VALIDATION], hidden, reference(study))
        rows.append(
            {
                "predictor": predictor_name(entry.name),
                "count": found.count,
                "error": 100 * found.error,
                "correlation": found.correlation,
                "covered": 100 * found.covered,
                "summary": about_predictor(entry.name),
            }
        )
    return pd.DataFrame(rows, columns=_NAMES), absent


def _show_trust(scene: Scene) -> None:
    """What the combination goes by at the step."""
    trust = scene.advice.prediction.trust
    if not trust:
        return
    most = sorted(trust, key=trust.__getitem__, reverse=True)
    names = [text(f"verify_predicted.part.{each.replace(' ', '_')}") for each in most]
    title = text("verify_predicted.goes_by", most=plain(joined(names[:2])))
    with st.expander(title, key="combination-goes-by"):
        show_frame(
            pd.DataFrame({"source": names, "share": [100 * trust[each] for each in most]}),
            hide_index=True,
            width="stretch",
            height="content",
            alt=title,
            column_config={
                "source": st.column_config.TextColumn(text("verify_predicted.source")),
                "share": st.column_config.ProgressColumn(
                    text("verify_predicted.share"),
                    format="%.0f %%",
                    min_value=0,
                    max_value=100,
                    help=text("verify_predicted.about_share"),
                ),
            },
        )
        st.caption(text("verify_predicted.it_learns"))
