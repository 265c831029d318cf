"""What stands beside the best grouping: the next best ones, and what keeps two tasks together or apart."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components.guard import guarded
from app.components.text import plain
from app.views.grouping_frames import sets_of
from engine.grouping.alternatives import Explanation, alternatives, explain
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.texts import text

MOST = 10
SECONDS = 5.0  # for either
_SOLUTION = {Solution: lambda solution: (hash(solution.problem), solution.budget, solution.networks)}


def show_alternatives(solution: Solution) -> None:
    """The next best groupings, computed when the visitor opens them."""
    title = text("grouping_more.alternatives")
    place = st.expander(title, icon=":material/format_list_numbered:", key="alternatives", on_change="rerun")
    if place.open:
        with place:
            guarded(lambda: _alternatives(solution))()


def show_explanation(solution: Solution) -> None:
    """What two tasks' being together or apart is worth, once the visitor names two."""
    serving = solution.problem.serving
    if len(serving) < 2:
        return
    with st.expander(text("grouping_more.why"), icon=":material/help_center:"):
        left, right = st.columns(2)
        one = _task(left, text("grouping_more.one"), serving, "explain-one")
        other = _task(right, text("grouping_more.other"), serving, "explain-other")
        if one is None or other is None:
            st.caption(text("grouping_more.choose_two"))
        elif one == other:
            st.caption(text("grouping_more.different"))
        else:
            guarded(lambda: _explanation(solution, one, other))()


def _alternatives(solution: Solution) -> None:
    problem = solution.problem
    with st.spinner(text("grouping_more.looking")):
        found = _found(problem, solution.budget)
    best = found[0].value
    st.table(
        [
            {
                "": place,
                text("grouping_more.value"): f"{problem.shown(each.value):.6g}",
                text("grouping_more.loss"): f"{best - each.value:.3g}{_share(best - each.value, best)}"
                if place > 1
                else "",
                text("grouping_more.together"): plain(sets_of(each)),
            }
            for place, each in enumerate(found, 1)
        ]
    )
    note = text("grouping_more.only", seconds=SECONDS) if len(found) == 1 else text("grouping_more.differ")
    if best > solution.value:
        note = f"{text('grouping_more.better')} {note}"
    st.caption(note)


def _task(place: DeltaGenerator, label: str, serving: tuple[str, ...], key: str) -> str | None:
    return place.selectbox(label, serving, index=None, key=key, placeholder=text("grouping_more.choose"))


def _explanation(solution: Solution, one: str, other: str) -> None:
    with st.spinner(text("grouping_more.solving")):
        found = _explained(solution, one, other)
    st.markdown(explanation_sentence(solution, one, other, found))
    if found.forced is not None:
        st.caption(plain(text("grouping_more.then", sets=sets_of(found.forced))))


def explanation_sentence(solution: Solution, one: str, other: str, found: Explanation) -> str:
    """An explanation in one sentence of Markdown."""
    now = "together" if found.together else "apart"
    pair = {"one": plain(one), "other": plain(other)}
    if found.forced is None:
        return text(f"grouping_more.{now}_always", **pair)
    lost = -found.change
    if lost == 0:
        return text(f"grouping_more.{now}_nothing", **pair)
    much = {"lost": f"{abs(lost):.3g}", "share": _share(abs(lost), solution.value)}
    if lost < 0:
        return text(f"grouping_more.{now}_better", **pair, **much)
    return text(f"grouping_more.{now}_{'loses' if found.forced.proved_optimal else 'may_lose'}", **pair, **much)


def _share(part: float, whole: float) -> str:
    return text("grouping_more.percent", percent=100 * part / abs(whole)) if whole else ""


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={GroupingProblem: hash})
def _found(problem: GroupingProblem, budget: float) -> list[Solution]:
    return alternatives(problem, budget, MOST, time_limit=SECONDS)


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_SOLUTION)
def _explained(solution: Solution, one: str, other: str) -> Explanation:
    return explain(solution, one, other, SECONDS)
