"""Grouping: the best networks for the tasks that must be served, at every budget, and what is proved about them."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.components import live_chart
from app.components.editing import for_editors, may_edit
from app.components.glossary import explain
from app.components.kinds import no_affinity, of_networks
from app.components.observed import Observed
from app.components.runs import follow_run, interval, pick_run
from app.components.sharing import share
from app.components.solving import Search, end_search, frontier_for, searching
from app.components.status import say_waiting
from app.components.subject import Subject
from app.components.text import duration, plain
from app.views.grouping_conditions import choices, remember_shown
from app.views.grouping_frames import better, budget_to_show, card, frames_of, knee_of, value_title
from app.views.grouping_more import show_alternatives, show_explanation
from app.views.grouping_over_time import show_over_time
from app.views.grouping_problem import IN_ADDRESS, problem_for
from app.views.grouping_stability import Trust, show_stability
from app.views.grouping_what_if import show_conditions, show_what_if
from engine.grouping.export import MOST_BYTES, from_file, to_json
from engine.grouping.feasibility import refuse
from engine.grouping.problem import LOWER, GroupingProblem
from engine.grouping.solution import Solution
from engine.reports.words import certificate_in_words
from engine.texts import language, text


def show() -> None:
    """The page."""
    st.title(text("grouping.title"))
    explain("grouping.look")
    with st.expander(text("grouping.open"), icon=":material/upload_file:"):
        upload = st.file_uploader(
            text("grouping.file"),
            type="json",
            max_upload_size=MOST_BYTES // 2**20,
            key="grouping-file",
            **for_editors(text("grouping.file_help")),
        )
    if upload is not None and may_edit():
        end_search()
        _imported(upload.getvalue())
        return
    subject = pick_run()
    if not of_networks(subject.first):
        st.info(no_affinity(subject.first), icon=":material/info:")
        state.write_url("run")
        return
    if not subject.first.tasks:
        say_waiting(subject)
        return
    choices(subject.first)
    follow_run(subject.id, _frontier, searching)


def _frontier(subject: Subject, observed: Observed) -> None:
    run = subject.first
    above = st.container()  # filled once it is known which grouping is shown
    mean = observed.mean(*interval(observed.series))
    problem = problem_for(run, mean)
    budgets = problem.budgets()
    chosen = budget_to_show(budgets, [None] * len(budgets), state.get("budget"))
    solutions, search = frontier_for(problem, chosen)
    running = search is not None and search.running
    state.write_url(*IN_ADDRESS)
    if not running and not any(solutions):
        st.error(plain(_refusal(problem, budgets[-1])), icon=":material/error:")
        show_conditions(problem)
        return
    if search is not None:
        _say_search(search, chosen, solutions)
    offered = budget_to_show(budgets, solutions, state.get("budget"))
    budget = live_chart.frontier(
        frames_of(budgets, solutions, not running),
        key=f"frontier-{subject.id}",
        budget=offered,
        knee=knee_of(solutions),
        value_title=value_title(problem),
    )
    if budget != offered or solutions[budgets.index(budget)] is not None:  # else another may yet turn out to suffice
        state.put("budget", budget)
    state.write_url(*IN_ADDRESS)
    solution = solutions[budgets.index(budget)]
    with above:
        share(subject, observed, (mean.step_from, mean.step_to))
    if solution is not None:
        remember_shown(run, solution.networks)
        file_name = f"{subject.file_name}-budget-{budget:g}.json"
        what_if, below, table = _details(solution, subject.source(mean), file_name, running)
    elif not running:
        st.error(plain(_refusal(problem, budget)), icon=":material/error:")
        show_conditions(problem)
    if len(observed.series) > 1:
        updates = text("words.updates", count=mean.updates)
        st.caption(text("grouping.averaged", start=mean.step_from, stop=mean.step_to, updates=updates))
    left_out = [task for task in run.tasks if task not in problem.tasks]
    if left_out:
        st.caption(plain(text("grouping.left_out", tasks=text("words.comma").join(left_out))))
    if solution is None:
        return
    with what_if:
        show_what_if(subject, solution, steady=not running or subject.active)
    if running and not subject.active:
        _table(table, solution)
        st.caption(text("grouping.after_search"))
        return
    with below:
        asked = show_stability(subject, observed, mean, solution)
    show_over_time(subject, observed, mean, solution)
    if not running:
        show_alternatives(solution)
        show_explanation(solution)
    _table(table, solution, asked and asked().look())
    state.write_url(*IN_ADDRESS)  # again, as some is chosen below


def _say_search(search: Search, budget: float, solutions: list[Solution | None]) -> None:
    """How far the search is, and the way to end it or to go on."""
    proved = sum(solution is not None and solution.proved_optimal for solution in solutions)
    here = solutions[search.budgets.index(budget)]
    known = {"time": duration(search.seconds), "proved": proved, "all": len(solutions)}
    ended = "searching" if search.running else "searched"
    said, button = st.columns([4, 1], vertical_alignment="center")
    if here is None or here.proved_optimal:
        said.caption(text(f"grouping.{ended}", **known))
    else:
        said.caption(text(f"grouping.{ended}_gap", gap=100 * here.gap, budget=budget, **known))
    if search.running:
        button.button(
            text("grouping.stop"), icon=":material/stop:", key="stop-search", on_click=search.stop, width="stretch"
        )
    elif proved < sum(solution is not None for solution in solutions):
        button.button(
            text("grouping.go_on"),
            icon=":material/play_arrow:",
            key="go-on",
            on_click=search.go_on,
            args=(budget,),
            width="stretch",
            help=text("grouping.go_on_help", time=duration(2 * search.limit)),
        )


def _refusal(problem: GroupingProblem, budget: float) -> str:
    return _refused(problem, budget, language())


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={GroupingProblem: hash})
def _refused(problem: GroupingProblem, budget: float, of: str) -> str:
    try:
        return str(refuse(problem, budget))
    except ValueError:  # there is one, then
        return text("grouping.not_found", budget=budget)


def _imported(content: bytes) -> None:
    solution, source = from_file(content)
    live_chart.frontier(
        frames_of([solution.budget], [solution]),
        key="frontier-imported",
        budget=solution.budget,
        value_title=value_title(solution.problem),
    )
    *_, table = _details(solution, source, "grouping.json")
    came = text("words.comma").join(f"{key} {value}" for key, value in source.items())
    st.caption(plain(text("grouping.exported", source=came)))
    show_alternatives(solution)
    show_explanation(solution)
    _table(table, solution)


def _details(
    solution: Solution, source: dict, file_name: str, running: bool = False
) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Value, proof and file; returns the places below the value, for conditions and trust, and of the table."""
    problem = solution.problem
    direction = "less" if problem.direction == LOWER else "more"
    proof = (
        text("grouping.proved", rests_on=certificate_in_words(solution.certificate.rests_on))
        if solution.proved_optimal
        else text(f"grouping.no_{direction}", bound=problem.shown(solution.bound), gap=solution.gap)
    )
    said = text(
        "grouping.value" if problem.weights is None else "grouping.value_weighted",
        value=problem.shown(solution.value),
        count=len(problem.serving),
        better=better(problem),
        bound=problem.shown(solution.bound),
    )
    used = text(
        "grouping.used",
        cost=solution.cost,
        budget=solution.budget,
        solver=plain(solution.solver),
        time=duration(solution.seconds),
    )
    st.markdown(f"{said} {proof} {used}")
    what_if, below = st.container(), st.container()
    st.download_button(
        text("grouping.download"),
        "" if running else to_json(solution, source),
        file_name,
        "application/json",
        icon=":material/download:",
        type="primary",
        disabled=running,
        help=text("grouping.once_ended") if running else None,
    )
    return what_if, below, st.container()


def _table(place: DeltaGenerator, solution: Solution, trust: Trust | None = None) -> None:
    """The networks' cards as a table, with how often each was found again where that is known."""
    rows = []
    for number, network in enumerate(solution.networks, 1):
        shown = card(solution.problem, network)
        scores = dict(shown.serves)
        again = trust and trust.share_of(network.serves)
        for task in network.tasks:
            row = {
                text("grouping.network"): number,
                text("grouping.task"): plain(task),
                text("grouping.role"): text("grouping.served" if task in scores else "grouping.auxiliary"),
                text("grouping.score"): f"{scores[task]:.4g}" if task in scores else "",
                "SNT": f"{network.cost:g}",
            }
            if trust is not None:
                row[text("grouping.again")] = "–" if again is None else f"{100 * again:.0f} %"
            rows.append(row)
    with place.expander(text("grouping.table")):
        st.table(rows)
        if trust is not None:
            st.caption(text("grouping.again_help"))
