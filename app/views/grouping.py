"""Grouping: the provably best networks for the tasks that must be served, at every budget."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.charts.frontier import FrontierFrame, NetworkCard
from app.components import live_chart
from app.components.observed import Observed
from app.components.runs import follow_run, interval, pick_run
from app.components.status import say_waiting
from app.components.subject import Subject
from app.components.text import duration, plain
from app.views.grouping_stability import show_stability
from engine.errors import KindredError
from engine.grouping.exact_subsets import MOST_SERVING, solve_all_budgets
from engine.grouping.export import from_file, to_json
from engine.grouping.observed import observed_part
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.runs.run import Run

_AGGREGATES = {"mean": "Mean of the others' affinities", "sum": "Sum of the others' affinities"}
_SINGLETONS = {
    "forbid": "Not allowed",
    "diagonal": "Its self-affinity",
    "0": "Zero",
    "number": "A number",
}


def show() -> None:
    """The page."""
    st.title("Grouping")
    st.caption(
        "Which tasks should share a network? Choose the tasks that must be **served**, then drag the **budget**: how "
        "many full-size networks you can afford to run (1 SNT, standard network time, each)."
    )
    with st.expander("Open a grouping file", icon=":material/upload_file:"):
        upload = st.file_uploader("Grouping file", type="json", help="A file that was downloaded from this page.")
    if upload is not None:
        _imported(upload.getvalue())
        return
    subject = pick_run()
    if not subject.first.tasks:
        say_waiting(subject)
        return
    _choices(subject.first)
    follow_run(subject.id, _frontier)


def _choices(run: Run) -> None:
    serving = _serving(run)
    state.put("serve", None if serving == _served_by_default(run) else serving)
    aggregate, singleton, number = st.columns([2, 2, 1], vertical_alignment="bottom")
    state.put(
        "aggregate",
        aggregate.selectbox(
            "Score of a served task",
            list(_AGGREGATES),
            format_func=_AGGREGATES.__getitem__,
            index=list(_AGGREGATES).index(state.get("aggregate")),
            key="pick-aggregate",
            help="What a task is predicted to gain from the other members of the network that serves it.",
        ),
    )
    rule = state.get("singleton")
    known = rule if rule in _SINGLETONS else "number"
    chosen = singleton.selectbox(
        "Score of a task alone in its network",
        list(_SINGLETONS),
        format_func=_SINGLETONS.__getitem__,
        index=list(_SINGLETONS).index(known),
        key="pick-singleton",
        help="The paper allows no network of one task, as an affinity says nothing about it.",
    )
    if chosen == "number":
        value = number.number_input("Score", value=_number(rule), format="%g", key="pick-score")
        chosen = repr(float(value))
    state.put("singleton", chosen)


def _number(rule: str) -> float:
    try:
        return float(rule)
    except ValueError:
        return 0.0


def _serving(run: Run) -> tuple[str, ...]:
    """The chips; all tasks, or as many as the solver takes, until the visitor chooses."""
    wanted = state.get("serve")
    wanted = _served_by_default(run) if wanted is None else wanted
    unknown = [task for task in wanted if task not in run.tasks]
    if unknown:
        st.error(
            f"{plain(repr(unknown[0]))} is no task of this run, so it cannot be served; the address named it. "
            "Choose among the tasks below.",
            icon=":material/error:",
        )
    chosen = st.pills(
        "Serving tasks",
        run.tasks,
        selection_mode="multi",
        default=[task for task in wanted if task in run.tasks],
        format_func=plain,
        key=f"serve-{run.id}",
        help=f"Tasks whose predictions you need, up to {MOST_SERVING}; the others may still be trained along.",
    )
    return tuple(task for task in run.tasks if task in chosen)


def _served_by_default(run: Run) -> tuple[str, ...]:
    """All tasks, or the first ones that the exact solver can serve."""
    return run.tasks[:MOST_SERVING]


def _frontier(subject: Subject, observed: Observed) -> None:
    run = subject.first
    serving = state.get("serve")
    serving = _served_by_default(run) if serving is None else serving
    if not serving:
        raise KindredError("No task is served; choose at least one serving task above.")
    mean = observed.mean(*interval(observed.series))
    rule = state.get("singleton")
    tasks, affinity = observed_part(run.tasks, mean.affinity, serving)
    problem = GroupingProblem(
        tasks,
        affinity,
        serving,
        state.get("aggregate"),
        rule if rule in ("forbid", "diagonal") else float(rule),
    )
    solutions = _solved(problem)
    budget = live_chart.frontier(
        [_frame(solution) for solution in solutions],
        key=f"frontier-{subject.id}",
        budget=min(max(state.get("budget") or 3, 1), len(solutions)),
    )
    state.put("budget", budget)
    state.write_url("run", "interval", "serve", "aggregate", "singleton", "budget")
    sure = _details(solutions[budget - 1], subject.source(mean), f"{subject.file_name}-budget-{budget}.json")
    if len(observed.series) > 1:
        st.caption(
            f"Affinities averaged over steps {mean.step_from} to {mean.step_to} ({mean.updates} updates); choose "
            "another interval with the slider of the Affinity page."
        )
    left_out = [task for task in run.tasks if task not in tasks]
    if left_out:
        st.caption(plain(f"Left out, as they were never observed together with all others: {', '.join(left_out)}."))
    with sure:  # last, as it takes up to two seconds
        show_stability(subject, observed, mean, solutions[budget - 1])


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={GroupingProblem: hash})
def _solved(problem: GroupingProblem) -> list[Solution]:
    return solve_all_budgets(problem)


def _imported(content: bytes) -> None:
    solution, source = from_file(content)
    live_chart.frontier([_frame(solution)], key="frontier-imported", budget=solution.budget)
    _details(solution, source, "grouping.json")
    came = ", ".join(f"{key} {value}" for key, value in source.items())
    st.caption(plain(f"Shown as exported. Source: {came}. Remove the file above to return to the runs."))


def _frame(solution: Solution) -> FrontierFrame:
    return FrontierFrame(
        budget=solution.budget,
        value=solution.value,
        proved=solution.proved_optimal,
        gap=solution.gap,
        networks=tuple(
            NetworkCard(
                cost=network.cost,
                serves=tuple((task, solution.problem.score(task, network.tasks)) for task in network.serves),
                auxiliary=tuple(task for task in network.tasks if task not in network.serves),
            )
            for network in solution.networks
        ),
    )


def _details(solution: Solution, source: dict, file_name: str) -> DeltaGenerator:
    """Value, proof, file and table; returns the place below the value, for what is known of its error."""
    used = sum(network.cost for network in solution.networks)
    proof = (
        f"**Proved optimal**: {solution.certificate.rests_on}."
        if solution.proved_optimal
        else f"Not proved: no grouping is worth more than {solution.bound:.6g}, a gap of {solution.gap:.2%}."
    )
    st.markdown(
        f"Value **{solution.value:.6g}** (mean over {len(solution.problem.serving)} serving tasks; higher is better), "
        f"bound {solution.bound:.6g}. {proof} Uses {used:g} of {solution.budget} SNT. "
        f"Solved by {plain(solution.solver)} in {duration(solution.seconds)}."
    )
    below = st.container()
    st.download_button(
        "Download the grouping (JSON)",
        to_json(solution, source),
        file_name,
        "application/json",
        icon=":material/download:",
        type="primary",
    )
    with st.expander("The same as a table"):
        rows = [
            {
                "network": number,
                "task": plain(task),
                "role": "served" if task in network.serves else "auxiliary",
                "predicted score": f"{solution.problem.score(task, network.tasks):.4g}"
                if task in network.serves
                else "",
            }
            for number, network in enumerate(solution.networks, 1)
            for task in network.tasks
        ]
        st.table(rows)
    return below
