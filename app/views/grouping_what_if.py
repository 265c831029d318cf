"""What if? Conditions are set from the networks shown, and each tells its price."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import streamlit as st

from app import state
from app.components.subject import Subject
from app.components.text import plain
from app.components.working import Work, apart_from_affinities, ask, follow_work
from app.views.grouping_conditions import begin_anew, drop_all
from engine.charts.keeping import named
from engine.grouping.constraints import Condition
from engine.grouping.prices import Price, prices
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.runs.run import Run
from engine.texts import text

SECONDS = 6.0  # of all prices together
_CHOICE = {
    "pinned": "pin",
    "excluded": "exclude",
    "max_auxiliaries": "auxiliaries",
}  # field → choice, where they differ
_ICONS = {"together": "link", "apart": "link_off", "pin": "push_pin", "exclude": "block", "limit": "straighten"}


@dataclass(frozen=True, eq=False)
class Priced:
    """Attributes:
    prices: of the conditions in their order, as far as they are known.
    proved: whether the grouping that they are paid for is proved best.
    """

    prices: tuple[Price, ...]
    proved: bool


def show_what_if(subject: Subject, solution: Solution, steady: bool) -> None:
    """The panel.

    Args:
        steady: whether no better grouping is searched for, so that prices hold.
    """
    problem = solution.problem
    with st.expander(text("grouping_what_if.title"), expanded=True, icon=":material/alt_route:"):
        _set_conditions(subject.first, solution)
        if not problem.constraints.conditions():
            st.caption(text("grouping_what_if.none"))
        elif not steady:
            show_conditions(problem)
            st.caption(text("grouping_what_if.later"))
        else:
            follow_work(_asked(subject, solution), lambda found, done: _priced(solution, found, done))


def show_conditions(problem: GroupingProblem) -> None:
    """The conditions that are set, each with a button that drops it."""
    for place, condition in enumerate(problem.constraints.conditions()):
        _row(place, condition, "")


def _asked(subject: Subject, solution: Solution) -> Callable[[], Work[Priced]]:
    key = ("prices", subject.id, apart_from_affinities(solution.problem), solution.budget, state.get("interval"))

    def answers() -> Iterator[Priced]:
        known: tuple[Price, ...] = ()
        for price in prices(solution, SECONDS):
            known = (*known, price)
            yield Priced(known, solution.proved_optimal)

    return lambda: ask(key, (solution.value, solution.networks), answers, moving=subject.active)


def _set_conditions(run: Run, solution: Solution) -> None:
    """The choice of a task or two, and what can be asked of them."""
    problem = solution.problem
    serves = {task: number for number, each in enumerate(solution.networks, 1) for task in each.serves}
    tasks = sorted(problem.tasks, key=lambda task: (serves.get(task, len(serves) + 1), problem.position[task]))

    def label(task: str) -> str:
        if task in serves:
            return text("grouping_what_if.in_network", task=task, number=serves[task])
        return text("grouping_what_if.not_served", task=task)

    left, right = st.columns(2)
    one, other = (
        place.selectbox(
            text(f"grouping_what_if.{name}"),
            tasks,
            index=None,
            format_func=label,
            key=f"what-if-{name}-{run.id}",
            placeholder=text("grouping_what_if.choose"),
        )
        for place, name in ((left, "one"), (right, "other"))
    )
    pair = None not in (one, other) and one != other
    shown = {task: network.tasks for network in solution.networks for task in network.serves}
    pinned = dict(state.get("pin"))
    can = {
        "together": pair,
        "apart": pair,
        "pin": one in shown and one not in pinned,
        "exclude": one is not None and one not in state.get("exclude") and set(problem.serving) != {one},
    }
    places = st.columns(4)
    for place, (name, able) in zip(places, can.items(), strict=True):
        pressed = place.button(
            text(f"grouping_what_if.{name}"),
            icon=f":material/{_ICONS[name]}:",
            key=f"what-if-{name}",
            disabled=not able,
            help=text(f"grouping_what_if.{name}_help"),
            width="stretch",
        )
        if pressed:
            entry = (one, shown[one]) if name == "pin" else one if name == "exclude" else (one, other)
            _change(name, tuple(dict.fromkeys((*state.get(name), entry))))
    least = 2 if problem.singleton == "forbid" else 1
    largest = max(len(network.tasks) for network in solution.networks)
    number, button = st.columns([1, 1], vertical_alignment="bottom")
    most = number.number_input(
        text("grouping_what_if.most"),
        min_value=least,
        value=max(least, largest - 1),
        step=1,
        key=f"what-if-most-{largest}-{least}",
        help=text("grouping_what_if.most_help", largest=largest),
    )
    if button.button(
        text("grouping_what_if.limit"), icon=f":material/{_ICONS['limit']}:", key="what-if-limit", width="stretch"
    ):
        _change("max_size", most)


def _priced(solution: Solution, found: Priced | None, done: bool) -> None:
    known = {} if found is None else {price.condition: price for price in found.prices}
    st.markdown(text("grouping_what_if.prices"), help=text("grouping_what_if.prices_help"))
    conditions = solution.problem.constraints.conditions()
    for place, condition in enumerate(conditions):
        _row(place, condition, _price_in_words(solution, known.get(condition)))
    if len(conditions) > 1:
        said, button = _columns()
        said.markdown(text("grouping_what_if.all", price=_gain_in_words(solution, known.get(None))))
        if button.button(
            text("grouping_what_if.drop_all"), icon=":material/restart_alt:", key="what-if-all", width="stretch"
        ):
            drop_all()
            st.rerun()
    if not done:
        st.caption(text("grouping_what_if.pricing", count=len(known), all=len(conditions)))


def _row(place: int, condition: Condition, price: str) -> None:
    said, button = _columns()
    said.markdown(f"{plain(condition_in_words(condition))}{price}")
    if button.button(
        text("grouping_what_if.drop"),
        icon=":material/close:",
        key=f"what-if-drop-{place}",
        help=plain(condition_in_words(condition)),
        width="stretch",
    ):
        name = _CHOICE.get(condition.field, condition.field)
        _change(name, condition.take_from(state.get(name)))


def _columns() -> list:
    return st.columns([4, 1], vertical_alignment="center")


def _change(name: str, value: object) -> None:
    """Make a choice; the page is drawn anew, with the widgets that show it above."""
    state.put(name, value or None)
    begin_anew()
    st.rerun()


def condition_in_words(condition: Condition) -> str:
    """What a condition asks for, as the beginning of a line."""
    field, entry = condition.field, condition.entry
    if field in ("together", "apart"):
        return text(f"grouping_what_if.keeps_{field}", tasks=named(entry, 12))
    if field == "pinned":
        return text("grouping_what_if.keeps_pinned", task=entry[0], tasks=named(entry[1], 12))
    if field == "excluded":
        return text("grouping_what_if.keeps_excluded", task=entry)
    return text(f"grouping_what_if.keeps_{field}", count=entry)


def _price_in_words(solution: Solution, price: Price | None) -> str:
    if price is None:
        return ""
    if not price.at_most:
        return text("grouping_what_if.costs_nothing")
    key = "costs" if price.proved else "may_cost"
    return text(f"grouping_what_if.{key}", **_numbers(solution, price))


def _gain_in_words(solution: Solution, price: Price | None) -> str:
    if price is None:
        return "…"
    if not price.at_most:
        return text("grouping_what_if.gains_nothing")
    key = "gains" if price.proved else "may_gain"
    return text(f"grouping_what_if.{key}", **_numbers(solution, price))


def _numbers(solution: Solution, price: Price) -> dict[str, float]:
    scale = abs(solution.value)
    return {
        "gained": price.gained,
        "percent": 100 * price.gained / scale if scale else 0.0,
        "at_most": price.at_most,
        "value": solution.problem.shown(price.without.value),
    }
