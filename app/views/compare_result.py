"""What the Compare page shows of its two sides: how alike they are, both matrices, and what differs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.frames import show_frame
from app.components.observed import Observed
from app.components.readings import in_words, say_entries
from app.components.reliability import say_reliability
from app.components.scale import order_of
from app.components.subject import Subject
from app.components.text import plain
from engine.affinity.comparison import LEAST_FOR_INTERVAL, LEAST_TASKS, Comparison, Correlation, compare
from engine.affinity.series import IntervalMean
from engine.charts.comparison import entries_scatter
from engine.charts.heatmap import affinity_heatmap
from engine.charts.quantity import AFFINITY, difference_of
from engine.spreadsheets import csv_of
from engine.texts import text

PARTS = ("whole", "first", "second")
SCALES = ("raw", "standardised", "rank")
_NAMED = 8  # tasks in a sentence


@dataclass(frozen=True, eq=False)
class Side:
    """Attributes:
    subject: a run or a group of seeds.
    observed: its reading.
    part: ``whole``, ``first`` or ``second``.
    """

    subject: Subject
    observed: Observed
    part: str

    @property
    def title(self) -> str:
        """Reading, run, and part where it is not the whole."""
        named = {"reading": in_words(self.observed.reading), "run": self.subject.name}
        return text(f"compare_result.title_{self.part}", **named)

    @property
    def key(self) -> str:
        """Unique to what it shows; fit for a file's name."""
        return f"{self.subject.file_name}-{self.observed.reading}-{self.part}"

    @property
    def settled(self) -> bool:
        """Whether it has ended well and has something to show, so that there is nothing to say of how far it is."""
        return len(self.observed.series) > 0 and all(run.status == "finished" for run in self.subject.runs)

    def mean(self) -> IntervalMean:
        """Over its part of training."""
        return self.observed.mean(*self.observed.part(self.part))


def show_comparison(left: Side, right: Side) -> None:
    """All below the choices."""
    means = left.mean(), right.mean()
    tasks = left.observed.series.tasks, right.observed.series.tasks
    if len(set(tasks[0]) & set(tasks[1])) < LEAST_TASKS:
        _say_strangers(*tasks)
        return
    if left.key == right.key:
        st.info(text("compare_result.same"), icon=":material/info:")
        return
    found = _compared(left.observed, means[0].step_from, means[0].step_to, right.observed, *_steps(means[1]))
    same_unit = left.observed.reading == right.observed.reading and (
        left.observed.reading != AFFINITY.name or left.subject.first.quantity == right.subject.first.quantity
    )
    _say_how_alike(found, tasks)
    order = _common_order(left, found.tasks)
    over = np.stack([found.left, found.right]) if same_unit else None
    for column, side, values, mean in zip(
        st.columns(2, gap="large"), (left, right), (found.left, found.right), means, strict=True
    ):
        with column:
            _matrix(side, values, mean, found.tasks, order, over)
    difference, scatter = st.columns(2, gap="large")
    with difference:
        scale = _pick_difference(same_unit)
        quantity = difference_of(scale)
        live_chart.matrix(
            affinity_heatmap(found.difference(scale), found.tasks, order, quantity=quantity),
            key=f"difference-{left.key}-{right.key}-{scale}",
            label=text("compare_result.difference_label", quantity=quantity.said),
        )
    with scatter:
        st.subheader(text("compare_result.pairs"))
        live_chart.plain(
            entries_scatter(found.tasks, found.left, found.right, (left.title, right.title), same_unit),
            key=f"scatter-{left.key}-{right.key}",
            label=text("compare_result.scatter_label", left=left.title, right=right.title),
        )
        st.caption(text("compare_result.points_equal" if same_unit else "compare_result.points"))
    _table(found, scale, f"compare-{left.key}-{right.key}.csv")


@st.cache_resource(
    show_spinner=False, max_entries=32, hash_funcs={Observed: lambda observed: (observed.state, observed.reading)}
)
def _compared(
    left: Observed, left_from: int, left_to: int, right: Observed, right_from: int, right_to: int
) -> Comparison:
    return compare(
        left.series.tasks,
        left.mean(left_from, left_to).affinity,
        right.series.tasks,
        right.mean(right_from, right_to).affinity,
    )


def _steps(mean: IntervalMean) -> tuple[int, int]:
    return mean.step_from, mean.step_to


def _say_strangers(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    common = text("words.comma").join(task for task in left if task in set(right))
    which = "only" if common else "no"
    st.info(plain(text(f"compare_result.strangers_{which}", tasks=common, least=LEAST_TASKS)), icon=":material/info:")


def _say_how_alike(found: Comparison, tasks: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    pearson, spearman, pairs = st.columns(3)
    for column, name, correlation in (
        (pearson, "pearson", found.pearson),
        (spearman, "spearman", found.spearman),
    ):
        column.metric(
            text(f"compare_result.{name}"),
            number(correlation.value),
            delta=interval_in_words(correlation, len(found.tasks)),
            delta_color="off",
            delta_arrow="off",
            help=text(f"compare_result.{name}_help", interval=text("compare_result.interval_help")),
        )
    pairs.metric(
        text("compare_result.compared"),
        found.entries,
        delta=text("compare_result.of_tasks", count=len(found.tasks)),
        delta_color="off",
        delta_arrow="off",
        help=text("compare_result.compared_help"),
    )
    st.markdown(agreement_in_words(found.pearson, found.spearman))
    left_out = [task for task in dict.fromkeys(tasks[0] + tasks[1]) if task not in found.tasks]
    if left_out:
        st.caption(plain(text("compare_result.left_out", tasks=named(left_out))))


def named(tasks: Sequence[str]) -> str:
    """Names in a sentence, and how many more there are beyond eight.

    >>> named([str(task) for task in range(10)])
    '0, 1, 2, 3, 4, 5, 6, 7 and 2 more'
    """
    shown = text("words.comma").join(tasks[:_NAMED])
    more = len(tasks) - _NAMED
    return text("compare_result.and_more", tasks=shown, count=more) if more > 0 else shown


def number(value: float) -> str:
    """A correlation with two decimals and a true minus.

    >>> number(-0.314), number(float("nan"))
    ('−0.31', 'unknown')
    """
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else text("compare_result.unknown")


def interval_in_words(correlation: Correlation, tasks: int) -> str:
    """A correlation's confidence interval, or why there is none."""
    if math.isfinite(correlation.low):
        return text("compare_result.interval", low=number(correlation.low), high=number(correlation.high))
    if not math.isfinite(correlation.value):
        return text("compare_result.no_correlation")
    if tasks < LEAST_FOR_INTERVAL:
        return text("compare_result.few_tasks", least=LEAST_FOR_INTERVAL)
    return text("compare_result.no_interval")


def agreement_in_words(pearson: Correlation, spearman: Correlation) -> str:
    """What the two correlations mean, in a sentence or two."""
    value = spearman.value
    if not math.isfinite(value):
        return text("compare_result.agree_unknown")
    if spearman.low <= 0 <= spearman.high:
        sure = pearson.low > 0 or pearson.high < 0
        return text("compare_result.agree_large" if sure else "compare_result.agree_chance")
    said = text(f"compare_result.agree_{agreement(value)}")
    if abs(pearson.value - value) > 0.2:
        said = text("compare_result.agree_bent", said=said)
    return said


def agreement(spearman: float) -> str:
    """A known correlation as a text's key: ``same``, ``much``, ``some``, ``hardly``, ``unrelated`` or ``opposite``."""
    size = abs(spearman)
    if size < 0.3:
        return "hardly" if spearman > 0 else "unrelated"
    if spearman < 0:
        return "opposite"
    return "same" if size >= 0.9 else "much" if size >= 0.6 else "some"


def _common_order(left: Side, common: tuple[str, ...]) -> list[int]:
    """The chosen order of the left side's tasks, over those that both have."""
    tasks = left.observed.series.tasks
    return [common.index(tasks[place]) for place in order_of(left.subject, left.observed) if tasks[place] in common]


def _matrix(
    side: Side,
    values: np.ndarray,
    mean: IntervalMean,
    tasks: tuple[str, ...],
    order: list[int],
    over: np.ndarray | None,
) -> None:
    st.subheader(in_words(side.observed.reading))
    span = side.observed.quantity.span(mean.step_from, mean.step_to)
    st.caption(plain(text(f"compare_result.of_{side.part}", run=side.subject.name, span=span)))
    say_reliability(side.observed, _steps(mean))
    live_chart.matrix(
        affinity_heatmap(values, tasks, order, state.get("scale"), quantity=side.observed.quantity, over=over),
        key=f"matrix-{side.key}",
        label=text("compare_result.matrix_label", title=side.title),
    )
    say_entries(side.subject, side.observed, values)


def _pick_difference(same_unit: bool) -> str:
    st.subheader(text("compare_result.difference"))
    return pick_difference(same_unit)


def pick_difference(same_unit: bool) -> str:
    """A control with the scales of a difference: as entries are where all have one unit, until the visitor chooses."""
    usual = "raw" if same_unit else "standardised"
    chosen = st.segmented_control(
        text("compare_result.difference_of"),
        SCALES,
        format_func=lambda scale: text(f"compare_result.scale_{scale}"),
        default=state.get("difference") or usual,
        required=True,
        key=f"pick-difference-{same_unit}",
        help=text("compare_result.difference_help"),
    )
    state.put("difference", None if chosen == usual else chosen)
    return chosen


def _table(found: Comparison, scale: str, file_name: str) -> None:
    sources, targets = np.nonzero(found.known)
    difference = found.difference(scale)[sources, targets]
    name = text(f"compare_result.column_{scale}")
    frame = pd.DataFrame(
        {
            text("compare_result.column_source"): [found.tasks[place] for place in sources],
            text("compare_result.column_target"): [found.tasks[place] for place in targets],
            text("compare_result.column_left"): found.left[sources, targets],
            text("compare_result.column_right"): found.right[sources, targets],
            name: difference,
        }
    ).sort_values(name, key=abs, ascending=False, kind="stable")
    with st.expander(text("compare_result.table")):
        st.download_button(text("compare_result.csv"), csv_of(frame), file_name, "text/csv", icon=":material/download:")
        show_frame(frame, hide_index=True, width="stretch")
