"""The flow of training: how regret and its bound fell, and what each training bought."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from app.components import live_chart
from app.components.advising import at_random, of_ways
from app.components.frames import show_frame
from app.views.verify_scene import ENOUGH, Scene
from engine.charts.budgets import OPTIMAL
from engine.charts.flow import flow_chart
from engine.studies.advisor import best_known
from engine.studies.ways import regret

FIRST = "every task alone"
_COLUMNS = {
    "network": st.column_config.TextColumn("Trained", width="medium", help="The network that was trained then."),
    "cost": st.column_config.NumberColumn("Cost", format="%.3g SNT"),
    "spent": st.column_config.NumberColumn("So far", format="%.4g SNT", help="What all networks so far cost together."),
    "expected": st.column_config.NumberColumn("Expected regret", format="%.2f %%", help="Afterwards."),
    "before": st.column_config.NumberColumn("Bound before", format="%.2f %%"),
    "bound": st.column_config.NumberColumn(
        "Bound after",
        format="%.2f %%",
        help="A training that comes out worse or better than foretold can also raise the bound: then less was certain "
        "than it seemed.",
    ),
    "changed": st.column_config.CheckboxColumn("Choice changed", help="Whether another grouping was advised then."),
    "regret": st.column_config.NumberColumn(
        "True regret",
        format="%+.2f %%",
        help="By how much the grouping advised then loses more on test than the one chosen with everything known; that "
        "one was chosen on validation, so that this can be below zero.",
    ),
}


def show_flow(scene: Scene) -> None:
    """The chart, a sentence of where it may well stop, and a table."""
    with st.spinner("Following the advisor …", show_time=False):
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
        label="Expected regret and its bound, and the true regret where it is known, while networks are trained",
    )
    if scene.complete:
        st.caption(
            "True regret, on test, against the grouping chosen with everything known. Random order: the same "
            "predictions, from networks trained in random order (the mean of several). Other ways train all that they "
            "need at once."
        )
    else:
        st.caption(
            "As the advisor would have spoken after each network, in the order in which their trainings began. The "
            "true regret is known once every network is measured."
        )
    show_frame(
        frame.dropna(axis="columns", how="all"),
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(frame), 640),
        placeholder="–",
        column_config=_COLUMNS,
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
                "network": study.networks[step.last].name if step.last >= 0 else FIRST,
                "cost": float(study.costs[step.known & ~before.known if before else step.known].sum()),
                "spent": float(study.costs[step.known].sum()),
                "expected": step.advice.regret,
                "before": before.advice.bound if before else math.nan,
                "bound": step.advice.bound,
                "changed": bool(before is not None and (chosen != before.advice.chosen[0]).any()),
                "regret": regret(study, chosen, scene.budget) if best is not None else math.nan,
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def enough(scene: Scene, frame: pd.DataFrame) -> str:
    """Where an advisor that is told to stop at a bound would have stopped."""
    study = scene.study
    below = frame.index[frame.bound <= ENOUGH]
    if not len(below):
        return f"The bound is not below {ENOUGH:g} % yet."
    step, all_of = scene.steps[below[0]], study.costs.sum()
    spent = frame.spent[below[0]]
    saved = f", {1 - spent / all_of:.0%} less than all of them".replace("%", " %") if scene.complete else ""
    return (
        f"The bound first is below {ENOUGH:g} % with {step.known.sum()} of {len(study.networks)} networks known, "
        f"{spent:g} SNT{saved}. An advisor told to stop there would have spent no more."
    )
