"""How far the grouping on the Grouping page can be trusted: by the noise of the affinities it was chosen by."""

import math

import streamlit as st

from app.charts.together import together_heatmap
from app.components import live_chart
from app.components.observed import Observed, share
from app.components.subject import Subject
from engine.affinity.series import IntervalMean
from engine.affinity.uncertainty import RELIABLE
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.grouping.stability import Stability, stability

REPLICATES = 200
MOST_SERVING = 12  # with more, too few replicates are solved within the two seconds


def show_stability(subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution) -> None:
    """A warning where the affinities are not reliable, and what replicates of them make of the grouping."""
    reliability = observed.reliability(mean.step_from, mean.step_to)
    if reliability < RELIABLE:
        st.warning(
            f"The affinities of this interval have a reliability of {share(reliability)}, below the {share(RELIABLE)} "
            "that is enough to group by: with other batches the best grouping may be another. Observe longer, or "
            "choose a longer interval on the Affinity page.",
            icon=":material/hourglass_bottom:",
        )
    if subject.active:
        if len(observed.series) > 1:
            st.caption("How stable the grouping is will be shown here once nothing is observed any more.")
        return
    if len(solution.problem.serving) > MOST_SERVING:
        if math.isfinite(reliability):
            st.caption(f"How stable the grouping is can be shown for up to {MOST_SERVING} serving tasks.")
        return
    found = _stable(solution.problem, solution.budget, solution, observed, mean.step_from, mean.step_to)
    if found is None:
        return
    drawn = "seeds and windows" if observed.group else "windows"
    st.markdown(
        f"With the noise of the affinities: **{solution.value:.4g} ± {found.value_error:.2g}**. The same grouping is "
        f"best in **{round(100 * found.chosen_again)} %** of {found.replicates} bootstrap replicates; expected regret "
        f"**{found.regret:.2g}**.",
        help=f"Each replicate draws {drawn} of the interval with replacement, and its best grouping is found anew. "
        "Regret: how much more that one is worth there than this grouping, on average. It measures the noise of the "
        "affinities only, not whether affinities predict what trained networks score.",
    )
    with st.expander("Which tasks stay together"):
        live_chart.plain(
            together_heatmap(solution.problem.serving, found.together),
            key=f"together-{subject.id}",
            label="Share of replicates in whose best grouping two tasks are served by one network",
        )
        st.caption("The share of replicates in whose best grouping two tasks are served by one network.")


@st.cache_resource(
    show_spinner=False,
    max_entries=64,
    hash_funcs={GroupingProblem: hash, Observed: lambda observed: observed.state, Solution: lambda solution: None},
)
def _stable(
    problem: GroupingProblem, budget: int, solution: Solution, observed: Observed, step_from: int, step_to: int
) -> Stability | None:
    """The solution's stability; ``None`` with too few windows. Problem and budget tell one solution from another."""
    replicates = observed.replicates(step_from, step_to, REPLICATES)
    if replicates is None:
        return None
    kept = [observed.series.tasks.index(task) for task in problem.tasks]
    return stability(solution, replicates[:, kept][:, :, kept])
