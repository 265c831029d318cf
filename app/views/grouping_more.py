"""What stands beside the best grouping: the next best ones, and what keeps two tasks together or apart."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components.guard import guarded
from app.components.text import plain
from app.views.grouping_frames import sets_of
from engine.grouping.alternatives import Explanation, alternatives, explain
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution

MOST = 10
SECONDS = 5.0  # for either
_SOLUTION = {Solution: lambda solution: (hash(solution.problem), solution.budget, solution.networks)}


def show_alternatives(solution: Solution) -> None:
    """The next best groupings, computed when the visitor opens them."""
    place = st.expander(
        "The next best groupings", icon=":material/format_list_numbered:", key="alternatives", on_change="rerun"
    )
    if place.open:
        with place:
            guarded(lambda: _alternatives(solution))()


def show_explanation(solution: Solution) -> None:
    """What two tasks' being together or apart is worth, once the visitor names two."""
    serving = solution.problem.serving
    if len(serving) < 2:
        return
    with st.expander("Why together, why apart", icon=":material/help_center:"):
        left, right = st.columns(2)
        one = _task(left, "One serving task", serving, "explain-one")
        other = _task(right, "Another serving task", serving, "explain-other")
        if one is None or other is None:
            st.caption("Choose two serving tasks to see what the grouping would lose if it were the other way round.")
        elif one == other:
            st.caption("Choose two different tasks.")
        else:
            guarded(lambda: _explanation(solution, one, other))()


def _alternatives(solution: Solution) -> None:
    problem = solution.problem
    found = _found(problem, solution.budget)
    best = found[0].value
    st.table(
        [
            {
                "": place,
                "value": f"{problem.shown(each.value):.6g}",
                "loss against the best": f"{best - each.value:.3g}{_share(best - each.value, best)}"
                if place > 1
                else "",
                "served together": plain(sets_of(each)),
            }
            for place, each in enumerate(found, 1)
        ]
    )
    note = "Two groupings differ if they serve different tasks together; each has its best networks."
    if len(found) == 1:
        note = f"No other one was found within {SECONDS:g} s, or there is none."
    if best > solution.value:
        note = f"The first is better than the grouping above, which is not proved. {note}"
    st.caption(note)


def _task(place: DeltaGenerator, label: str, serving: tuple[str, ...], key: str) -> str | None:
    return place.selectbox(label, serving, index=None, key=key, placeholder="Choose a task")


def _explanation(solution: Solution, one: str, other: str) -> None:
    found = _explained(solution, one, other)
    st.markdown(explanation_sentence(solution, one, other, found))
    if found.forced is not None:
        st.caption(plain(f"The grouping then: {sets_of(found.forced)}."))


def explanation_sentence(solution: Solution, one: str, other: str, found: Explanation) -> str:
    """An explanation in one sentence of Markdown."""
    now, else_ = ("together", "apart") if found.together else ("apart", "together")
    head = f"**{plain(one)}** and **{plain(other)}** are served {now}; "
    if found.forced is None:
        return f"{head}no grouping that serves them {else_} was found within the budget and the conditions."
    lost = -found.change
    if lost < 0:
        gained = f"**{-lost:.3g}**{_share(-lost, solution.value)}"
        return f"{head}kept {else_}, a grouping was found that is better by {gained}."
    if lost == 0:
        return f"{head}kept {else_}, the best grouping would lose nothing."
    sure = "would lose" if found.forced.proved_optimal else "would lose at most"
    return f"{head}kept {else_}, the best grouping {sure} **{lost:.3g}**{_share(lost, solution.value)}."


def _share(part: float, whole: float) -> str:
    return f" ({100 * part / abs(whole):.2g} %)" if whole else ""


@st.cache_resource(
    show_spinner="Looking for the next best groupings …", max_entries=64, hash_funcs={GroupingProblem: hash}
)
def _found(problem: GroupingProblem, budget: float) -> list[Solution]:
    return alternatives(problem, budget, MOST, time_limit=SECONDS)


@st.cache_resource(show_spinner="Solving it the other way round …", max_entries=64, hash_funcs=_SOLUTION)
def _explained(solution: Solution, one: str, other: str) -> Explanation:
    return explain(solution, one, other, SECONDS)
