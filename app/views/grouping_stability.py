"""How far the grouping on the Grouping page can be trusted: by the noise of the affinities it was chosen by."""

import math

import streamlit as st

from app import state
from app.components import live_chart
from app.components.observed import Observed, share
from app.components.subject import Subject
from app.components.text import plain
from engine.affinity.series import IntervalMean
from engine.affinity.uncertainty import RELIABLE
from engine.charts.together import together_heatmap
from engine.grouping.solution import Solution
from engine.grouping.stability import Stability, stability

REPLICATES = 200
MOST_SERVING = 40  # with more, too few replicates are solved within the two seconds
ROBUST = {"spread": "Mean − spread", "tenth": "Lowest tenth"}
TENTH = 0.1


def show_stability(subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution) -> Stability | None:
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
        return None
    if len(solution.problem.serving) > MOST_SERVING:
        if math.isfinite(reliability):
            st.caption(f"How stable the grouping is can be shown for up to {MOST_SERVING} serving tasks.")
        return None
    objective = st.session_state.get("pick-robust") or state.get("robust")
    found = _stable(solution, observed, mean.step_from, mean.step_to, objective)
    if found is None:
        return None
    drawn = "seeds and windows" if observed.group else "windows"
    low, high = found.interval
    searched = "" if found.exact else " The replicates' best groupings were searched, not proved."
    st.markdown(
        f"With the noise of the affinities: **{solution.value:.4g} ± {found.value_error:.2g}**, 90 % of the replicates "
        f"between {low:.4g} and {high:.4g}. The same grouping is best in **{round(100 * found.chosen_again)} %** of "
        f"{found.replicates} bootstrap replicates; expected regret **{found.regret:.2g}**.{searched}",
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
    _robust(solution, found.robust)
    return found


def _robust(solution: Solution, robust: Solution) -> None:
    """Which grouping stands the noise best, by an objective of the visitor's choice."""
    other = {frozenset(each.serves) for each in robust.networks} != {
        frozenset(each.serves) for each in solution.networks
    }
    with st.expander("The most robust grouping", icon=":material/shield:"):
        chosen = st.selectbox(
            "Robust objective",
            list(ROBUST),
            index=list(ROBUST).index(state.get("robust")),
            format_func=ROBUST.__getitem__,
            key="pick-robust",
            help="What a grouping is worth over the replicates: the mean less one standard deviation, or the value "
            "that only a tenth of the replicates fall below. Compared are this grouping and those that were best in "
            "some replicate.",
        )
        state.put("robust", chosen)
        if not other:
            st.markdown("The grouping above is the most robust one too.")
            return
        lost = solution.value - robust.value
        st.markdown(
            f"Another grouping is more robust, and worth **{robust.value:.4g}** by the affinities as observed, "
            f"{lost:.2g} less than the one above. Its networks:"
        )
        st.table(
            [
                {
                    "network": number,
                    "serves": plain(", ".join(network.serves)),
                    "auxiliaries": plain(", ".join(task for task in network.tasks if task not in network.serves)),
                    "SNT": f"{network.cost:g}",
                }
                for number, network in enumerate(robust.networks, 1)
            ]
        )


@st.cache_resource(
    show_spinner=False,
    max_entries=64,
    hash_funcs={
        Observed: lambda observed: observed.state,
        Solution: lambda solution: (hash(solution.problem), solution.budget, solution.networks),
    },
)
def _stable(solution: Solution, observed: Observed, step_from: int, step_to: int, objective: str) -> Stability | None:
    """The solution's stability; ``None`` with too few windows."""
    replicates = observed.replicates(step_from, step_to, REPLICATES)
    if replicates is None:
        return None
    kept = [observed.series.tasks.index(task) for task in solution.problem.tasks]
    quantile = TENTH if objective == "tenth" else None
    return stability(solution, replicates[:, kept][:, :, kept], quantile=quantile)
