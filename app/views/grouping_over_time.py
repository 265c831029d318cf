"""What it would have cost to keep today's grouping while the run trained, and when the best one changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from app import state
from app.components import live_chart
from app.components.guard import guarded
from app.components.observed import Observed
from app.components.subject import Subject
from app.components.text import plain
from app.components.working import Work, apart_from_affinities, ask, follow_work
from engine.affinity.series import IntervalMean
from engine.charts.keeping import change_sentence, keeping_chart
from engine.grouping.over_time import Change, Keeping, best_over_time, changes, keeping
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.texts import text

MOMENTS = 48
FEW = 12  # of the first answer
SECONDS = 4.0
PART = 0.1  # of the windows of the interval that a moment averages over, where it does not over all before it
MOST_CHANGES = 12  # that are told
SEEN = ("so_far", "around")


@dataclass(frozen=True, eq=False)
class Course:
    """What was best over training, beside one grouping.

    Attributes:
        step: up to which the grouping's affinities were observed.
        kept: the cost of keeping it, at each moment.
        changes: of the best grouping.
        moments: how many were asked for; those at which some pair was not observed are left out.
        proved: whether the best of every moment is proved.
    """

    step: int
    kept: list[Keeping]
    changes: list[Change]
    moments: int
    proved: bool


def show_over_time(subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution) -> None:
    """The course, worked out once the visitor opens it."""
    first, last = observed.series.windows_between(mean.step_from, mean.step_to)
    if last - first < 2:
        return
    place = st.expander(text("grouping_over_time.title"), icon=":material/timeline:", key="keeping", on_change="rerun")
    if place.open:
        with place:
            guarded(lambda: _course(subject, observed, mean, solution))()


def _course(subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution) -> None:
    st.caption(text("grouping_over_time.about"))
    seen = st.segmented_control(
        text("grouping_over_time.seen"),
        SEEN,
        default=state.get("moments"),
        format_func=lambda name: text(f"grouping_over_time.{name}"),
        key="pick-moments",
        help=text("grouping_over_time.seen_help", percent=100 * PART),
        required=True,
    )
    state.put("moments", seen)
    place = st.container()

    def draw(course: Course | None, done: bool) -> None:
        if course is None:
            st.caption(text("grouping_over_time.begins"))
        else:
            _drawn(course, subject, solution, done)

    with place:
        follow_work(_asked(subject, observed, mean, solution, seen), draw)


def _asked(
    subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution, seen: str
) -> Callable[[], Work[Course]]:
    key = ("keeping", subject.id, apart_from_affinities(solution.problem), solution.budget, seen)
    key += (mean.step_from, state.get("interval"))

    def answers() -> Iterator[Course]:
        for moments, seconds in ((FEW, SECONDS / 8), (MOMENTS, SECONDS)):
            problems = problems_over_time(observed, mean, solution.problem, moments, seen)
            best = best_over_time(problems, solution.budget, seconds=seconds)
            known = [moment.solution for moment in best if moment.solution is not None]
            proved = all(each.proved_optimal for each in known)
            yield Course(mean.step_to, keeping(solution, best), changes(best), moments, proved)

    return lambda: ask(key, (observed.state, mean.step_to, solution.networks), answers, moving=subject.active)


def problems_over_time(
    observed: Observed, mean: IntervalMean, problem: GroupingProblem, moments: int, seen: str
) -> list[tuple[int, GroupingProblem]]:
    """The grouping problem at windows' ends spread over the interval, but those that had not yet observed every pair.

    Args:
        moments: how many, at most.
        seen: ``"so_far"``: each by the mean from the interval's beginning up to it; ``"around"``: by the mean of a
            tenth of the interval's windows, those around it.
    """
    series = observed.series
    first, last = series.windows_between(mean.step_from, mean.step_to)
    tasks = [series.tasks.index(task) for task in problem.tasks]
    half = max(1, round(PART * (last - first) / 2))
    found = []
    for end in np.unique(np.linspace(first + 1, last, min(moments, last - first)).round().astype(int)).tolist():
        since, until = (first, end) if seen == "so_far" else (max(first, end - half), min(last, end + half))
        affinity = observed.mean(int(series.edges[since]), int(series.edges[until])).affinity[np.ix_(tasks, tasks)]
        if np.isfinite(affinity).all():
            found.append((int(series.edges[end]), replace(problem, affinity=affinity)))
    return found


def _drawn(course: Course, subject: Subject, solution: Solution, done: bool) -> None:
    if not course.kept:
        st.caption(text("grouping_over_time.none"))
        return
    steps = sorted({change.step for change in course.changes})
    live_chart.plain(keeping_chart(course.kept, steps), key=f"keeping-{subject.id}", label=text("keeping.label"))
    lost = np.array([each.lost for each in course.kept])
    worst = course.kept[int(lost.argmax())]
    scale = abs(solution.value)
    said = text(
        "grouping_over_time.said" if worst.lost else "grouping_over_time.as_good",
        mean=lost.mean(),
        percent=100 * lost.mean() / scale if scale else 0.0,
        moments=len(course.kept),
        worst=worst.lost,
        step=worst.step,
    )
    changed = (
        text("grouping_over_time.changed", count=len(steps), step=steps[-1])
        if steps
        else text("grouping_over_time.never", moments=len(course.kept))
    )
    notes = [
        "" if course.proved else text("grouping_over_time.unproved"),
        "" if done else text("grouping_over_time.growing"),
    ]
    st.markdown(text("grouping_over_time.between").join(filter(None, [said, changed, *notes])))
    newest = sorted(course.changes, key=lambda change: -change.step)
    if newest:
        st.markdown("\n".join(f"- {plain(change_sentence(change))}" for change in newest[:MOST_CHANGES]))
    if len(newest) > MOST_CHANGES:
        st.caption(text("grouping_over_time.more_changes", count=len(newest) - MOST_CHANGES))
    with st.expander(text("grouping_over_time.table")):
        st.table(
            [
                {
                    text("keeping.step"): f"{each.step:,}",
                    text("keeping.lost"): f"{each.lost:.4g}",
                    text("keeping.back"): "–" if each.back is None else f"{each.back:.4g}",
                }
                for each in course.kept
            ]
        )
