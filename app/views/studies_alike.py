"""How alike the measured gains of a study are to those of other studies, and to what was foretold of them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.losses import pick_split, split_name, splits_of
from app.components.studies import Choice, find_choice, study_names
from app.views.compare_result import interval_in_words, number
from engine.affinity.comparison import LEAST_TASKS, Comparison, compare
from engine.charts.comparison import entries_scatter
from engine.charts.correlations import correlations_chart
from engine.studies.relations import alike, gains, transfer_gains
from engine.studies.study import Study
from engine.texts import text

AFFINITY, TRANSFER = "observed_affinity", "transfer"
_OWN: dict[str, Callable[[Study], np.ndarray | None]] = {
    AFFINITY: lambda study: study.affinity,
    TRANSFER: transfer_gains,
}


def show_alike(choice: Choice) -> None:
    """How this study's gains correlate with all that compares, a scatter of one, and how those of all studies do."""
    split = pick_split(choice.study)
    if not np.isfinite(gains(choice.study, split)).any():
        st.info(text("studies_alike.no_gains"), icon=":material/info:")
        return
    explain("studies_alike.look", split=split_name(split).lower(), least=LEAST_TASKS)
    found = _compared(choice, split)
    if found:
        _correlations(choice, split, found)
        _scatter(choice, split, found)
    else:
        st.info(text("studies_alike.nothing_compares", least=LEAST_TASKS), icon=":material/info:")
    _between_all(split)


def _compared(choice: Choice, split: str) -> dict[str, tuple[str, Comparison]]:
    """What the study's gains are compared with: key → what it is called, and the comparison."""
    found = {}
    for name, matrix in _OWN.items():
        values = matrix(choice.study)
        if values is not None:
            side = compare(choice.study.tasks, gains(choice.study, split), choice.study.tasks, values)
            found[name] = (text(f"studies_alike.own_{name}"), side)
    others = [other for other in _others(split) if other.key != choice.key]
    for other in others:
        side = _alike(choice.study, other.study, split)
        if side is not None:
            found[other.key] = (other.study.name, side)
    return {key: each for key, each in found.items() if each[1].entries}


def _others(split: str) -> list[Choice]:
    """All studies that have losses of that split."""
    found = [find_choice(key) for key in study_names()]
    return [each for each in found if each is not None and split in splits_of(each.study)]


def _alike(one: Study, other: Study, split: str) -> Comparison | None:
    if len(set(one.tasks) & set(other.tasks)) < LEAST_TASKS:
        return None
    return alike(one, other, split)


def _correlations(choice: Choice, split: str, found: dict[str, tuple[str, Comparison]]) -> None:
    live_chart.plain(
        correlations_chart([name for name, _ in found.values()], [each.pearson for _, each in found.values()]),
        key=f"alike-{choice.key}-{split}",
        label=text("studies_alike.chart"),
    )
    show_frame(
        pd.DataFrame([_row(name, each) for name, each in found.values()]),
        hide_index=True,
        width="stretch",
        height="content",
        alt=text("studies_alike.chart"),
        column_config=_columns(text("studies_alike.gains_and")),
    )
    told = [text(f"studies_alike.about_{name}") for name in _OWN if name in found]
    if told:
        st.caption(" ".join(told))


def _columns(of: str) -> dict[str, Any]:
    return {
        "with": st.column_config.TextColumn(of),
        "pearson": st.column_config.TextColumn(text("studies_alike.pearson"), help=text("studies_alike.about_pearson")),
        "interval": st.column_config.TextColumn(
            text("studies_alike.interval"), help=text("studies_alike.about_interval")
        ),
        "spearman": st.column_config.TextColumn(
            text("studies_alike.spearman"), help=text("studies_alike.about_spearman")
        ),
        "tasks": st.column_config.NumberColumn(text("studies_alike.tasks"), help=text("studies_alike.about_tasks")),
        "pairs": st.column_config.NumberColumn(text("studies_alike.pairs"), help=text("studies_alike.about_pairs")),
    }


def _row(name: str, found: Comparison) -> dict[str, object]:
    return {
        "with": name,
        "pearson": number(found.pearson.value),
        "interval": _interval(found),
        "spearman": number(found.spearman.value),
        "tasks": len(found.tasks),
        "pairs": found.entries,
    }


def _interval(found: Comparison) -> str:
    low, high = found.pearson.low, found.pearson.high
    if not math.isfinite(low):
        return interval_in_words(found.pearson, len(found.tasks))
    return text("studies_alike.range", low=number(low), high=number(high))


def _scatter(choice: Choice, split: str, found: dict[str, tuple[str, Comparison]]) -> None:
    st.subheader(text("studies_alike.pair_by_pair"))
    wanted = state.get("beside")
    key = st.selectbox(
        text("studies_alike.beside"),
        list(found),
        index=list(found).index(wanted) if wanted in found else 0,
        format_func=lambda each: found[each][0],
        key=f"pick-beside-{choice.key}",
    )
    state.put("beside", key)
    name, each = found[key]
    own = key in _OWN
    gain = text("studies_alike.gain")
    sides = (text("studies_alike.measured"), text(f"studies_alike.{key}")) if own else (choice.study.name, name)
    label = text("studies_alike.scatter", study=choice.study.name, other=name)
    live_chart.plain(
        entries_scatter(
            each.tasks,
            each.left,
            each.right,
            (gain, text(f"studies_alike.unit_{key}") if own else gain),
            same_unit=not own,
            sides=sides,
        ),
        key=f"beside-{choice.key}-{split}-{key}",
        label=label,
    )
    st.caption(text("studies_alike.a_point" if own else "studies_alike.a_point_dashed"))
    with st.expander(text("studies_alike.as_table"), key="beside-as-table"):
        _pairs_table(each, sides, label)


def _pairs_table(found: Comparison, sides: tuple[str, str], label: str) -> None:
    """The scatter's numbers: a row a pair."""
    sources, targets = np.nonzero(found.known)
    show_frame(
        pd.DataFrame(
            {
                "source": [found.tasks[place] for place in sources],
                "target": [found.tasks[place] for place in targets],
                "left": found.left[sources, targets],
                "right": found.right[sources, targets],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=label,
        column_config={
            "source": st.column_config.TextColumn(text("studies_alike.source")),
            "target": st.column_config.TextColumn(text("studies_alike.target")),
            "left": st.column_config.NumberColumn(sides[0], format="%+.3g"),
            "right": st.column_config.NumberColumn(sides[1], format="%+.3g"),
        },
    )


def _between_all(split: str) -> None:
    """The correlations of every two studies that compare, as a table."""
    known = _others(split)
    rows = []
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            side = _alike(one.study, other.study, split)
            if side is not None and side.entries:
                both = text("studies_alike.both", one=one.study.name, other=other.study.name)
                rows.append(_row(both, side))
    if rows:
        with st.expander(text("studies_alike.between_all"), key="between-all-studies"):
            show_frame(
                pd.DataFrame(rows),
                hide_index=True,
                width="stretch",
                height="content",
                alt=text("studies_alike.between_all"),
                column_config=_columns(text("studies_alike.gains_of")),
            )
