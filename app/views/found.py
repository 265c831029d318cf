"""What we found: the questions that everyone asks, answered by the studies that ship with Kindred and are published."""

import math

import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.text import plain
from app.views.compare_result import interval_in_words, number
from engine.charts.correlations import correlations_chart
from engine.charts.payoff import payoff_chart
from engine.runs.studies import kept_studies, published_studies
from engine.studies.findings import OPEN, OPPOSITE, YES, Finding, Helped, Paid, findings, helped, paid

COMMAND = "python -m tests.benchmarks.studies"
_ANSWERS = {
    YES: ":material/check_circle: **Yes**",
    OPPOSITE: ":material/swap_vert: **The opposite**",
    OPEN: ":material/help: **Not decided**",
}


def show() -> None:
    """The page."""
    state.write_url()
    st.title("What we found")
    st.caption(
        "Questions that the papers leave open, answered by the studies that ship with Kindred (networks trained from "
        "random weights, several seeds) and by the published ones; worked out here from their losses, good or bad."
    )
    known = _worked_out()
    if known is None:
        st.info(f"No study is kept in data/studies. Make them again with `{COMMAND}`.", icon=":material/info:")
        return
    found, counts, whole = known
    for question in dict.fromkeys(each.question for each in found):
        _answer(question, [each for each in found if each.question == question])
    _who_helps(counts)
    _what_pays(whole)
    st.caption(f"Make these studies again, from nothing, by one command: `{COMMAND}` (resumable).")


@st.cache_data(show_spinner="Working out what the studies say…")
def _worked_out() -> tuple[list[Finding], list[Helped], list[str]] | None:
    """Findings, counts, and the names of the studies of which every network is measured."""
    kept = kept_studies()
    if not kept:
        return None
    studies = [*kept, *published_studies()]
    whole = [each.name for each in studies if len(each.networks) >= 2 ** len(each.tasks) - 1 and each.known().all()]
    return findings(studies), [helped(study) for study in studies], whole


@st.cache_data(show_spinner="Replaying every way of choosing on this study…")
def _paid(name: str) -> list[Paid]:
    return paid(next(study for study in (*kept_studies(), *published_studies()) if study.name == name))


def _answer(question: str, found: list[Finding]) -> None:
    st.subheader(question)
    for each in found:
        value = f"Pearson {number(each.correlation.value)}, {interval_in_words(each.correlation, each.tasks)}"
        st.markdown(f"{_ANSWERS[each.answer]} — {plain(each.about)}: {value}, {each.pairs} pairs")
    live_chart.plain(
        correlations_chart([each.about for each in found], [each.correlation for each in found]),
        key=f"found-{question}",
        label=f"Correlations with their intervals: {question}",
    )


def _who_helps(counts: list[Helped]) -> None:
    st.subheader("How many pairs help, and how sure is that?")
    st.caption(
        "Pairs of tasks in one network against the same two tasks alone in half-size networks, which cost as much, on "
        "test losses. Sure: beyond twice the deviation that other seeds make."
    )
    rows = [
        {
            "Study": each.study,
            "Help": each.helps,
            "Hurt": each.hurts,
            "Of": each.pairs,
            "Sure": "one seed each" if math.isnan(each.sure) else f"{each.sure:.0%}",
        }
        for each in counts
    ]
    show_frame(pd.DataFrame(rows), hide_index=True, width="stretch", height="content")


def _what_pays(names: list[str]) -> None:
    st.subheader("Which way of choosing pays?")
    st.caption(
        "Regret: by how much the grouping it chooses loses more on test than the one chosen with every network "
        "trained, the mean over all budgets. Cost: what it trains, as a share of that full search. Nearer the lower "
        "left is better."
    )
    chosen = st.segmented_control("Study", names, default=names[0], required=True, key="found-study")
    rows = _paid(chosen)
    live_chart.plain(
        payoff_chart([each.way for each in rows], [each.cost for each in rows], [each.regret for each in rows]),
        key=f"payoff-{chosen}",
        label="Regret of every way of choosing against what it trains",
    )
    table = pd.DataFrame({"Way": each.way, "Cost, %": 100 * each.cost, "Regret, %": each.regret} for each in rows)
    config = {
        "Cost, %": st.column_config.NumberColumn(
            format="%.0f", help="Of training every network; empty: not published."
        ),
        "Regret, %": st.column_config.NumberColumn(format="%.2f"),
    }
    show_frame(table, hide_index=True, width="stretch", height="content", column_config=config)
