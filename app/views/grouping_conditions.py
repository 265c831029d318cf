"""What is asked of the grouping: the tasks to serve, how they score, and the conditions that the networks keep to."""

import hashlib
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.components.frames import edit_rows
from app.components.text import plain
from app.views.grouping_problem import CONDITIONS, all_but_excluded, any_condition, served_at_first, serving_tasks
from engine.grouping.solution import Network
from engine.runs.run import Run
from engine.texts import text

MOST_GROUPS = 8  # rows of tasks to keep together, or apart
_NAMING = ("exclude", "together", "apart", "pin", "weights")  # the choices that name tasks
_AGGREGATES = ("mean", "sum")
_SINGLETONS = ("forbid", "diagonal", "0.0", "number")  # as the address gives them back


def choices(run: Run) -> None:
    """The widgets, whose choices go to `app.state`."""
    place = st.container()
    _score()
    errors = st.container()
    unknown = [task for name in _NAMING for task in _leave_out_unknown(name, run)]
    opened = state.kept(f"conditions-opened:{run.id}", any_condition)
    with st.expander(text("grouping_conditions.conditions"), expanded=opened, icon=":material/rule:"):
        _conditions(run, place)
    with errors:
        _say_unknown(run, unknown)


def remember_shown(run: Run, networks: Sequence[Network]) -> None:
    """The networks on the screen, which a task can be pinned to."""
    state.keep(f"shown:{run.id}", {task: network.tasks for network in networks for task in network.serves})


def _say_unknown(run: Run, unknown: Sequence[str]) -> None:
    """That tasks are unknown which the address names; until another condition is set."""
    left, key = tuple(map(state.get, _NAMING)), f"unknown:{run.id}"
    if unknown:
        state.keep(key, (unknown, left))
    said, of = state.kept(key, lambda: ((), left))
    for task in said if of == left else ():
        st.error(text("grouping_conditions.no_task", task=plain(repr(task))), icon=":material/error:")


def _leave_out_unknown(name: str, run: Run) -> list[str]:
    """Leave out each entry that names a task that the run lacks; those tasks."""
    known, kept, unknown = set(run.tasks), [], []
    for entry in state.get(name):
        named = {entry} if isinstance(entry, str) else {entry[0]} if name == "weights" else _flat(entry)
        if named <= known:
            kept.append(entry)
        else:
            unknown.append(min(named - known))
    state.put(name, tuple(dict.fromkeys(kept)) or None)
    return unknown


def _flat(entry: Sequence) -> set[str]:
    return {task for part in entry for task in ((part,) if isinstance(part, str) else part)}


def _score() -> None:
    aggregate, singleton, number = st.columns([2, 2, 1], vertical_alignment="bottom")
    state.put(
        "aggregate",
        aggregate.selectbox(
            text("grouping_conditions.score_served"),
            _AGGREGATES,
            format_func=lambda name: text(f"grouping_conditions.{name}"),
            index=_AGGREGATES.index(state.get("aggregate")),
            key="pick-aggregate",
            help=text("grouping_conditions.score_served_help"),
        ),
    )
    rule = state.get("singleton")
    known = rule if rule in _SINGLETONS else "number"
    chosen = singleton.selectbox(
        text("grouping_conditions.score_alone"),
        _SINGLETONS,
        format_func=lambda name: text(f"grouping_conditions.{'zero' if name == '0.0' else name}"),
        index=_SINGLETONS.index(known),
        key="pick-singleton",
        help=text("grouping_conditions.score_alone_help"),
    )
    if chosen == "number":
        value = number.number_input(
            text("grouping_conditions.score"), value=_number(rule), format="%g", key="pick-score"
        )
        chosen = repr(float(value))
    state.put("singleton", chosen)


def _number(rule: str) -> float:
    try:
        return float(rule)
    except ValueError:
        return 0.0


def _serving(run: Run) -> tuple[str, ...]:
    """The chips; the run's primary tasks, until the visitor chooses."""
    wanted = serving_tasks(run)
    unknown = [task for task in wanted if task not in run.tasks]
    if unknown:
        st.error(
            text("grouping_conditions.cannot_serve", task=plain(repr(unknown[0]))),
            icon=":material/error:",
        )
    offered = all_but_excluded(run)
    without = "".join(f" -{task}" for task in state.get("exclude"))  # other chips are another widget
    chosen = st.pills(
        text("grouping_conditions.serving"),
        offered,
        selection_mode="multi",
        default=[task for task in wanted if task in offered],
        format_func=plain,
        key=f"serve-{run.id}{without}",
        help=text("grouping_conditions.serving_help"),
    )
    return tuple(task for task in offered if task in chosen)


def _conditions(run: Run, place: DeltaGenerator) -> None:
    """The conditions, and the serving tasks in their place above, as they depend on what is excluded."""
    turn = state.kept("conditions-turn", lambda: 0)

    def key(name: str) -> str:
        return f"{name}-{run.id}-{turn}"

    left, right = st.columns(2)
    excluded = left.multiselect(
        text("grouping_conditions.exclude"),
        run.tasks,
        default=state.get("exclude"),
        key=key("exclude"),
        placeholder=text("grouping_conditions.no_tasks"),
        help=text("grouping_conditions.exclude_help"),
    )
    state.put("exclude", tuple(excluded) or None)
    with place:
        serving = _serving(run)
    state.put("serve", None if serving == served_at_first(run) else serving)
    with right:
        _pins(run, serving, key("pin"))
    with left:
        _groups("together", run, key)
    with right:
        _groups("apart", run, key)
    left, right = st.columns(2)
    size = left.number_input(
        text("grouping_conditions.largest"),
        min_value=1,
        value=state.get("max_size"),
        step=1,
        key=key("max_size"),
        placeholder=text("grouping_conditions.any_tasks"),
        help=text("grouping_conditions.largest_help"),
    )
    state.put("max_size", size)
    limits = [None, *sorted({*range(max(len(run.tasks) - 1, 1)), state.get("auxiliaries") or 0})]
    auxiliaries = right.selectbox(
        text("grouping_conditions.auxiliaries"),
        limits,
        index=limits.index(state.get("auxiliaries")),
        format_func=_limit_in_words,
        key=key("auxiliaries"),
        help=text("grouping_conditions.auxiliaries_help"),
    )
    state.put("auxiliaries", auxiliaries)
    half = st.checkbox(
        text("grouping_conditions.half"),
        value=state.get("half"),
        key=key("half"),
        help=text("grouping_conditions.half_help"),
    )
    state.put("half", half or None)
    if half and state.get("singleton") == "forbid":
        st.caption(text("grouping_conditions.half_without_effect"))
    _weights(run, serving, key)
    if any_condition():
        drop = text("grouping_conditions.drop_all")
        st.button(drop, icon=":material/restart_alt:", key="drop-all-conditions", on_click=drop_all)


def _limit_in_words(limit: int | None) -> str:
    if limit is None:
        return text("grouping_conditions.any_number")
    return text("grouping_conditions.at_most", limit=limit) if limit else text("grouping_conditions.none")


def drop_all() -> None:
    """Let the networks keep to nothing."""
    for name in CONDITIONS:
        state.put(name, None)
    begin_anew()


def begin_anew() -> None:
    """Let the widgets show what was chosen elsewhere."""
    state.keep("conditions-turn", state.kept("conditions-turn", lambda: 0) + 1)


def _pins(run: Run, serving: Sequence[str], key: str) -> None:
    """Tasks held to the network that serves them now; its tasks stay as they were when the task was pinned."""
    pinned = {task: network for task, network in state.get("pin") if task in serving}
    shown = state.kept(f"shown:{run.id}", dict)
    chosen = st.multiselect(
        text("grouping_conditions.pin"),
        serving,
        default=list(pinned),
        key=key,
        placeholder=text("grouping_conditions.no_tasks"),
        help=text("grouping_conditions.pin_help"),
    )
    missing = [task for task in chosen if task not in pinned and task not in shown]
    if missing:
        st.caption(plain(text("grouping_conditions.cannot_pin", task=missing[0])))
    pins = {task: pinned.get(task) or shown.get(task) for task in chosen if task not in missing}
    state.put("pin", tuple(pins.items()) or None)
    for task, network in pins.items():
        st.caption(plain(text("grouping_conditions.pinned", task=task, tasks=text("words.comma").join(network))))


def _groups(name: str, run: Run, key: Callable[[str], str]) -> None:
    """Rows of tasks, one more than there are groups; a row that is emptied stays in its place."""
    groups: list[tuple[str, ...]] = []
    given = state.get(name)
    rows = max(len(given) + 1, state.kept(key(f"{name}-rows"), lambda: 1))
    row = 0
    while row < min(rows, max(MOST_GROUPS, len(given))):
        chosen = st.multiselect(
            text(f"grouping_conditions.{name}")
            if row == 0
            else text(f"grouping_conditions.{name}_again", group=row + 1),
            run.tasks,
            default=given[row] if row < len(given) else (),
            key=key(f"{name}-{row}"),
            placeholder=text("grouping_conditions.two_or_more" if row == 0 else "grouping_conditions.another"),
            help=text(f"grouping_conditions.{name}_help") if row == 0 else None,
        )
        if len(chosen) > 1:
            groups.append(tuple(chosen))
            rows = max(rows, row + 2)
        row += 1
    state.keep(key(f"{name}-rows"), rows)
    state.put(name, tuple(groups) or None)


def _weights(run: Run, serving: Sequence[str], key: Callable[[str], str]) -> None:
    """A table of what each serving task counts in the value."""
    named = hashlib.sha256("\n".join(serving).encode()).hexdigest()[:12]
    editor = key(f"weights-{named}")
    if editor not in st.session_state:  # a table that is edited must be given the same numbers again
        known = dict(state.get("weights"))
        state.keep(editor, [{"task": task, "weight": known.get(task, 1.0)} for task in serving])
    rows = state.kept(editor, list)
    if not rows:
        return
    st.markdown(text("grouping_conditions.weights"), help=text("grouping_conditions.weights_help"))
    edited = edit_rows(
        rows,
        "task",
        key=editor,
        hide_index=True,
        disabled=["task"],
        height=min(35 * (len(rows) + 1) + 3, 250),
        column_config={
            "task": st.column_config.TextColumn(text("grouping_conditions.serving_task")),
            "weight": st.column_config.NumberColumn(
                text("grouping_conditions.weight"), min_value=0.01, required=True, format="%g"
            ),
        },
    )
    weights = {row["task"]: float(row["weight"] or 1.0) for row in edited}
    state.put("weights", tuple((task, weight) for task, weight in weights.items() if weight != 1) or None)
