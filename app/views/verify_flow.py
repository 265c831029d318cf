"""The flow of training: how regret and its bound fell, and what each training bought."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components import live_chart
from app.components.advising import at_random, of_ways
from app.components.frames import show_frame
from app.components.glossary import explain
from app.views.verify_scene import ENOUGH, Scene
from engine.charts.budgets import OPTIMAL
from engine.charts.flow import flow_chart
from engine.charts.naming import way_name
from engine.charts.ways import RANDOM
from engine.studies.advisor import best_known
from engine.studies.ways import regret
from engine.texts import text

_NAMES = ["network", "cost", "spent", "expected", "before", "bound", "changed", "regret"]


def _columns() -> dict[str, Any]:
    def number(name: str, form: str = "%.2f %%", about: bool = False) -> Any:
        told = text(f"verify_flow.about_{name}") if about else None
        return st.column_config.NumberColumn(text(f"verify_flow.{name}"), format=form, help=told)

    return {
        "network": st.column_config.TextColumn(
            text("verify_flow.network"), width="medium", help=text("verify_flow.about_network")
        ),
        "cost": number("cost", "%.3g SNT"),
        "spent": number("spent", "%.4g SNT", about=True),
        "expected": number("expected", about=True),
        "before": number("before"),
        "bound": number("bound", about=True),
        "changed": st.column_config.CheckboxColumn(text("verify_flow.changed"), help=text("verify_flow.about_changed")),
        "regret": number("regret", "%+.2f %%", about=True),
    }


def show_flow(scene: Scene) -> None:
    """The chart, a sentence of where it may well stop, and a table."""
    explain("verify_flow.look_complete" if scene.complete else "verify_flow.look")
    with st.spinner(text("verify_flow.following"), show_time=False):
        frame = flow_table(scene)
        random = at_random(scene.study, scene.budget, scene.predictor) if scene.complete else ((), ())
        ways = of_ways(scene.study, scene.budget) if scene.complete else {}
    points = {
        name: (each.cost, each.regret[0])
        for name, each in ways.items()
        if name != OPTIMAL and np.isfinite([each.cost, *each.regret]).all()
    }
    st.markdown(f":material/flag: {enough(scene, frame)}")
    live_chart.plain(
        flow_chart(
            frame.spent,
            frame.network,
            frame.bound,
            frame.expected,
            frame.regret if scene.complete else (),
            random,
            points,
            scene.spent if scene.place < len(scene.steps) - 1 else None,
        ),
        key=f"flow-{scene.choice.key}",
        label=text("verify_flow.chart"),
    )
    if scene.complete:
        _others_table(points, random)
    show_frame(
        frame.dropna(axis="columns", how="all"),
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(frame), 640),
        placeholder="–",
        alt=text("verify_flow.chart"),
        column_config=_columns(),
    )


def _others_table(points: Mapping[str, tuple[float, float]], random: tuple[Sequence[float], Sequence[float]]) -> None:
    """The chart's numbers that are not the advisor's."""
    rows = [{"way": way_name(name), "spent": cost, "regret": lost} for name, (cost, lost) in points.items()]
    rows += [{"way": way_name(RANDOM), "spent": cost, "regret": lost} for cost, lost in zip(*random, strict=True)]
    with st.expander(text("verify_flow.others_as_table"), key="flow-as-table"):
        show_frame(
            pd.DataFrame(rows),
            hide_index=True,
            width="stretch",
            alt=text("verify_flow.others"),
            column_config={
                **_columns(),
                "way": st.column_config.TextColumn(text("verify_flow.way")),
            },
        )


def flow_table(scene: Scene) -> pd.DataFrame:
    """One step a row: what was trained, and what that bought."""
    study, rows = scene.study, []
    best = best_known(study, scene.budget) if scene.complete else None
    for place, step in enumerate(scene.steps):
        before = scene.steps[place - 1] if place else None
        (chosen,) = step.advice.chosen
        rows.append(
            {
                "network": study.networks[step.last].name if step.last >= 0 else text("verify_flow.every_task_alone"),
                "cost": float(study.costs[step.known & ~before.known if before else step.known].sum()),
                "spent": float(study.costs[step.known].sum()),
                "expected": step.advice.regret,
                "before": before.advice.bound if before else math.nan,
                "bound": step.advice.bound,
                "changed": bool(before is not None and (chosen != before.advice.chosen[0]).any()),
                "regret": regret(study, chosen, scene.budget) if best is not None else math.nan,
            }
        )
    return pd.DataFrame(rows, columns=_NAMES)


def enough(scene: Scene, frame: pd.DataFrame) -> str:
    """Where an advisor that is told to stop at a bound would have stopped."""
    study = scene.study
    below = frame.index[frame.bound <= ENOUGH]
    if not len(below):
        return text("verify_flow.not_yet", enough=ENOUGH)
    step, spent = scene.steps[below[0]], frame.spent[below[0]]
    return text(
        "verify_flow.enough_saved" if scene.complete else "verify_flow.enough",
        enough=ENOUGH,
        known=int(step.known.sum()),
        there_are=len(study.networks),
        spent=spent,
        saved=100 * (1 - spent / study.costs.sum()),
    )
