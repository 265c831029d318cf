"""The grouping problem that a visitor's choices make of a run's affinities."""

from collections.abc import Sequence

import numpy as np

from app import state
from app.components.course import primary_tasks
from engine.affinity.series import IntervalMean
from engine.errors import KindredError
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.constraints import Constraints
from engine.grouping.observed import observed_part
from engine.grouping.problem import GroupingProblem
from engine.runs.run import Run

CONDITIONS = ("together", "apart", "exclude", "pin", "weights", "max_size", "auxiliaries", "half")
IN_ADDRESS = ("run", "interval", "serve", "aggregate", "singleton", "budget", *CONDITIONS, "robust", "moments")


def any_condition() -> bool:
    """Whether the networks have to keep to anything."""
    return any(map(state.get, CONDITIONS)) or state.get("auxiliaries") == 0


def serving_tasks(run: Run) -> tuple[str, ...]:
    """The tasks to serve: the run's primary ones, until the visitor chooses."""
    serving = state.get("serve")
    return served_at_first(run) if serving is None else serving


def served_at_first(run: Run) -> tuple[str, ...]:
    """The tasks that the run's settings name as primary, else all; without those that are excluded."""
    allowed = all_but_excluded(run)
    return tuple(task for task in primary_tasks(run) if task in allowed) or allowed


def all_but_excluded(run: Run) -> tuple[str, ...]:
    """The tasks that a network may hold."""
    return tuple(task for task in run.tasks if task not in state.get("exclude"))


def problem_for(run: Run, mean: IntervalMean) -> GroupingProblem:
    """The problem that the choices make of a run's affinities.

    Raises:
        KindredError: if no task is served, a pair of the serving tasks was never observed, or the choices make no
            problem.
    """
    serving = serving_tasks(run)
    if not serving:
        raise KindredError("No task is served; choose at least one serving task above.")
    tasks, affinity = _observed(run.tasks, mean.affinity, serving)
    rule = state.get("singleton")
    rule = rule if rule in ("forbid", "diagonal") else float(rule)
    weights = {task: weight for task, weight in state.get("weights") if task in serving}
    half = state.get("half") and rule != "forbid"
    return GroupingProblem(
        tasks,
        affinity,
        serving,
        state.get("aggregate"),
        rule,
        weights=weights or None,
        capacities=(HALF_SINGLE, FULL) if half else (FULL,),
        constraints=Constraints(
            together=state.get("together"),
            apart=state.get("apart"),
            pinned=tuple((task, network) for task, network in state.get("pin") if task in serving),
            excluded=tuple(task for task in state.get("exclude") if task in tasks),
            max_size=state.get("max_size"),
            max_auxiliaries=state.get("auxiliaries"),
        ),
    )


def _observed(
    tasks: tuple[str, ...], affinity: np.ndarray, serving: Sequence[str]
) -> tuple[tuple[str, ...], np.ndarray]:
    """What has no unknown entry; of the excluded tasks, which no network needs, those that leave it so."""
    excluded = state.get("exclude")
    free = [place for place, task in enumerate(tasks) if task not in excluded]
    names = [tasks[place] for place in free]
    known, _ = observed_part(names, affinity[np.ix_(free, free)], [task for task in serving if task in names])
    kept = [place for place in free if tasks[place] in known]
    for place in (tasks.index(task) for task in excluded):
        if np.isfinite(affinity[np.ix_([*kept, place], [*kept, place])]).all():
            kept.append(place)
    kept.sort()
    return tuple(tasks[place] for place in kept), affinity[np.ix_(kept, kept)]
