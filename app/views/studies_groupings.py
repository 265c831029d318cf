"""What every way of choosing networks comes to at every budget, and which network then serves which task."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.groupings import MOST_TASKS, Groupings, Served, groupings_of, served_by
from app.components.studies import Choice
from app.components.text import plain
from engine.charts.budgets import OPTIMAL, budget_curves
from engine.studies.study import TEST, Study
from engine.studies.ways import WAYS

_LOSS = "test loss"
_ABOVE = "above optimal"
_PRICE = "to choose by"
_COLUMNS = {
    _LOSS: st.column_config.NumberColumn("Test loss", format="%.4f", help="Mean over tasks; lower is better."),
    _ABOVE: st.column_config.NumberColumn(
        "Above optimal",
        format="%+.2f %%",
        help="By how much it loses more on test than the networks chosen with everything known. Those were chosen on "
        "validation losses, so that it can be below zero.",
    ),
    _PRICE: st.column_config.NumberColumn(
        "To be trained",
        format="%.3g SNT",
        help="What must be trained before it can choose: a network of full size counts 1, and as little as its "
        "training takes where that is a short one.",
    ),
    "networks": st.column_config.TextColumn(
        "Networks", help="In braces the tasks of each; in parentheses those trained along, which another one serves."
    ),
}


def show_groupings(choice: Choice) -> None:
    """The curves, and for one budget all ways beside each other and the networks of one."""
    study = choice.study
    if len(study.tasks) > MOST_TASKS:
        st.info(
            f"This study has {len(study.tasks)} tasks; this page compares groupings of at most {MOST_TASKS}. Download "
            "the losses as CSV (Networks, above) and solve them with `python -m engine solve --losses FILE`.",
            icon=":material/info:",
        )
        return
    found = groupings_of(choice)
    st.caption(
        "Every way chooses networks by what it knows of validation losses; what they then lose on test is shown. A "
        "budget is what all networks together may cost to run: 1 SNT (standard network time) is one of full size."
        f"{_relative(study)}"
    )
    if not found.chosen:
        st.info("No way can choose yet: too few networks are measured.", icon=":material/info:")
    else:
        budget = _pick_budget(choice, found)
        scores = {name: [each and _or_none(each.score) for each in found.chosen[name]] for name in found.chosen}
        live_chart.plain(
            budget_curves(found.budgets, scores, f"{_value(study)} (lower is better)", budget),
            key=f"budgets-{choice.key}",
            label=f"Test loss of the networks that each way chooses, at budgets from 1 to {found.budgets[-1]:g} SNT",
        )
        _at_budget(choice, found, budget)
    _say_needs(found)
    with st.expander("What the ways are"):
        st.markdown("\n".join(f"- **{plain(name)}**: {plain(way.summary)}." for name, way in WAYS.items()))


def _relative(study: Study) -> str:
    """What losses are relative to, in a sentence; empty where they are as they are."""
    if (study.weights == 1).all():
        return ""
    return " Losses are relative to each task's validation loss alone, so that all tasks count alike."


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _value(study: Study) -> str:
    return "mean test loss" if (study.weights == 1).all() else "mean relative test loss"


def _pick_budget(choice: Choice, found: Groupings) -> float:
    wanted = state.get("study_budget")
    usual = next(
        budget for place, budget in enumerate(found.budgets) if any(each[place] for each in found.chosen.values())
    )
    usual = max(usual, found.budgets[len(found.budgets) // 2])
    budget = st.select_slider(
        "Budget, SNT",
        found.budgets,
        value=wanted if wanted in found.budgets else usual,
        format_func="{:g}".format,
        key=f"pick-study-budget-{choice.key}",
    )
    state.put("study_budget", None if budget == usual else budget)
    return budget


def _at_budget(choice: Choice, found: Groupings, budget: float) -> None:
    study, place = choice.study, found.budgets.index(budget)
    st.subheader(f"With {budget:g} SNT")
    table = ways_table(study, found, place)
    show_frame(table, width="stretch", height="content", column_config=_COLUMNS, placeholder="–")
    able = [name for name in found.chosen if found.chosen[name][place] is not None]
    if not able:
        st.info(f"No way serves all tasks with {budget:g} SNT; raise the budget.", icon=":material/info:")
        return
    wanted = state.get("way")
    way = st.pills(
        "The networks of",
        able,
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
            rows[name] = {
                _LOSS: chosen.score,
                _ABOVE: 100 * (chosen.score / best.score - 1) if best is not None else math.nan,
                _PRICE: WAYS[name].cost(study),
                "networks": "  ".join(_written(study, network) for network in served_by(study, chosen.networks)),
            }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[_LOSS, _ABOVE, _PRICE, "networks"])
    return frame.rename_axis("Way").sort_values(_LOSS, kind="stable").dropna(axis="columns", how="all")


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
                    lines.append(f":small[:gray[trained along: {plain(', '.join(network.along))}]]")
                st.markdown("  \n".join(lines))
    total = sum(study.networks[network.place].cost for network in networks)
    st.caption(f"{total:g} SNT together. Beside each task: its test loss in the network that serves it.")


def _say_needs(found: Groupings) -> None:
    for name, needs in found.needs.items():
        st.caption(f":material/block: **{plain(name)}** needs {plain(needs)}.")
