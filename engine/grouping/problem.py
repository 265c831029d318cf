"""What is to be grouped: the tasks, how they affect each other, and which of them must be served."""

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np

from engine.affinity.matrix import AffinityMatrix
from engine.errors import KindredError

AGGREGATES = ("mean", "sum")
SINGLETON_RULES = ("forbid", "diagonal")


@dataclass(frozen=True, eq=False)
class GroupingProblem:
    """Choose networks so that every serving task gets the highest predicted score. Higher is better.

    A *network* is a set of tasks trained together; it costs 1 SNT (standard network time: the inference cost
    of one full-size network). At most ``budget`` networks are chosen. Every serving task is *served* by
    exactly one network that holds it. Networks may overlap: a task may also be trained in a network that does
    not serve it, as an auxiliary, and so may tasks that are not served at all. The value of a grouping is the
    mean over the serving tasks of their scores, each in the network that serves it.

    Attributes:
        tasks: the T task names, in the order of rows and columns.
        affinity: ``[source, target]``, float64, finite; higher where the source helps the target more.
        serving: the tasks that need a prediction; all tasks where none are named.
        aggregate: how affinities onto a served task make its score: ``"mean"`` over the other members of its
            network, as in the authors' code of TAG, or ``"sum"``.
        singleton: the score of a task alone in its network. ``"forbid"``: no such network, as in the authors'
            code; ``"diagonal"``: the task's affinity onto itself; a number: that score, for every task.

    Raises:
        KindredError: if any of this does not hold, or no grouping exists because the only task may not be
            alone.

    Source: Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021;
    the budget in SNT and networks that serve some of their tasks only: Standley et al., "Which Tasks Should
    Be Learned Together in Multi-task Learning?", ICML 2020. Fifty et al. search for the grouping that is best
    by the same score; they do not tell serving tasks from others, which here is the case of an empty
    ``serving``.
    """

    tasks: tuple[str, ...]
    affinity: np.ndarray
    serving: tuple[str, ...] | None = None
    aggregate: str = "mean"
    singleton: str | float = "forbid"

    def __post_init__(self) -> None:
        matrix = AffinityMatrix(self.tasks, self.affinity)
        if self.aggregate not in AGGREGATES:
            raise KindredError(f"`aggregate` is {self.aggregate!r}; choose 'mean' or 'sum'.")
        object.__setattr__(self, "tasks", matrix.tasks)
        object.__setattr__(self, "affinity", matrix.values)
        object.__setattr__(self, "serving", _check_serving(self.serving, matrix.tasks))
        object.__setattr__(self, "singleton", _check_singleton(self.singleton))
        if self.singleton == "forbid" and len(self.tasks) == 1:
            raise KindredError(
                f"The only task {self.tasks[0]!r} would be alone in its network, which singleton='forbid' "
                "rules out; add a task, or set `singleton` to 'diagonal' or a number."
            )
        _check_magnitude(self)

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each task stands in ``tasks``, and so in the rows and columns of ``affinity``."""
        return {task: position for position, task in enumerate(self.tasks)}

    def score(self, task: str, network: Iterable[str]) -> float:
        """The predicted score of ``task`` when ``network``, which holds it, serves it. Higher is better.

        The mean (or sum) of the affinities of the other members onto the task, correctly rounded, so that the
        order of the members does not matter. Alone in its network: the value of the ``singleton`` rule, which
        is −inf where that is forbidden.

        Raises:
            KindredError: if a task is unknown, or the network does not hold ``task``.
        """
        members = dict.fromkeys(network)
        for name in (task, *members):
            if name not in self.position:
                raise KindredError(f"There is no task {name!r}; the tasks are {', '.join(self.tasks)}.")
        if task not in members:
            raise KindredError(
                f"The network {', '.join(members)} does not hold {task!r} and so cannot serve it; "
                "add it there or serve it elsewhere."
            )
        target = self.position[task]
        if len(members) == 1:
            if self.singleton == "forbid":
                return -math.inf
            return float(self.affinity[target, target]) if self.singleton == "diagonal" else self.singleton
        total = math.fsum(self.affinity[self.position[source], target] for source in members if source != task)
        return total if self.aggregate == "sum" else total / (len(members) - 1)

    def _identity(self) -> tuple:
        return self.tasks, self.affinity.tobytes(), self.serving, self.aggregate, self.singleton

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GroupingProblem) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


def parse_singleton(text: str) -> str | float:
    """The singleton rule written as ``forbid``, ``diagonal`` or a number, as on a command line.

    Raises:
        KindredError: if it is none of the three.
    """
    word = text.strip()
    if word in SINGLETON_RULES:
        return word
    try:
        return _check_singleton(float(word))
    except ValueError:
        raise _singleton_error(text) from None


def check_budget(budget: int) -> int:
    """The budget as an ``int``, if it is a whole number of networks and at least 1.

    One network of all tasks serves everyone, so that 1 is always feasible; more networks than serving tasks
    are no better than one for each.

    Raises:
        KindredError: naming the least feasible budget.
    """
    try:
        networks = operator.index(budget)
    except TypeError:
        networks = None
    if networks is None or isinstance(budget, bool | np.bool_):
        raise KindredError(f"The budget is {budget!r}; give a whole number of networks, 1 or more.")
    if networks < 1:
        raise KindredError(f"The budget is {networks}; the least feasible budget is 1, one network for all tasks.")
    return networks


def _check_serving(serving: Iterable[str] | None, tasks: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(serving, str):
        raise KindredError(f"`serving` is the text {serving!r}; give a list of task names, such as [{serving!r}].")
    names = tuple(serving) if serving is not None else ()
    seen = set()
    for name in names:
        if name not in tasks:
            raise KindredError(f"The serving task {name!r} is not among the tasks; choose from {', '.join(tasks)}.")
        if name in seen:
            raise KindredError(f"The serving task {name!r} is named twice; name each serving task once.")
        seen.add(name)
    return names or tasks


def _check_singleton(singleton: str | float) -> str | float:
    if isinstance(singleton, str) and singleton in SINGLETON_RULES:
        return singleton
    if not isinstance(singleton, Real) or isinstance(singleton, bool | np.bool_):
        raise _singleton_error(singleton)
    try:
        number = float(singleton)
    except OverflowError:
        raise _singleton_error(singleton) from None
    if not math.isfinite(number):
        raise _singleton_error(singleton)
    return number


def _singleton_error(found: object) -> KindredError:
    return KindredError(f"`singleton` is {found!r}; choose 'forbid', 'diagonal' or a finite number.")


def _check_magnitude(problem: GroupingProblem) -> None:
    alone = problem.singleton if isinstance(problem.singleton, float) else 0.0
    with np.errstate(over="ignore"):
        largest = np.abs(problem.affinity).sum() + len(problem.serving) * np.float64(abs(alone))
    if not np.isfinite(largest):
        raise KindredError(
            f"The affinities reach {np.abs(problem.affinity).max():g} and the singleton score is {alone:g}, "
            "too large to add up in float64; divide them all by a common factor."
        )
