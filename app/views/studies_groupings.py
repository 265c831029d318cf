"""What every way of choosing networks comes to at every budget, and which network then serves which task."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.groupings import MOST_TASKS, Groupings, Served, groupings_of, served_by
from app.components.studies import Choice
from app.components.text import plain
from engine.charts.budgets import OPTIMAL, budget_curves
from engine.charts.naming import about_way, way_name
from engine.studies.study import TEST, Study
from engine.studies.ways import WAYS
from engine.texts import text

_BUDGET = "budget"
_LOSS = "test_loss"
_ABOVE = "above"
_PRICE = "price"
_NETWORKS = "networks"


def _columns() -> dict[str, Any]:
    return {
        _LOSS: st.column_config.NumberColumn(
            text("studies_groupings.test_loss"), format="%.4f", help=text("studies_groupings.about_test_loss")
        ),
        _ABOVE: st.column_config.NumberColumn(
            text("studies_groupings.above"), format="%+.2f %%", help=text("studies_groupings.about_above")
        ),
        _PRICE: st.column_config.NumberColumn(
            text("studies_groupings.price"), format="%.3g SNT", help=text("studies_groupings.about_price")
        ),
        _NETWORKS: st.column_config.TextColumn(
            text("studies_groupings.networks"), help=text("studies_groupings.about_networks")
        ),
    }


def show_groupings(choice: Choice) -> None:
    """The curves, and for one budget all ways beside each other and the networks of one."""
    study = choice.study
    if len(study.tasks) > MOST_TASKS:
        too_many = text("studies_groupings.too_many_tasks", tasks=len(study.tasks), most=MOST_TASKS)
        st.info(too_many, icon=":material/info:")
        return
    found = groupings_of(choice)
    explain("studies_groupings.look" if (study.weights == 1).all() else "studies_groupings.look_relative")
    if not found.chosen:
        st.info(text("studies_groupings.no_way_yet"), icon=":material/info:")
    else:
        budget = _pick_budget(choice, found)
        scores = {name: [each and _or_none(each.score) for each in found.chosen[name]] for name in found.chosen}
        live_chart.plain(
            budget_curves(found.budgets, scores, _value(study), budget),
            key=f"budgets-{choice.key}",
            label=text("studies_groupings.chart", most=found.budgets[-1]),
        )
        curves_table(found.budgets, scores)
        _at_budget(choice, found, budget)
    say_needs(found.needs)
    with st.expander(text("studies_groupings.what_ways_are"), key="studies-ways"):
        st.markdown("\n".join(way_lines()))


def way_lines() -> list[str]:
    """What each way is, in lines of a list."""
    return [text("studies_groupings.way_line", name=plain(way_name(way)), about=plain(about_way(way))) for way in WAYS]


def say_needs(needs: Mapping[str, str]) -> None:
    """What ways that cannot choose would need: way → that, in words."""
    for name, needed in needs.items():
        said = text("studies_groupings.needs", name=plain(way_name(name)), needed=plain(needed))
        st.caption(f":material/block: {said}")


def curves_table(budgets: Sequence[float], scores: Mapping[str, Sequence[float | None]]) -> None:
    """The chart's numbers: a row a budget, a column a way."""
    with st.expander(text("studies_groupings.as_table"), key="budgets-as-table"):
        columns = {way_name(name): values for name, values in scores.items()}
        show_frame(
            pd.DataFrame({_BUDGET: budgets, **columns}),
            hide_index=True,
            width="stretch",
            height="content",
            placeholder="–",
            alt=text("studies_groupings.chart", most=budgets[-1]),
            column_config={
                _BUDGET: st.column_config.NumberColumn(text("studies_groupings.budget"), format="%g"),
                **{name: st.column_config.NumberColumn(format="%.4f") for name in columns},
            },
        )


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _value(study: Study) -> str:
    return text("studies_groupings.value" if (study.weights == 1).all() else "studies_groupings.relative_value")


def _pick_budget(choice: Choice, found: Groupings) -> float:
    wanted = state.get("study_budget")
    usual = next(
        budget for place, budget in enumerate(found.budgets) if any(each[place] for each in found.chosen.values())
    )
    usual = max(usual, found.budgets[len(found.budgets) // 2])
    budget = st.select_slider(
        text("studies_groupings.budget"),
        found.budgets,
        value=wanted if wanted in found.budgets else usual,
        format_func="{:g}".format,
        key=f"pick-study-budget-{choice.key}",
        help=text("studies_groupings.about_budget"),
    )
    state.put("study_budget", None if budget == usual else budget)
    return budget


def _at_budget(choice: Choice, found: Groupings, budget: float) -> None:
    study, place = choice.study, found.budgets.index(budget)
    st.subheader(text("studies_groupings.with_budget", budget=budget))
    table = ways_table(study, found, place)
    show_frame(
        table.rename_axis(text("studies_groupings.way")),
        width="stretch",
        height="content",
        column_config=_columns(),
        placeholder="–",
        alt=text("studies_groupings.table", budget=budget),
    )
    able = [name for name in found.chosen if found.chosen[name][place] is not None]
    if not able:
        st.info(text("studies_groupings.no_way_serves", budget=budget), icon=":material/info:")
        return
    wanted = state.get("way")
    way = st.pills(
        text("studies_groupings.networks_of"),
        able,
        format_func=way_name,
        default=wanted if wanted in able else able[0],
        required=True,
        key=f"pick-way-{choice.key}-{'-'.join(able)}",
    )
    state.put("way", way)
    _networks(study, served_by(study, found.chosen[way][place].networks))


def ways_table(study: Study, found: Groupings, place: int) -> pd.DataFrame:
    """One way a row, those that can choose at the budget of that place; the best one by test loss first."""
    best = found.chosen[OPTIMAL][place] if OPTIMAL in found.chosen else None
    rows = {}
    for name, each in found.chosen.items():
        chosen = each[place]
        if chosen is not None:
            rows[way_name(name)] = {
                _LOSS: chosen.score,
                _ABOVE: 100 * (chosen.score / best.score - 1) if best is not None else math.nan,
                _PRICE: WAYS[name].cost(study),
                _NETWORKS: "  ".join(_written(study, network) for network in served_by(study, chosen.networks)),
            }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[_LOSS, _ABOVE, _PRICE, _NETWORKS])
    return frame.sort_values(_LOSS, kind="stable").dropna(axis="columns", how="all")


def _written(study: Study, network: Served) -> str:
    """As in ``{a, (b)}@0.5``."""
    cost = study.networks[network.place].cost
    names = [*network.serves, *(f"({task})" for task in network.along)]
    return f"{{{', '.join(names)}}}" + ("" if cost == 1 else f"@{cost:g}")


def _networks(study: Study, networks: list[Served]) -> None:
    """A card for each network of a grouping."""
    test = study.losses.get(TEST, np.full((len(study.networks), len(study.tasks)), np.nan))
    with st.container(horizontal=True):
        for network in networks:
            with st.container(border=True, width=250):
                st.markdown(f"**{study.networks[network.place].cost:g} SNT**")
                lines = [
                    f"{plain(task)} :gray[{test[network.place, study.tasks.index(task)]:#.4g}]"
                    for task in network.serves
                ]
                if network.along:
                    along = text("studies_groupings.along", tasks=text("words.comma").join(network.along))
                    lines.append(f":small[:gray[{plain(along)}]]")
                st.markdown("  \n".join(lines))
    total = sum(study.networks[network.place].cost for network in networks)
    st.caption(text("studies_groupings.total", total=total))
