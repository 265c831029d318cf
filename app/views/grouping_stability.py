"""How far the grouping on the Grouping page can be trusted: by the noise of the affinities it was chosen by."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import streamlit as st

from app import state
from app.components import live_chart
from app.components.observed import Observed, share
from app.components.subject import Subject
from app.components.text import plain
from app.components.working import Work, apart_from_affinities, ask, follow_work
from engine.affinity.series import MIN_BATCHES, IntervalMean
from engine.affinity.uncertainty import RELIABLE
from engine.charts.keeping import named
from engine.charts.together import together_heatmap
from engine.grouping.over_time import served_sets
from engine.grouping.solution import Solution
from engine.grouping.stability import Stability, growing_stability
from engine.texts import text

REPLICATES = 200
SECONDS = 6.0  # in which fewer are solved where tasks are many
MOST_SERVING = 100
ROBUST = ("spread", "tenth")
TENTH = 0.1


@dataclass(frozen=True, eq=False)
class Trust:
    """What replicates make of a grouping.

    Attributes:
        solution: the grouping, which the run may have left behind since.
        step: up to which its affinities were observed.
        found: what is known by now.
    """

    solution: Solution
    step: int
    found: Stability

    def share_of(self, serves: tuple[str, ...]) -> float | None:
        """In which share of replicates a network comes out that serves these tasks; ``None`` of another grouping's."""
        known = zip(self.solution.networks, self.found.networks, strict=True)
        return next((again for network, again in known if set(network.serves) == set(serves)), None)


def trust_in(
    subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution
) -> Callable[[], Work[Trust]] | None:
    """Asks what replicates make of the grouping; ``None`` where that cannot be known."""
    first, last = observed.series.windows_between(mean.step_from, mean.step_to)
    if last - first < MIN_BATCHES or len(solution.problem.serving) > MOST_SERVING:
        return None
    objective = st.session_state.get("pick-robust") or state.get("robust")
    key = ("stability", subject.id, apart_from_affinities(solution.problem), solution.budget, objective)
    key += (mean.step_from, state.get("interval"))
    now = (observed.state, mean.step_to, solution.networks)

    def answers() -> Iterator[Trust]:
        replicates = observed.replicates(mean.step_from, mean.step_to, REPLICATES)
        kept = [observed.series.tasks.index(task) for task in solution.problem.tasks]
        quantile = TENTH if objective == "tenth" else None
        part = replicates[:, kept][:, :, kept]
        for found in growing_stability(solution, part, SECONDS, quantile=quantile):
            yield Trust(solution, mean.step_to, found)

    return lambda: ask(key, now, answers, moving=subject.active)


def show_stability(
    subject: Subject, observed: Observed, mean: IntervalMean, solution: Solution
) -> Callable[[], Work[Trust]] | None:
    """A warning where the affinities are not reliable, and what replicates of them make of the grouping, ever more of
    them while the page can be used; gives what asks for it."""
    reliability = observed.reliability(mean.step_from, mean.step_to)
    if reliability < RELIABLE:
        known = {"reliability": share(reliability), "enough": share(RELIABLE)}
        st.warning(text("grouping_stability.unreliable", **known), icon=":material/hourglass_bottom:")
    asked = trust_in(subject, observed, mean, solution)
    if asked is None:
        if len(solution.problem.serving) > MOST_SERVING and math.isfinite(reliability):
            st.caption(text("grouping_stability.too_many", most=MOST_SERVING))
        elif subject.active and len(observed.series) > 1:
            st.caption(text("grouping_stability.too_few", windows=MIN_BATCHES))
        return None

    def draw(trust: Trust | None, done: bool) -> None:
        if trust is None:
            st.caption(text("grouping_stability.begins", replicates=REPLICATES))
            return
        _in_words(trust, observed, done, current=trust.step == mean.step_to)
        place = st.expander(
            text("grouping_stability.pairs"), icon=":material/grid_on:", key="together", on_change="rerun"
        )
        if place.open:
            with place:
                _pairs(trust, subject)
        _robust(trust.solution, trust.found.robust)

    follow_work(asked, draw)
    return asked


def _in_words(trust: Trust, observed: Observed, done: bool, current: bool) -> None:
    solution, found = trust.solution, trust.found
    low, high = found.interval
    drawn = text("grouping_stability.drawn_seeds" if observed.group else "grouping_stability.drawn_windows")
    said = text(
        "grouping_stability.said",
        value=solution.value,
        error=found.value_error,
        low=low,
        high=high,
        percent=round(100 * found.chosen_again),
        replicates=found.replicates,
        regret=found.regret,
    )
    notes = [
        "" if found.exact else text("grouping_stability.searched"),
        "" if current else text("grouping_stability.as_of", step=trust.step),
        "" if done else text("grouping_stability.growing", count=found.replicates, all=REPLICATES),
    ]
    sentences = text("grouping_stability.between").join(filter(None, [said, *notes]))
    st.markdown(sentences, help=text("grouping_stability.help", drawn=drawn))


def _pairs(trust: Trust, subject: Subject) -> None:
    networks = [network.serves for network in trust.solution.networks]
    live_chart.plain(
        together_heatmap(trust.solution.problem.serving, trust.found.together, networks),
        key=f"together-{subject.id}",
        label=text("together.label"),
    )
    st.caption(text("grouping_stability.pairs_caption", count=trust.found.replicates))
    st.table(
        [
            {
                text("grouping_stability.serves"): plain(named(serves, 12)),
                text("grouping_stability.comes_out"): f"{100 * again:.0f} %",
            }
            for serves, again in zip(networks, trust.found.networks, strict=True)
        ]
    )


def _robust(solution: Solution, robust: Solution) -> None:
    """Which grouping stands the noise best, by an objective of the visitor's choice."""
    with st.expander(text("grouping_stability.robust"), icon=":material/shield:"):
        chosen = st.selectbox(
            text("grouping_stability.objective"),
            ROBUST,
            index=ROBUST.index(state.get("robust")),
            format_func=lambda name: text(f"grouping_stability.{name}"),
            key="pick-robust",
            help=text("grouping_stability.objective_help"),
        )
        state.put("robust", chosen)
        if served_sets(robust) == served_sets(solution):
            st.markdown(text("grouping_stability.robust_too"))
            return
        lost = solution.value - robust.value
        st.markdown(text("grouping_stability.more_robust", value=robust.value, lost=lost))
        st.table(
            [
                {
                    text("grouping_stability.network"): number,
                    text("grouping_stability.serves"): plain(text("words.comma").join(network.serves)),
                    text("grouping_stability.auxiliaries"): plain(
                        text("words.comma").join(task for task in network.tasks if task not in network.serves)
                    ),
                    "SNT": f"{network.cost:g}",
                }
                for number, network in enumerate(robust.networks, 1)
            ]
        )
