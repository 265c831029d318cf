"""What we found: the questions that everyone asks, answered by the studies that ship with Kindred and are published."""

import math

import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.text import plain
from app.views.compare_result import interval_in_words, number
from engine.charts.correlations import correlations_chart
from engine.charts.naming import way_name
from engine.charts.payoff import payoff_chart
from engine.runs.studies import kept_studies, published_studies
from engine.studies.findings import OPEN, OPPOSITE, YES, Finding, Helped, Paid, findings, helped, paid
from engine.texts import text

SNIPPET = "python -m tests.benchmarks.studies"
_ICONS = {YES: ":material/check_circle:", OPPOSITE: ":material/swap_vert:", OPEN: ":material/help:"}


def show() -> None:
    """The page."""
    state.write_url()
    st.title(text("found.title"))
    explain("found.look")
    with st.spinner(text("found.working_out"), show_time=False):
        known = _worked_out()
    if known is None:
        st.info(text("found.nothing_kept", command=SNIPPET), icon=":material/info:")
        return
    found, counts, whole = known
    for question in dict.fromkeys(each.question for each in found):
        _answer(question, [each for each in found if each.question == question])
    _who_helps(counts)
    _what_pays(whole)
    st.caption(text("found.again", command=SNIPPET))


@st.cache_data(show_spinner=False)
def _worked_out() -> tuple[list[Finding], list[Helped], list[str]] | None:
    """Findings, counts, and the names of the studies of which every network is measured."""
    kept = kept_studies()
    if not kept:
        return None
    studies = [*kept, *published_studies()]
    whole = [each.name for each in studies if len(each.networks) >= 2 ** len(each.tasks) - 1 and each.known().all()]
    return findings(studies), [helped(study) for study in studies], whole


@st.cache_data(show_spinner=False)
def _paid(name: str) -> list[Paid]:
    return paid(next(study for study in (*kept_studies(), *published_studies()) if study.name == name))


def _answer(question: str, found: list[Finding]) -> None:
    asked = text(f"found.question.{question}")
    st.subheader(asked)
    for each in found:
        said = text(
            f"found.answer.{each.answer}",
            about=plain(_studies(each)),
            value=number(each.correlation.value),
            interval=interval_in_words(each.correlation, each.tasks),
            pairs=each.pairs,
        )
        st.markdown(f"{_ICONS[each.answer]} {said}")
    live_chart.plain(
        correlations_chart([_studies(each) for each in found], [each.correlation for each in found]),
        key=f"found-{question}",
        label=text("found.correlations", question=asked),
    )


def _studies(finding: Finding) -> str:
    """The study or the two studies that it is about."""
    one, *other = finding.about
    return text("found.both", one=one, other=other[0]) if other else one


def _who_helps(counts: list[Helped]) -> None:
    st.subheader(text("found.who_helps"))
    explain("found.who_helps_look")
    rows = [
        {
            "study": each.study,
            "helps": each.helps,
            "hurts": each.hurts,
            "pairs": each.pairs,
            "sure": text("found.one_seed") if math.isnan(each.sure) else f"{100 * each.sure:.0f} %",
        }
        for each in counts
    ]
    show_frame(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        height="content",
        alt=text("found.who_helps"),
        column_config={
            "study": st.column_config.TextColumn(text("found.study")),
            "helps": st.column_config.NumberColumn(text("found.helps")),
            "hurts": st.column_config.NumberColumn(text("found.hurts")),
            "pairs": st.column_config.NumberColumn(text("found.pairs")),
            "sure": st.column_config.TextColumn(text("found.sure"), help=text("found.about_sure")),
        },
    )


def _what_pays(studies: list[str]) -> None:
    st.subheader(text("found.what_pays"))
    explain("found.what_pays_look")
    chosen = st.segmented_control(text("found.study"), studies, default=studies[0], required=True, key="found-study")
    with st.spinner(text("found.replaying"), show_time=False):
        rows = _paid(chosen)
    ways, names = [each.way for each in rows], [_way(each) for each in rows]
    costs, regrets = [each.cost for each in rows], [each.regret for each in rows]
    live_chart.plain(
        payoff_chart(ways, costs, regrets, names), key=f"payoff-{chosen}", label=text("found.payoff", study=chosen)
    )
    show_frame(
        pd.DataFrame({"way": names, "cost": [100 * cost for cost in costs], "regret": regrets}),
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        alt=text("found.payoff", study=chosen),
        column_config={
            "way": st.column_config.TextColumn(text("found.way")),
            "cost": st.column_config.NumberColumn(text("found.cost"), format="%.0f", help=text("found.about_cost")),
            "regret": st.column_config.NumberColumn(text("found.regret"), format="%.2f"),
        },
    )


def _way(paid: Paid) -> str:
    if paid.networks is None:
        return way_name(paid.way)
    return text("found.advisor", name=way_name(paid.way), count=paid.networks)
