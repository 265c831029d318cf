"""Grouping: the best networks for the tasks that must be served, at every budget, and what is proved about them."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.components import live_chart
from app.components.editing import for_editors, may_edit
from app.components.kinds import NO_AFFINITY, kind, of_networks
from app.components.observed import Observed
from app.components.runs import follow_run, interval, pick_run
from app.components.solving import Search, end_search, frontier_for, searching
from app.components.status import say_waiting
from app.components.subject import Subject
from app.components.text import duration, plain
from app.views.grouping_conditions import choices, remember_shown
from app.views.grouping_frames import better, budget_to_show, card, frames_of, knee_of, value_title
from app.views.grouping_more import show_alternatives, show_explanation
from app.views.grouping_problem import IN_ADDRESS, problem_for
from app.views.grouping_stability import show_stability
from engine.errors import KindredError
from engine.grouping.export import MOST_BYTES, from_file, to_json
from engine.grouping.feasibility import refuse
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.grouping.stability import Stability


def show() -> None:
    """The page."""
    st.title("Grouping")
    st.caption(
        "Which tasks should share a network? Choose the tasks that must be **served**, then drag the **budget**: how "
        "many full-size networks you can afford to run (1 SNT, standard network time, each)."
    )
    with st.expander("Open a grouping file", icon=":material/upload_file:"):
        upload = st.file_uploader(
            "Grouping file",
            type="json",
            max_upload_size=MOST_BYTES // 2**20,
            **for_editors("A file that was downloaded from this page."),
        )
    if upload is not None and may_edit():
        end_search()
        _imported(upload.getvalue())
        return
    subject = pick_run()
    if not of_networks(subject.first):
        st.info(NO_AFFINITY[kind(subject.first)], icon=":material/info:")
        state.write_url("run")
        return
    if not subject.first.tasks:
        say_waiting(subject)
        return
    choices(subject.first)
    follow_run(subject.id, _frontier, searching)


def _frontier(subject: Subject, observed: Observed) -> None:
    run = subject.first
    mean = observed.mean(*interval(observed.series))
    problem = problem_for(run, mean)
    budgets = problem.budgets()
    chosen = budget_to_show(budgets, [None] * len(budgets), state.get("budget"))
    solutions, search = frontier_for(problem, chosen)
    running = search is not None and search.running
    state.write_url(*IN_ADDRESS)
    if not running and not any(solutions):
        raise KindredError(_refusal(problem, budgets[-1]))
    if search is not None:
        _say_search(search, chosen, solutions)
    offered = budget_to_show(budgets, solutions, state.get("budget"))
    budget = live_chart.frontier(
        frames_of(budgets, solutions, not running),
        key=f"frontier-{subject.id}",
        budget=offered,
        knee=knee_of(solutions),
    )
    if budget != offered or solutions[budgets.index(budget)] is not None:  # else another may yet turn out to suffice
        state.put("budget", budget)
    state.write_url(*IN_ADDRESS)
    solution = solutions[budgets.index(budget)]
    if solution is not None:
        remember_shown(run, solution.networks)
        below, table = _details(solution, subject.source(mean), f"{subject.file_name}-budget-{budget:g}.json", running)
    elif not running:
        st.error(plain(_refusal(problem, budget)), icon=":material/error:")
    if len(observed.series) > 1:
        st.caption(
            f"Affinities averaged over steps {mean.step_from} to {mean.step_to} ({mean.updates} updates); choose "
            "another interval with the slider of the Affinity page."
        )
    left_out = [task for task in run.tasks if task not in problem.tasks]
    if left_out:
        st.caption(plain(f"Left out, as they were never observed together with all others: {', '.join(left_out)}."))
    if solution is None:
        return
    if running:
        _table(table, solution)
        st.caption("How far it can be trusted, and what comes next to it, is shown once the search has ended.")
        return
    show_alternatives(solution)
    show_explanation(solution)
    with below:  # last, as it takes up to two seconds
        stability = show_stability(subject, observed, mean, solution)
    _table(table, solution, stability)
    state.write_url(*IN_ADDRESS)  # again, as the robust objective is chosen below


def _say_search(search: Search, budget: float, solutions: list[Solution | None]) -> None:
    """How far the search is, and the way to end it or to go on."""
    proved = sum(solution is not None and solution.proved_optimal for solution in solutions)
    here = solutions[search.budgets.index(budget)]
    gap = "" if here is None or here.proved_optimal else f"; gap {100 * here.gap:.2g} % at {budget:g} SNT"
    far = f"{duration(search.seconds)}: {proved} of {len(solutions)} budgets proved optimal{gap}."
    said, button = st.columns([4, 1], vertical_alignment="center")
    if search.running:
        said.caption(f":material/search: Searching for {far}")
        button.button("Stop", icon=":material/stop:", key="stop-search", on_click=search.stop, width="stretch")
        return
    said.caption(f":material/flag: Searched for {far}")
    if proved < sum(solution is not None for solution in solutions):
        button.button(
            "Go on",
            icon=":material/play_arrow:",
            key="go-on",
            on_click=search.go_on,
            args=(budget,),
            width="stretch",
            help=f"Search on, for {duration(2 * search.limit)} at most, first for the budget that is shown.",
        )


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={GroupingProblem: hash})
def _refusal(problem: GroupingProblem, budget: float) -> str:
    try:
        return str(refuse(problem, budget))
    except ValueError:  # there is one, then
        return f"No grouping was found within {budget:g} SNT, though there is one; search on, or raise the budget."


def _imported(content: bytes) -> None:
    solution, source = from_file(content)
    live_chart.frontier(
        frames_of([solution.budget], [solution]),
        key="frontier-imported",
        budget=solution.budget,
        value_title=value_title(solution.problem),
    )
    _, table = _details(solution, source, "grouping.json")
    came = ", ".join(f"{key} {value}" for key, value in source.items())
    st.caption(plain(f"Shown as exported. Source: {came}. Remove the file above to return to the runs."))
    show_alternatives(solution)
    show_explanation(solution)
    _table(table, solution)


def _details(
    solution: Solution, source: dict, file_name: str, running: bool = False
) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Value, proof and file; returns the places below the value, for what is known of its error, and of the table."""
    problem = solution.problem
    proof = (
        f"**Proved optimal**: {solution.certificate.rests_on}."
        if solution.proved_optimal
        else f"Not proved: no grouping is worth {_beyond(solution)}, a gap of {solution.gap:.2%}."
    )
    mean = "mean" if problem.weights is None else "weighted mean"
    st.markdown(
        f"Value **{problem.shown(solution.value):.6g}** ({mean} over {len(problem.serving)} serving tasks; "
        f"{better(problem)}), bound {problem.shown(solution.bound):.6g}. {proof} Uses {solution.cost:g} of "
        f"{solution.budget:g} SNT. Solved by {plain(solution.solver)} in {duration(solution.seconds)}."
    )
    below = st.container()
    st.download_button(
        "Download the grouping (JSON)",
        "" if running else to_json(solution, source),
        file_name,
        "application/json",
        icon=":material/download:",
        type="primary",
        disabled=running,
        help="Once the search has ended or is stopped." if running else None,
    )
    return below, st.container()


def _beyond(solution: Solution) -> str:
    word = "less" if solution.problem.shown(1.0) < 0 else "more"
    return f"{word} than {solution.problem.shown(solution.bound):.6g}"


def _table(place: DeltaGenerator, solution: Solution, stability: Stability | None = None) -> None:
    """The networks' cards as a table, with how often each was found again where that is known."""
    rows = []
    for number, network in enumerate(solution.networks, 1):
        shown = card(solution.problem, network)
        scores = dict(shown.serves)
        for task in network.tasks:
            row = {
                "network": number,
                "task": plain(task),
                "role": "served" if task in scores else "auxiliary",
                "predicted score": f"{scores[task]:.4g}" if task in scores else "",
                "SNT": f"{network.cost:g}",
            }
            if stability is not None:
                row["in replicates"] = f"{100 * stability.networks[number - 1]:.0f} %"
            rows.append(row)
    with place.expander("The same as a table"):
        st.table(rows)
        if stability is not None:
            st.caption(
                "In replicates: the share of replicates of the affinities in whose best grouping some network serves "
                "exactly the same tasks."
            )
