"""The advisor against other ways to choose: at this budget as a table and dots, at every budget as curves."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from app.components import live_chart
from app.components.advising import fingerprint, of_random_groupings
from app.components.frames import show_frame
from app.components.groupings import Groupings, every_grouping
from app.components.text import plain
from app.views.verify_advice import loss_word, shown
from app.views.verify_scene import Scene
from engine.charts.budgets import OPTIMAL
from engine.charts.ways import ADVISOR, RANDOM, Lost, frontier_chart, ways_dots
from engine.studies.advisor import best_known, score
from engine.studies.study import TEST, VALIDATION, Study
from engine.studies.ways import WAYS, Way

TRAINED = "best of those trained"
_ORDER = (ADVISOR, TRAINED, OPTIMAL, "HOA", "ESA", "TAG", "Grad-TAG", "all-in-one", "single-task", RANDOM)
_COLUMNS = {
    "way": st.column_config.TextColumn("Way"),
    "networks": st.column_config.NumberColumn("Trained", help="Networks that it must train before it can choose."),
    "cost": st.column_config.NumberColumn(
        "Cost", format="%.3g SNT", help="Of those. Short trainings count as little as they take."
    ),
    "foretold": st.column_config.NumberColumn(
        "Foretold", format="%.4g", help="What it expected its grouping to lose on validation."
    ),
    "validation": st.column_config.NumberColumn(
        "Validation", format="%.4g", help="What the grouping loses on validation, as measured."
    ),
    "test": st.column_config.NumberColumn(
        "Test", format="%.4g", help="What it loses on test, which nothing was chosen by: what counts."
    ),
    "regret": st.column_config.NumberColumn(
        "Regret",
        format="%+.2f %%",
        help="By how much it loses more on test than the grouping chosen with everything known. That one was chosen on "
        "validation, so that this can be below zero.",
    ),
}


def show_ways(scene: Scene) -> None:
    """Table, dots and curves."""
    study = scene.study
    with st.spinner("Choosing by every way …", show_time=False):
        found, random = _found(study), of_random_groupings(_measured(study), _budgets(study))
    place = found.budgets.index(scene.budget)
    frame = ways_table(scene, found, {split: values[place] for split, values in random.items()})
    st.caption(
        f"All within {scene.budget:g} SNT. Each way chooses by what it knows of validation losses; what counts is what "
        f"its grouping loses on test: the mean over tasks{_weighed(study)}, lower is better."
    )
    show_frame(
        frame.dropna(axis="columns", how="all"),
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        column_config=_COLUMNS,
    )
    _say_missing(scene, found)
    dots = {
        row.way: Lost(*(_or_none(getattr(row, each)) for each in ("foretold", "validation", "test")))
        for row in frame.itertuples()
    }
    live_chart.plain(
        ways_dots(dots, f"mean {loss_word(study)} (lower is better)"),
        key=f"ways-{scene.choice.key}",
        label=f"What the grouping of each way loses with {scene.budget:g} SNT, foretold and measured",
    )
    st.subheader("At every budget")
    live_chart.plain(
        frontier_chart(
            found.budgets,
            {name: [each and _or_none(each.score) for each in found.chosen[name]] for name in found.chosen},
            [_or_none(each) for each in _advised(scene, found.budgets)],
            [_or_none(each) for each in random[TEST]],
            f"mean {loss_word(study)} on test (lower is better)",
            scene.budget,
        ),
        key=f"verify-frontier-{scene.choice.key}",
        label=f"Test loss of the grouping of each way, at budgets from 1 to {found.budgets[-1]:g} SNT",
    )
    st.caption(
        f"The advisor has trained for {scene.budget:g} SNT (dotted); at other budgets it chooses by the same networks"
        f"{'' if scene.complete else ', here of those that are trained'}. A line ends where not all networks of a "
        "grouping are measured, or the budget serves not every task."
    )
    with st.expander("What the ways are"):
        st.markdown(
            f"- **advisor**: {scene.step.known.sum()} networks are known, the others foretold; see *Advice*.\n"
            f"- **{TRAINED}**: of the networks that the advisor knows alone.\n"
            + "\n".join(f"- **{plain(name)}**: {plain(way.summary)}." for name, way in WAYS.items())
            + "\n- **random**: groupings drawn at random from the measured networks, which make use of the budget; the "
            "mean."
        )


def ways_table(scene: Scene, found: Groupings, random: dict[str, float]) -> pd.DataFrame:
    """A row a way that can choose at the budget.

    Args:
        random: split → what groupings drawn at random lose on average.
    """
    study, place = scene.study, found.budgets.index(scene.budget)
    best = found.chosen[OPTIMAL][place] if OPTIMAL in found.chosen else None
    (own,), (value,) = scene.advice.chosen, scene.advice.value
    known, cost = int(scene.step.known.sum()), scene.spent
    rows = {ADVISOR: (known, cost, value, score(study, own, VALIDATION), score(study, own))}
    trained = best_known(shown(scene), scene.budget)
    if trained is not None and (trained != own).any():
        own = score(study, trained, VALIDATION)
        rows[TRAINED] = (known, cost, own, own, score(study, trained))
    for name, each in found.chosen.items():
        if each[place] is not None:
            chosen, way = each[place].networks, WAYS[name]
            rows[name] = (
                int(way.needs(study).sum()),
                way.cost(study),
                _foretold(study, way, chosen),
                score(study, chosen, VALIDATION),
                each[place].score,
            )
    if math.isfinite(random[VALIDATION]):
        rows[RANDOM] = (math.nan, math.nan, math.nan, random[VALIDATION], random[TEST])
    table = [
        {
            **dict(
                zip(("way", "networks", "cost", "foretold", "validation", "test"), (name, *rows[name]), strict=True)
            ),
            "regret": 100 * (rows[name][-1] / best.score - 1) if best is not None else math.nan,
        }
        for name in _ORDER
        if name in rows
    ]
    return pd.DataFrame(table, columns=list(_COLUMNS))


@st.cache_resource(show_spinner=False, max_entries=32, hash_funcs={Study: fingerprint})
def _found(study: Study) -> Groupings:
    return every_grouping(study)


def _budgets(study: Study) -> tuple[float, ...]:
    return _found(study).budgets


def _measured(study: Study) -> Study:
    """With the losses of those networks alone that are known on both splits."""
    return study.with_known(study.known() & study.known(TEST))


def _foretold(study: Study, way: Way, chosen: np.ndarray) -> float:
    """What a way expects its choice to lose on validation; NaN by short trainings, which tell ranks and not losses."""
    losses = None if way.early else way.losses(study)
    return math.nan if losses is None else _mean(study, losses, chosen)


def _mean(study: Study, losses: np.ndarray, chosen: np.ndarray) -> float:
    return float(np.mean(losses[chosen, np.arange(len(study.tasks))] * study.weights))


def _advised(scene: Scene, budgets: tuple[float, ...]) -> list[float]:
    """What the advisor's choice at the step loses on test, at every budget; while that is not known of every network,
    what the best of those trained lose."""
    foretold = replace(scene.study, losses={VALIDATION: scene.advice.prediction.mean})
    chosen = [best_known(foretold if scene.complete else shown(scene), budget) for budget in budgets]
    if scene.complete:
        chosen[budgets.index(scene.budget)] = scene.advice.chosen[0]  # of several alike the one that is advised
    return [math.nan if each is None else score(scene.study, each) for each in chosen]


def _say_missing(scene: Scene, found: Groupings) -> None:
    """What ways need that is not there, and those that the budget is too small for."""
    place = found.budgets.index(scene.budget)
    for name, needs in found.needs.items():
        st.caption(f":material/block: **{plain(name)}** needs {plain(needs)}.")
    for name, each in found.chosen.items():
        if each[place] is None:
            st.caption(
                f":material/block: **{plain(name)}** cannot serve all tasks with {scene.budget:g} SNT; raise the "
                "budget."
            )
    if OPTIMAL not in found.chosen:
        st.caption("Regret is known once every network is measured.")


def _weighed(study: Study) -> str:
    return "" if (study.weights == 1).all() else ", each relative to its validation loss alone"


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
