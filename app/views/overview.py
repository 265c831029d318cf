"""Overview: matrix, graph, losses and the best grouping of a run, under one slider and with one selection."""

import plotly.graph_objects as go
import streamlit as st

from app import state
from app.components.course import course_in
from app.components.glossary import explain
from app.components.kinds import of_networks
from app.components.live_chart import ARROWS_A_TASK
from app.components.live_chart.linked import Groupings, LinkedResult, linked
from app.components.observed import Observed
from app.components.readings import pick_reading, say_unknown
from app.components.reliability import say_reliability
from app.components.runs import follow_run, interval, pick_run, readings_of
from app.components.scale import order_of, pick_order, pick_scale, pick_unsure, places_of
from app.components.sharing import share
from app.components.subject import Subject
from app.components.text import plain
from app.views.grouping_frames import budget_to_show
from app.views.grouping_problem import IN_ADDRESS
from app.views.overview_moments import frames_at, known_marks, moments_of, problems_at, working
from engine.charts.losses import loss_lines
from engine.charts.quantity import AFFINITY, quantity_of
from engine.errors import KindredError
from engine.grouping.over_time import Moment
from engine.texts import text

_SHOWN = ("reading", "mode", "order", "scale", "unsure", "threshold", "top", "pair", "node", "group")
_WAYS_ON = {"affinity": ":material/grid_on:", "graph": ":material/hub:", "grouping": ":material/workspaces:"}


def show() -> None:
    """The page."""
    st.title(text("overview.title"))
    explain("overview.look")
    subject = pick_run()
    reading = pick_reading(subject)
    order, scale, switch = st.columns([1.2, 2, 1], vertical_alignment="bottom")
    with order:
        pick_order()
    with scale:
        pick_scale(text("overview.scale"))
    with switch:
        if quantity_of(reading).noisy or subject.several:
            pick_unsure("hatched")
    began = working()

    def draw(subject: Subject, observed: Observed) -> None:
        if not _linked(subject, observed) and not began:
            st.rerun()  # from now on the page looks again by itself

    follow_run(subject.id, draw, working, reading=reading, offered=readings_of(subject))
    _ways_on()


def _linked(subject: Subject, observed: Observed) -> bool:
    """All of it; whether the groupings are known, as far as they will be."""
    above = st.container(horizontal=True, vertical_alignment="center")  # filled once it is known what is shown
    groupings, moments, ended = _groupings(subject, observed)
    shown = linked(
        observed.series,
        key=f"linked-{subject.id}-{observed.reading}",
        positions=places_of(subject, observed),
        interval=interval(observed.series),
        mode=state.get("mode"),
        order=order_of(subject, observed),
        scale=state.get("scale"),
        threshold=state.get("threshold"),
        top=state.get("top"),
        pair=state.get("pair"),
        node=state.get("node"),
        group=state.get("group"),
        seeds=observed.seeds,
        mark_unsure=state.get("unsure"),
        quantity=observed.quantity,
        losses=_losses(subject),
        groupings=groupings,
        marks=known_marks(subject, observed) if ended else (),
    )
    for name in ("interval", "mode", "threshold", "pair", "node", "group"):
        state.put(name, getattr(shown, name))
    usual = ARROWS_A_TASK * len(observed.series.tasks)
    state.put("top", shown.top if shown.top != usual else None)
    state.write_url(*IN_ADDRESS, *_SHOWN)
    with above:
        say_reliability(observed, shown.steps)
        share(subject, observed, shown.steps)
    _selected(observed, shown)
    say_unknown(observed.mean(*shown.steps).affinity, "cell")
    _table(moments)
    return ended


def _groupings(subject: Subject, observed: Observed) -> tuple[Groupings | None, list[Moment], bool]:
    """The best groupings at the budget that is chosen here, as far as they are known, and whether no more will be; none
    of what has no budget."""
    if observed.reading != AFFINITY.name or not of_networks(subject.first):
        return None, [], True
    try:
        ((_, problem),) = problems_at(subject, observed, [int(observed.series.edges[-1])]) or [(0, None)]
        if problem is None:
            raise KindredError(text("overview.no_problem"))
        budget = _pick_budget(problem.budgets())
        moments, ended = moments_of(subject, observed, budget)
    except KindredError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return None, [], True
    served = text("words.tasks", count=len(problem.serving))
    title = text("overview.best", budget=f"{budget:g}", tasks=served)
    waiting = text("overview.none" if ended else "overview.working")
    return Groupings(title, frames_at(moments, budget), waiting), moments, ended


def _pick_budget(budgets: list[float]) -> float:
    """A slider with all budgets, which makes the choice ``budget``."""
    shown = budget_to_show(budgets, [None] * len(budgets), state.get("budget"))
    if len(budgets) < 2:
        return shown
    chosen = st.select_slider(
        text("overview.budget"),
        budgets,
        shown,
        format_func=lambda budget: f"{budget:g} SNT",
        help=text("overview.budget_help"),
        key=f"overview-budget-{len(budgets)}",
    )
    if chosen != shown:
        state.put("budget", chosen)
    return chosen


def _losses(subject: Subject) -> go.Figure | None:
    """The tasks' losses, on validation data where there are any; ``None`` where none are stored."""
    if not of_networks(subject.first) or not subject.first.tasks:
        return None
    course = course_in(subject)
    for split in ("validation", "train"):
        points = course.losses.get(split)
        if points is None:
            continue
        lines = {task: points.of(place) for place, task in enumerate(course.tasks)}
        lines = {task: line for task, line in lines.items() if len(line[0]) > 1}
        if lines:
            return loss_lines(lines)
    return None


def _selected(observed: Observed, shown: LinkedResult) -> None:
    """What is selected, in a sentence."""
    tasks = observed.series.tasks
    if shown.pair is not None:
        source, target = shown.pair
        mean = observed.mean(*shown.steps).affinity
        there, back = (mean[tasks.index(one), tasks.index(other)] for one, other in (shown.pair, shown.pair[::-1]))
        said = text("overview.pair", source=source, target=target, there=f"{there:.3g}", back=f"{back:.3g}")
    elif shown.node is not None:
        said = text("overview.node", task=shown.node)
    elif shown.group is not None:
        said = text("overview.group", tasks=text("words.comma").join(shown.group))
    else:
        said = text("overview.nothing")
    st.caption(plain(said))


def _table(moments: list[Moment]) -> None:
    """The best groupings over time as a table."""
    if not moments:
        return
    expander = st.expander(text("overview.table"), key="overview-table", on_change="rerun")
    if not expander.open:
        return
    with expander:
        rows = []
        for moment in moments:
            found = moment.solution
            sets = "" if found is None else ", ".join(f"{{{', '.join(network.tasks)}}}" for network in found.networks)
            value = "–" if found is None else f"{found.problem.shown(found.value):.4g}"
            proved = "" if found is None else text("overview.yes" if found.proved_optimal else "overview.no")
            rows.append([moment.step, value, proved, plain(sets)])
        heads = [text(f"overview.column_{head}") for head in ("step", "value", "proved", "networks")]
        st.table([dict(zip(heads, row, strict=True)) for row in rows])


def _ways_on() -> None:
    """Buttons that lead to the pages that show more of each part, with the same choices."""
    with st.container(horizontal=True):
        for path, icon in _WAYS_ON.items():
            if st.button(text(f"overview.on_{path}"), icon=icon, key=f"overview-on-{path}"):
                state.go_to(path)
