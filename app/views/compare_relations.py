"""How the matrices of several runs relate to the baseline's and to each other: what the Compare page draws of them."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from app.components import live_chart
from app.components.frames import show_frame
from app.components.text import plain
from app.views.compare_matrices import Shown, show_matrices
from app.views.compare_result import agreement, named, number, pick_difference
from engine.affinity.comparison import LEAST_TASKS, Correlation, DifferenceScale
from engine.affinity.several import BEYOND
from engine.charts.comparison import DRAWN, Cloud, clouds_scatter
from engine.charts.correlations import correlations_chart
from engine.charts.several import correlations_heatmap
from engine.spreadsheets import csv_of
from engine.texts import text

_ROWS = 300  # of the table of pairs on the page; the file has all


def show_relations(shown: Shown, half: str) -> None:
    """How each run's matrix relates to the baseline's, and all to each other.

    Args:
        shown: with at least one run that can be set against the baseline.
        half: the part of training.
    """
    table = shown.several.table()
    st.markdown(_headline(shown, table))
    _say_lacking(shown)
    _say_overlap(shown)
    st.subheader(text("compare_several.differences"))
    scale = pick_difference(shown.same_unit)
    if not shown.same_unit and scale != "rank":
        st.caption(text(f"compare_several.units_differ_{scale}"))
    show_matrices(shown, scale, half)
    _how_alike(shown, shown.several.table(scale))
    between, scatter = st.columns(2, gap="large")
    with scatter:
        _scatter(shown)
    with between:
        _between(shown)
    _pairs(shown, scale)


def _headline(shown: Shown, table: pd.DataFrame) -> str:
    """Which run is most alike the baseline and which least, in a sentence or two."""
    known = table[np.isfinite(table["spearman"])].sort_values("spearman")
    if known.empty:
        return text("compare_several.headline_unknown")
    most, least = known.iloc[-1], known.iloc[0]

    def said(row: pd.Series) -> dict[str, str]:
        by_chance = row["spearman_low"] <= 0 <= row["spearman_high"]
        degree = text(f"compare_several.degree_{'chance' if by_chance else agreement(row['spearman'])}")
        return {"name": plain(shown.name(row["run"])), "value": number(row["spearman"]), "degree": degree}

    baseline = plain(shown.name(shown.baseline.id))
    if len(known) == 1:
        return text("compare_several.headline_one", baseline=baseline, **said(most))
    both = {"most": said(most), "least": said(least)}
    ends = {f"{end}_{key}": value for end, values in both.items() for key, value in values.items()}
    return text("compare_several.headline", baseline=baseline, **ends)


def _say_lacking(shown: Shown) -> None:
    """Which tasks of the baseline a run lacks, or has in place of them."""
    base = set(shown.several.matrices[shown.several.baseline].tasks)
    for run in shown.others:
        (matrix,) = (each for each in shown.several.matrices if each.id == run)
        lacks = [task for task in shown.several.matrices[shown.several.baseline].tasks if task not in matrix.tasks]
        more = [task for task in matrix.tasks if task not in base]
        for key, tasks in (("lacks", lacks), ("has_more", more)):
            if tasks:
                said = text(f"compare_several.{key}", name=shown.name(run), tasks=named(tasks), count=len(tasks))
                st.caption(plain(said))


def _say_overlap(shown: Shown) -> None:
    """Which runs are among the seeds of the baseline, or it among theirs, so that the two are not independent."""
    base = {run.id for run in shown.baseline.runs}
    for subject in shown.subjects[1:]:
        if subject.id in shown.others and base & {run.id for run in subject.runs}:
            names = {"name": shown.name(subject.id), "baseline": shown.name(shown.baseline.id)}
            st.caption(plain(text("compare_several.overlap", **names)))


def _how_alike(shown: Shown, table: pd.DataFrame) -> None:
    """Every run's correlation with the baseline, as a chart and a table."""
    st.subheader(text("compare_several.alike", name=plain(shown.name(shown.baseline.id))))
    names = [shown.name(run) for run in table["run"]]
    chart, numbers = st.columns([1, 1.6], gap="large")
    with chart:
        correlations = [
            Correlation(row.spearman, row.spearman_low, row.spearman_high) for row in table.itertuples(index=False)
        ]
        live_chart.plain(
            correlations_chart(names, correlations, [shown.styles[run] for run in table["run"]], "spearman"),
            key=f"several-alike-{'-'.join(shown.others)}-{shown.baseline.id}",
            label=text("compare_several.alike_label"),
        )
    frame = pd.DataFrame({text("compare_several.column_run"): names})
    for name in ("spearman", "pearson"):
        frame[text(f"compare_several.column_{name}")] = table[name]
        frame[text(f"compare_several.column_{name}_interval")] = [
            _interval(low, high) for low, high in zip(table[f"{name}_low"], table[f"{name}_high"], strict=True)
        ]
    frame[text("compare_several.column_same_sign")] = 100 * table["same_sign"]
    frame[text("compare_several.column_beyond")] = table["beyond"].where(table["judged"] > 0)
    frame[text("compare_several.column_judged")] = table["judged"]
    frame[text("compare_several.column_same_sure_sign")] = 100 * table["same_sure_sign"]
    frame[text("compare_several.column_sure_signs")] = table["sure_signs"]
    frame[text("compare_several.column_pairs")] = table["pairs"]
    frame[text("compare_several.column_tasks")] = table["tasks"]
    two, share = st.column_config.NumberColumn(format="%.2f"), st.column_config.NumberColumn(format="%.0f %%")
    with numbers:
        show_frame(
            frame,
            column_config={
                text("compare_several.column_run"): st.column_config.TextColumn(pinned=True),
                text("compare_several.column_pearson"): two,
                text("compare_several.column_spearman"): two,
                text("compare_several.column_same_sign"): share,
                text("compare_several.column_same_sure_sign"): share,
            },
            hide_index=True,
            width="stretch",
            height="content",
        )
        st.caption(text("compare_several.about_alike", standard_errors=f"{BEYOND:g}"))
        st.download_button(
            text("compare_result.csv"),
            csv_of(table.assign(name=names)),
            f"compare-{shown.baseline.file_name}.csv",
            "text/csv",
            icon=":material/download:",
            key="csv-several",
        )


def _interval(low: float, high: float) -> str:
    if not math.isfinite(low):
        return "–"
    return text("compare_several.interval", low=number(low), high=number(high))


def _between(shown: Shown) -> None:
    st.subheader(text("compare_several.between"))
    kinds = ("spearman", "pearson")
    kind = st.segmented_control(
        text("compare_several.kind"),
        kinds,
        format_func=lambda each: text(f"several.name.{each}"),
        default="spearman",
        required=True,
        key="several-kind",
        label_visibility="collapsed",
    )
    names = tuple(shown.name(each.id) for each in shown.several.matrices)
    live_chart.matrix(
        correlations_heatmap(names, shown.several.correlations(kind), kind),
        key=f"several-between-{kind}-{'-'.join(each.id for each in shown.several.matrices)}",
        label=text("compare_several.between_label", kind=text(f"several.name.{kind}")),
    )
    st.caption(text("compare_several.about_between", least=LEAST_TASKS))
    with st.expander(text("compare_several.between_table")):
        runs = pd.Index(names, name=text("compare_several.column_run"))
        show_frame(pd.DataFrame(shown.several.correlations(kind), runs, list(names)), width="stretch")


def _scatter(shown: Shown) -> None:
    st.subheader(text("compare_several.scatter"))
    places = zip(shown.others, shown.several.compared, strict=True)
    compared = [(run, shown.several.against[place]) for run, place in places]
    clouds = [
        Cloud(
            shown.name(run),
            each.tasks,
            each.entries.left,
            each.entries.right,
            each.entries.spearman.value,
            shown.styles[run],
        )
        for run, each in compared
    ]
    live_chart.plain(
        clouds_scatter(shown.name(shown.baseline.id), clouds, shown.same_unit),
        key=f"several-scatter-{'-'.join(shown.others)}-{shown.baseline.id}",
        label=text("compare_several.scatter_label", baseline=shown.name(shown.baseline.id)),
    )
    said = text("compare_several.points_equal" if shown.same_unit else "compare_several.points")
    thinned = any(cloud.baseline.size > DRAWN for cloud in clouds)
    st.caption(" ".join([said, text("compare_several.thinned", most=DRAWN)] if thinned else [said]))


def _pairs(shown: Shown, scale: DifferenceScale) -> None:
    """The pairs that differ most beyond their standard errors."""
    st.subheader(text("compare_several.pairs"))
    found = shown.several.furthest(scale)
    judged = int(found["errors"].notna().sum())
    beyond = int((found["errors"] > BEYOND).sum())
    key = "pairs_beyond" if judged else "pairs_unjudged"
    share = beyond / judged if judged else 0.0
    st.caption(text(f"compare_several.{key}", count=beyond, judged=judged, share=share, standard_errors=f"{BEYOND:g}"))
    names = {run: shown.name(run) for run in shown.others}
    columns = {
        "run": [names[run] for run in found["run"]],
        **{name: found[name] for name in ("source", "target", "baseline", "value", "difference", "error", "errors")},
    }
    frame = pd.DataFrame({text(f"compare_several.column_{name}"): values for name, values in columns.items()})
    precise = st.column_config.NumberColumn(format="%.3g")
    show_frame(
        frame.head(_ROWS),
        column_config={
            **{
                text(f"compare_several.column_{name}"): precise for name in ("baseline", "value", "difference", "error")
            },
            text("compare_several.column_errors"): st.column_config.NumberColumn(format="%.1f"),
        },
        hide_index=True,
        width="stretch",
        height=320,
    )
    if len(frame) > _ROWS:
        st.caption(text("compare_several.first_rows", shown=_ROWS, count=len(frame)))
    st.download_button(
        text("compare_result.csv"),
        csv_of(frame),
        f"compare-pairs-{shown.baseline.file_name}.csv",
        "text/csv",
        icon=":material/download:",
        key="csv-pairs",
    )
