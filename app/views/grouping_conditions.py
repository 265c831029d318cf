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

MOST_GROUPS = 8  # rows of tasks to keep together, or apart
_AGGREGATES = {"mean": "Mean of the others' affinities", "sum": "Sum of the others' affinities"}
_SINGLETONS = {
    "forbid": "Not allowed",
    "diagonal": "Its self-affinity",
    "0": "Zero",
    "number": "A number",
}


def choices(run: Run) -> None:
    """The widgets, whose choices go to `app.state`."""
    place = st.container()
    _score()
    for name in ("exclude", "together", "apart", "pin", "weights"):
        _check_named(name, run)
    opened = state.kept(f"conditions-opened:{run.id}", any_condition)
    with st.expander("Conditions", expanded=opened, icon=":material/rule:"):
        _conditions(run, place)


def remember_shown(run: Run, networks: Sequence[Network]) -> None:
    """The networks on the screen, which a task can be pinned to."""
    state.keep(f"shown:{run.id}", {task: network.tasks for network in networks for task in network.serves})


def _check_named(name: str, run: Run) -> None:
    """Leave out, and say, what the address names that is no task of the run."""
    known, kept = set(run.tasks), []
    for entry in state.get(name):
        named = {entry} if isinstance(entry, str) else {entry[0]} if name == "weights" else _flat(entry)
        if named <= known:
            kept.append(entry)
        else:
            st.error(
                f"{plain(repr(min(named - known)))} is no task of this run; the condition that names it in the address "
                "was left out.",
                icon=":material/error:",
            )
    state.put(name, tuple(dict.fromkeys(kept)) or None)


def _flat(entry: Sequence) -> set[str]:
    return {task for part in entry for task in ((part,) if isinstance(part, str) else part)}


def _score() -> None:
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
    """The chips; the run's primary tasks, until the visitor chooses."""
    wanted = serving_tasks(run)
    unknown = [task for task in wanted if task not in run.tasks]
    if unknown:
        st.error(
            f"{plain(repr(unknown[0]))} is no task of this run, so it cannot be served; the address named it. "
            "Choose among the tasks below.",
            icon=":material/error:",
        )
    offered = all_but_excluded(run)
    without = "".join(f" but {task}" for task in state.get("exclude"))  # other chips are another widget
    chosen = st.pills(
        "Serving tasks",
        offered,
        selection_mode="multi",
        default=[task for task in wanted if task in offered],
        format_func=plain,
        key=f"serve-{run.id}{without}",
        help="Tasks whose predictions you need; the others may still be trained along.",
    )
    return tuple(task for task in offered if task in chosen)


def _conditions(run: Run, place: DeltaGenerator) -> None:
    """The conditions, and the serving tasks in their place above, as they depend on what is excluded."""
    turn = state.kept("conditions-turn", lambda: 0)

    def key(name: str) -> str:
        return f"{name}-{run.id}-{turn}"

    left, right = st.columns(2)
    excluded = left.multiselect(
        "Exclude",
        run.tasks,
        default=state.get("exclude"),
        key=key("exclude"),
        placeholder="No task",
        help="Tasks that no network may hold, not even as an auxiliary.",
    )
    state.put("exclude", tuple(excluded) or None)
    with place:
        serving = _serving(run)
    state.put("serve", None if serving == served_at_first(run) else serving)
    with right:
        _pins(run, serving, key("pin"))
    with left:
        _groups("Keep together", "together", run, key, "One network serves all of them.")
    with right:
        _groups("Keep apart", "apart", run, key, "No network holds two of them, not even as auxiliaries.")
    left, right = st.columns(2)
    size = left.number_input(
        "Largest network",
        min_value=1,
        value=state.get("max_size"),
        step=1,
        key=key("max_size"),
        placeholder="Any number of tasks",
        help="The most tasks that a network may hold.",
    )
    state.put("max_size", size)
    limits = [None, *sorted({*range(max(len(run.tasks) - 1, 1)), state.get("auxiliaries") or 0})]
    auxiliaries = right.selectbox(
        "Auxiliaries of a network",
        limits,
        index=limits.index(state.get("auxiliaries")),
        format_func=_limit_in_words,
        key=key("auxiliaries"),
        help="Tasks that a network trains along without serving them.",
    )
    state.put("auxiliaries", auxiliaries)
    half = st.checkbox(
        "Half-size networks for single tasks",
        value=state.get("half"),
        key=key("half"),
        help="A network of one task may have half the size and cost 0.5 SNT, with the same score for its task.",
    )
    state.put("half", half or None)
    if half and state.get("singleton") == "forbid":
        st.caption(
            ":material/info: Has no effect yet: choose what a task scores alone in its network above, as such "
            "networks are not allowed now."
        )
    _weights(run, serving, key)
    if any_condition():
        st.button("Drop all conditions", icon=":material/restart_alt:", on_click=_drop_all)


def _limit_in_words(limit: int | None) -> str:
    return "Any number" if limit is None else f"At most {limit}" if limit else "None"


def _drop_all() -> None:
    for name in CONDITIONS:
        state.put(name, None)
    state.keep("conditions-turn", state.kept("conditions-turn", lambda: 0) + 1)


def _pins(run: Run, serving: Sequence[str], key: str) -> None:
    """Tasks held to the network that serves them now; its tasks stay as they were when the task was pinned."""
    pinned = {task: network for task, network in state.get("pin") if task in serving}
    shown = state.kept(f"shown:{run.id}", dict)
    chosen = st.multiselect(
        "Pin to the network that serves it now",
        serving,
        default=list(pinned),
        key=key,
        placeholder="No task",
        help="The task stays in a network of exactly those tasks that serve with it in the grouping below.",
    )
    missing = [task for task in chosen if task not in pinned and task not in shown]
    if missing:
        st.caption(plain(f"{missing[0]} cannot be pinned, as no grouping below serves it."))
    pins = {task: pinned.get(task) or shown.get(task) for task in chosen if task not in missing}
    state.put("pin", tuple(pins.items()) or None)
    for task, network in pins.items():
        st.caption(plain(f"{task} stays in the network {{{', '.join(network)}}}."))


def _groups(label: str, name: str, run: Run, key: Callable[[str], str], help_text: str) -> None:
    """Rows of tasks, one more than there are groups; a row that is emptied stays in its place."""
    groups: list[tuple[str, ...]] = []
    given = state.get(name)
    rows = max(len(given) + 1, state.kept(key(f"{name}-rows"), lambda: 1))
    row = 0
    while row < min(rows, max(MOST_GROUPS, len(given))):
        chosen = st.multiselect(
            label if row == 0 else f"{label}, group {row + 1}",
            run.tasks,
            default=given[row] if row < len(given) else (),
            key=key(f"{name}-{row}"),
            placeholder="Two tasks or more" if row == 0 else "Another group",
            help=help_text if row == 0 else None,
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
    st.markdown("Weights in the value", help="A task of weight 2 counts twice in the mean of the scores.")
    edited = edit_rows(
        rows,
        "task",
        key=editor,
        hide_index=True,
        disabled=["task"],
        height=min(35 * (len(rows) + 1) + 3, 250),
        column_config={
            "task": st.column_config.TextColumn("Serving task"),
            "weight": st.column_config.NumberColumn("Weight", min_value=0.01, required=True, format="%g"),
        },
    )
    weights = {row["task"]: float(row["weight"] or 1.0) for row in edited}
    state.put("weights", tuple((task, weight) for task, weight in weights.items() if weight != 1) or None)
