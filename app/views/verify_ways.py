"""The advisor against other ways to choose: at this budget as a table and dots, at every budget as curves."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components import live_chart
from app.components.advising import fingerprint, of_random_groupings
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.groupings import Groupings, every_grouping
from app.components.text import plain
from app.views.studies_groupings import curves_table, say_needs, way_lines
from app.views.verify_advice import is_relative, shown
from app.views.verify_scene import Scene
from engine.charts.budgets import OPTIMAL
from engine.charts.naming import way_name
from engine.charts.ways import ADVISOR, RANDOM, TRAINED, Lost, frontier_chart, ways_dots
from engine.studies.advisor import best_known, score
from engine.studies.study import TEST, VALIDATION, Study
from engine.studies.ways import WAYS, Way
from engine.texts import language, text

_ORDER = (ADVISOR, TRAINED, OPTIMAL, "HOA", "ESA", "TAG", "Grad-TAG", "all-in-one", "single-task", RANDOM)
_NAMES = ["way", "networks", "cost", "foretold", "validation", "test", "regret"]


def _columns() -> dict[str, Any]:
    def number(name: str, form: str | None = None) -> Any:
        return st.column_config.NumberColumn(
            text(f"verify_ways.{name}"), format=form, help=text(f"verify_ways.about_{name}")
        )

    return {
        "way": st.column_config.TextColumn(text("verify_ways.way")),
        "networks": number("networks"),
        "cost": number("cost", "%.3g SNT"),
        "foretold": number("foretold", "%.4g"),
        "validation": number("validation", "%.4g"),
        "test": number("test", "%.4g"),
        "regret": number("regret", "%+.2f %%"),
    }


def show_ways(scene: Scene) -> None:
    """Table, dots and curves."""
    study = scene.study
    relative = "relative_" if is_relative(study) else ""
    explain(f"verify_ways.{relative}look", budget=f"{scene.budget:g}")
    with st.spinner(text("verify_ways.choosing"), show_time=False):
        found, random = _found(study, language()), of_random_groupings(_measured(study), _budgets(study))
    place = found.budgets.index(scene.budget)
    frame = ways_table(scene, found, {split: values[place] for split, values in random.items()})
    show_frame(
        frame.dropna(axis="columns", how="all"),
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        alt=text("verify_ways.dots", budget=scene.budget),
        column_config=_columns(),
    )
    _say_missing(scene, found)
    dots = {
        row.way: Lost(*(_or_none(getattr(row, each)) for each in ("foretold", "validation", "test")))
        for row in frame.itertuples()
    }
    live_chart.plain(
        ways_dots(dots, text(f"verify_ways.{relative}value")),
        key=f"ways-{scene.choice.key}",
        label=text("verify_ways.dots", budget=scene.budget),
    )
    st.subheader(text("verify_ways.at_every_budget"))
    curves = {name: [each and _or_none(each.score) for each in found.chosen[name]] for name in found.chosen}
    advised = [_or_none(each) for each in _advised(scene, found.budgets)]
    drawn = [_or_none(each) for each in random[TEST]]
    live_chart.plain(
        frontier_chart(found.budgets, curves, advised, drawn, text(f"verify_ways.{relative}test_value"), scene.budget),
        key=f"verify-frontier-{scene.choice.key}",
        label=text("verify_ways.curves", most=found.budgets[-1]),
    )
    told = "about_curves" if scene.complete else "about_curves_so_far"
    st.caption(text(f"verify_ways.{told}", budget=scene.budget))
    curves_table(found.budgets, {ADVISOR: advised, **curves, RANDOM: drawn})
    with st.expander(text("verify_ways.what_ways_are"), key="verify-ways"):
        first = text("verify_ways.about_advisor", known=int(scene.step.known.sum()))
        st.markdown("\n".join((first, *way_lines(), text("verify_ways.about_random"))))


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
            **dict(zip(_NAMES[:-1], (way_name(name), *rows[name]), strict=True)),
            "regret": 100 * (rows[name][-1] / best.score - 1) if best is not None else math.nan,
        }
        for name in _ORDER
        if name in rows
    ]
    return pd.DataFrame(table, columns=_NAMES)


@st.cache_resource(show_spinner=False, max_entries=32, hash_funcs={Study: fingerprint})
def _found(study: Study, spoken: str) -> Groupings:
    """What ways need is said in the language that is spoken."""
    return every_grouping(study)


def _budgets(study: Study) -> tuple[float, ...]:
    return _found(study, language()).budgets


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
    say_needs(found.needs)
    for name, each in found.chosen.items():
        if each[place] is None:
            said = text("verify_ways.too_small", name=plain(way_name(name)), budget=scene.budget)
            st.caption(f":material/block: {said}")
    if OPTIMAL not in found.chosen:
        st.caption(text("verify_ways.regret_later"))


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
