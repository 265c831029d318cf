"""What the Compare page shows of its two sides: how alike they are, both matrices, and what differs."""

import math
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

PARTS = {"whole": "Whole run", "first": "First half", "second": "Second half"}
_SCALES = {"raw": "As they are", "standardised": "Standardised", "rank": "Ranks"}
_INTERVAL = (
    "Below it the 95 % confidence interval. Pairs that share a task are not independent, so it comes from leaving out "
    "one task at a time (a jackknife on Fisher's z). It speaks of other tasks of the same kind, not of other seeds."
)
_PEARSON = f"Pearson's correlation: how nearly one side is a multiple of the other plus a constant. {_INTERVAL}"
_SPEARMAN = f"Spearman's rank correlation: whether both rank the pairs alike, whatever their units. {_INTERVAL}"


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
        named = f"{in_words(self.observed.reading)} of {self.subject.name}"
        return named if self.part == "whole" else f"{named}, {PARTS[self.part].lower()}"

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
        st.info(
            "Both sides show the same. Choose another run, reading or part of training on one side; the first and the "
            "second half of a run show whether the relation changed with time.",
            icon=":material/info:",
        )
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
            label=f"Difference of every pair of tasks: {quantity.name}",
        )
    with scatter:
        st.subheader("Pair by pair")
        live_chart.plain(
            entries_scatter(found.tasks, found.left, found.right, (left.title, right.title), same_unit),
            key=f"scatter-{left.key}-{right.key}",
            label=f"{left.title} against {right.title}, a point for every pair of tasks",
        )
        st.caption("A point is a pair, source → target." + (" Dashed: both sides equal." if same_unit else ""))
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
    common = [task for task in left if task in set(right)]
    shared = f"only {', '.join(common)}" if common else "no task"
    st.info(
        plain(
            f"The two runs have {shared} in common; a comparison needs at least {LEAST_TASKS} tasks of the same name. "
            "Choose on the right a run on the same data set, or another reading or part of training of the left run."
        ),
        icon=":material/info:",
    )


def _say_how_alike(found: Comparison, tasks: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    pearson, spearman, pairs = st.columns(3)
    for column, name, correlation, text in (
        (pearson, "Pearson", found.pearson, _PEARSON),
        (spearman, "Spearman", found.spearman, _SPEARMAN),
    ):
        column.metric(
            name,
            number(correlation.value),
            delta=interval_in_words(correlation, len(found.tasks)),
            delta_color="off",
            delta_arrow="off",
            help=text,
        )
    pairs.metric(
        "Pairs compared",
        found.entries,
        delta=f"of {len(found.tasks)} tasks that both have",
        delta_color="off",
        delta_arrow="off",
        help="A pair counts twice, once in each direction.",
    )
    st.markdown(agreement_in_words(found.pearson, found.spearman))
    left_out = [task for task in dict.fromkeys(tasks[0] + tasks[1]) if task not in found.tasks]
    if left_out:
        more = f" and {len(left_out) - 8} more" if len(left_out) > 8 else ""
        st.caption(plain(f"Left out, as only one side has them: {', '.join(left_out[:8])}{more}."))


def number(value: float) -> str:
    """A correlation with two decimals and a true minus.

    >>> number(-0.314), number(float("nan"))
    ('−0.31', 'unknown')
    """
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else "unknown"


def interval_in_words(correlation: Correlation, tasks: int) -> str:
    """A correlation's confidence interval, or why there is none."""
    if math.isfinite(correlation.low):
        return f"{number(correlation.low)} to {number(correlation.high)} (95 %)"
    if not math.isfinite(correlation.value):
        return "all entries of one side are equal, or too few known"
    if tasks < LEAST_FOR_INTERVAL:
        return f"no interval with fewer than {LEAST_FOR_INTERVAL} tasks"
    return "no interval"


def agreement_in_words(pearson: Correlation, spearman: Correlation) -> str:
    """What the two correlations mean, in a sentence or two."""
    value = spearman.value
    if not math.isfinite(value):
        return "How alike the two are cannot be said."
    if spearman.low <= 0 <= spearman.high and (pearson.low > 0 or pearson.high < 0):
        return (
            "**Only the large entries go together**: Pearson's correlation, which they rule, is sure; but the interval "
            "of Spearman's, in which all pairs count alike, holds 0."
        )
    if spearman.low <= 0 <= spearman.high:
        return "**No relation can be told from chance**: the interval of Spearman's correlation holds 0."
    size = abs(value)
    words = "Nearly the same" if size >= 0.9 else "Much alike" if size >= 0.6 else "Somewhat alike"
    if size < 0.3:
        words = "Hardly alike"
    if value < 0:
        words = "Rather the opposite" if size >= 0.3 else "Hardly related"
    which = "high" if value > 0 else "low"
    text = f"**{words}**: pairs that are high on the left tend to be {which} on the right."
    if size < 0.3:
        text = f"**{words}**: a pair's place on the left says little of its place on the right."
    if abs(pearson.value - value) > 0.2:
        text += " The two correlations differ: a few extreme pairs, or a bent relation; the scatter shows which."
    return text


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
    part = "" if side.part == "whole" else f"{PARTS[side.part].lower()}, "
    st.caption(plain(f"{side.subject.name}, {part}{side.observed.quantity.span(mean.step_from, mean.step_to)}"))
    say_reliability(side.observed, _steps(mean))
    live_chart.matrix(
        affinity_heatmap(values, tasks, order, state.get("scale"), quantity=side.observed.quantity, over=over),
        key=f"matrix-{side.key}",
        label=f"{side.title}, rows are sources, columns are targets",
    )
    say_entries(side.subject, side.observed, values)


def _pick_difference(same_unit: bool) -> str:
    """On which scale the difference is taken: as it is where both sides have one unit, until the visitor chooses."""
    st.subheader("Difference, right − left")
    usual = "raw" if same_unit else "standardised"
    chosen = st.segmented_control(
        "Difference of the entries",
        list(_SCALES),
        format_func=_SCALES.__getitem__,
        default=state.get("difference") or usual,
        required=True,
        key=f"pick-difference-{same_unit}",
        help="As they are: for two sides with one unit. Standardised: each side brought to mean 0 and standard "
        "deviation 1 first. Ranks: each side's entries ranked from 0, the lowest, to 1.",
    )
    state.put("difference", None if chosen == usual else chosen)
    return chosen


def _table(found: Comparison, scale: str, file_name: str) -> None:
    sources, targets = np.nonzero(found.known)
    difference = found.difference(scale)[sources, targets]
    name = {"raw": "right − left", "standardised": "right − left, standardised", "rank": "right − left, ranks"}[scale]
    frame = pd.DataFrame(
        {
            "source": [found.tasks[place] for place in sources],
            "target": [found.tasks[place] for place in targets],
            "left": found.left[sources, targets],
            "right": found.right[sources, targets],
            name: difference,
        }
    ).sort_values(name, key=abs, ascending=False, kind="stable")
    with st.expander("The same as a table, the largest differences first"):
        st.download_button("CSV", csv_of(frame), file_name, "text/csv", icon=":material/download:")
        show_frame(frame, hide_index=True, width="stretch")
