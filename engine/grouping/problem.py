"""What is to be grouped: the tasks, what is known of the networks they can share, and which must be served."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from engine.affinity.matrix import AffinityMatrix, check_tasks
from engine.checks import check_number, is_finite
from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, Capacity
from engine.grouping.constraints import Constraints

AGGREGATES = ("mean", "sum")
SINGLETON_RULES = ("forbid", "diagonal")
HIGHER, LOWER = "higher is better", "lower is better"
STEP = 0.5  # SNT: budgets are multiples of it
GRAIN = 0.001  # SNT: costs are multiples of it
MOST_COST = 1000  # SNT
SAME_COST = 1e-9  # SNT: costs that differ by less are equal


@dataclass(frozen=True, eq=False)
class GroupingProblem:
    """Choose networks within a budget so that every serving task gets the highest score.

    A *network* is a set of tasks trained together. It costs its capacity in SNT (standard network time: the
    inference cost of one full-size network with one head), and ``head_cost`` for each served task beyond the
    first. The networks of a grouping may cost the budget together. Every serving task is *served* by exactly one
    network that holds it. Networks may overlap: a task may also be trained in a network that does not serve it, as
    an auxiliary, and so may tasks that are not served at all. The value of a grouping is the weighted mean over the
    serving tasks of their scores, each in the network that serves it.

    Scores come from *either* an affinity matrix, for every set of tasks, *or* a list of candidate networks, measured
    or estimated. Inside Kindred a score is always higher where it is better; candidates made from losses hold
    negated losses, and ``direction`` tells to show them as losses.

    Attributes:
        tasks: the T task names, in the order of rows and columns.
        affinity: ``[source, target]``, float64, finite; higher where the source helps the target more. ``None`` with
            candidates.
        serving: the tasks that need a prediction; all that are not excluded where none are named.
        aggregate: how affinities onto a served task make its score: ``"mean"`` over the other members of its
            network, as in the authors' code of TAG, or ``"sum"``.
        singleton: the score of a task alone in its network. ``"forbid"``: no such network, as in the authors'
            code; ``"diagonal"``: the task's affinity onto itself; a number, for every task; or a number for each
            task, such as a measured baseline.
        candidates: the networks that can be chosen, with their scores; none with an affinity.
        direction: how values are shown: `LOWER` for losses.
        weights: of the serving tasks, in their order, or by name; positive; equal where ``None``.
        capacities: the sizes that a network predicted from affinities comes in, each with its cost.
        head_cost: SNT for every task that a network serves beyond the first.
        constraints: what the networks must keep to.

    Raises:
        KindredError: if any of this does not hold.

    Source: Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021;
    the budget in SNT, networks of half the size, and networks that serve some of their tasks only: Standley et al.,
    "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020. Fifty et al. search for the grouping
    that is best by the same score; they do not tell serving tasks from others, which here is the case of an empty
    ``serving``.
    """

    tasks: tuple[str, ...]
    affinity: np.ndarray | None = None
    serving: tuple[str, ...] | None = None
    aggregate: str = "mean"
    singleton: str | float | Mapping[str, float] = "forbid"
    candidates: tuple[Candidate, ...] = ()
    direction: str = HIGHER
    weights: tuple[float, ...] | Mapping[str, float] | None = None
    capacities: tuple[Capacity, ...] = (FULL,)
    head_cost: float = 0.0
    constraints: Constraints = Constraints()

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        if (self.affinity is None) == (not self.candidates):
            raise KindredError("A grouping problem takes either an affinity matrix or candidate networks; give one.")
        if self.affinity is not None:
            matrix = AffinityMatrix(self.tasks, self.affinity)
            put("tasks", matrix.tasks)
            put("affinity", matrix.values)
        else:
            put("tasks", check_tasks(self.tasks))
            put("candidates", tuple(self.candidates))
        if self.aggregate not in AGGREGATES:
            raise KindredError(f"`aggregate` is {self.aggregate!r}; choose 'mean' or 'sum'.")
        if self.direction not in (HIGHER, LOWER):
            raise KindredError(f"`direction` is {self.direction!r}; choose {HIGHER!r} or {LOWER!r}.")
        for name in self.constraints.named():
            if name not in self.position:
                raise KindredError(f"A constraint names {name!r}; the tasks are {', '.join(self.tasks)}.")
        put("serving", _check_serving(self.serving, self.tasks, self.constraints.excluded))
        for task, network in self.constraints.pinned:
            if task not in network or task not in self.serving:
                raise KindredError(
                    f"{task!r} is pinned to the network {', '.join(network)}; pin a serving task to a network that "
                    "holds it."
                )
        put("singleton", _check_singleton(self.singleton, self.serving))
        put("weights", _check_weights(self.weights, self.serving))
        put("capacities", _check_capacities(self.capacities))
        put("head_cost", check_number("`head_cost`", self.head_cost, least=0))
        if self.affinity is None:
            _check_candidates(self)
        for cost in (*self.costs, self.head_cost):
            if cost > MOST_COST or abs(cost / GRAIN - round(cost / GRAIN)) > SAME_COST:
                raise KindredError(
                    f"A network or head costs {cost!r} SNT; give costs in thousandths of an SNT, up to {MOST_COST}."
                )
        cheapest = min(self.costs)
        if self.head_cost >= cheapest:
            raise KindredError(
                f"`head_cost` is {self.head_cost:g} SNT, and the smallest network costs {cheapest:g} with its first "
                "head; a head must cost less than that."
            )
        _check_magnitude(self)
        if self.affinity is not None and self.singleton == "forbid" and len(self.tasks) == 1:
            raise KindredError(
                f"The only task {self.tasks[0]!r} would be alone in its network, which singleton='forbid' "
                "rules out; add a task, or set `singleton` to 'diagonal' or a number."
            )

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each task stands in ``tasks``, and so in the rows and columns of ``affinity``."""
        return {task: position for position, task in enumerate(self.tasks)}

    @cached_property
    def costs(self) -> tuple[float, ...]:
        """The SNT that a network with one head can cost, ascending."""
        given = self.capacities if self.affinity is not None else self.candidates
        return tuple(sorted({each.cost for each in given}))

    @cached_property
    def _measured(self) -> dict[tuple[frozenset, float], dict[str, float]]:
        return {(frozenset(c.tasks), c.cost): dict(zip(c.tasks, c.scores, strict=True)) for c in self.candidates}

    def budgets(self) -> tuple[float, ...]:
        """The budgets that can differ, in SNT: whole numbers, or half steps where some cost is not whole.

        From the first that pays the cheapest network that serves everyone, were there one, to one network for each
        serving task.
        """
        heads = self.head_cost * (len(self.serving) - 1)
        whole = all(cost == int(cost) for cost in (*self.costs, self.head_cost))
        step = 1.0 if whole else STEP
        first = max(1, math.ceil((self.costs[0] + heads) / step - SAME_COST))
        last = max(first, math.ceil(max(len(self.serving) * self.costs[-1], self.costs[-1] + heads) / step - SAME_COST))
        return tuple(check_budget(number * step) for number in range(first, last + 1))

    def capacity_of(self, served: int, cost: float) -> float | None:
        """The capacity in SNT of a network that serves ``served`` tasks at ``cost``; ``None`` if there is none."""
        base = cost - self.head_cost * (max(served, 1) - 1)
        return next((known for known in self.costs if abs(known - base) <= SAME_COST), None)

    def score(self, task: str, network: Iterable[str], capacity: float | None = None) -> float:
        """The score of ``task`` when ``network``, which holds it, serves it. Higher is better.

        From affinities: the mean (or sum) of the affinities of the other members onto the task, correctly rounded,
        so that the order of the members does not matter, plus the capacity's change. Alone in its network: the value
        of the ``singleton`` rule, which is −inf where that is forbidden. From candidates: the candidate's score, or
        −inf if there is no such candidate.

        Args:
            capacity: the network's capacity in SNT; the largest there is where ``None``.

        Raises:
            KindredError: if a task is unknown, or the network does not hold ``task``.
        """
        members = dict.fromkeys(network)
        capacity = self.costs[-1] if capacity is None else capacity
        for name in (task, *members):
            if name not in self.position:
                raise KindredError(f"There is no task {name!r}; the tasks are {', '.join(self.tasks)}.")
        if task not in members:
            raise KindredError(
                f"The network {', '.join(members)} does not hold {task!r} and so cannot serve it; "
                "add it there or serve it elsewhere."
            )
        if self.affinity is None:
            return self._measured.get((frozenset(members), capacity), {}).get(task, -math.inf)
        change = next((size.change for size in self.capacities if size.cost == capacity), 0.0)
        target = self.position[task]
        if len(members) == 1:
            return self.alone(task) + change
        total = math.fsum(self.affinity[self.position[source], target] for source in members if source != task)
        return (total if self.aggregate == "sum" else total / (len(members) - 1)) + change

    def alone(self, task: str) -> float:
        """The score of a task alone in a network of full size, by the ``singleton`` rule; −inf where forbidden."""
        if self.singleton == "forbid":
            return -math.inf
        if self.singleton == "diagonal":
            return float(self.affinity[self.position[task], self.position[task]])
        return self.singleton if isinstance(self.singleton, float) else dict(self.singleton)[task]

    def shown(self, value: float) -> float:
        """A value or bound as its ``direction`` says: a loss is shown positive."""
        return -value if self.direction == LOWER else value

    def with_constraints(self, **changes: object) -> "GroupingProblem":
        """The same problem with other constraints."""
        return replace(self, constraints=replace(self.constraints, **changes))

    @cached_property
    def _identity(self) -> tuple:
        matrix = None if self.affinity is None else self.affinity.tobytes()
        return (matrix, *(getattr(self, field.name) for field in fields(self) if field.name != "affinity"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GroupingProblem) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


def parse_singleton(text: str) -> str | float:
    """The singleton rule written as ``forbid``, ``diagonal`` or a number, as on a command line.

    Raises:
        KindredError: if it is none of the three.
    """
    word = text.strip()
    if word in SINGLETON_RULES:
        return word
    try:
        return _singleton_number(float(word), text)
    except ValueError:
        raise _singleton_error(text) from None


def check_budget(budget: float) -> float:
    """The budget in SNT, rounded down to half SNT steps; an ``int`` where it is whole.

    Raises:
        KindredError: if it is no finite number of at least half an SNT.
    """
    if not is_finite(budget) or not is_finite(budget / STEP):
        raise KindredError(f"The budget is {budget!r}; give a number of SNT in half steps, such as 2.5.")
    steps = math.floor(budget / STEP + SAME_COST)
    if steps < 1:
        raise KindredError(f"The budget is {budget:g} SNT; budgets go in half steps from {STEP:g} SNT on.")
    rounded = steps * STEP
    return int(rounded) if rounded == int(rounded) else rounded


def _check_serving(serving: Iterable[str] | None, tasks: tuple[str, ...], excluded: tuple[str, ...]) -> tuple[str, ...]:
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
    left = tuple(task for task in tasks if task not in excluded)
    if not left:
        raise KindredError("Every task is excluded, so that there is nothing to group; keep at least one.")
    return names or left


def _check_singleton(
    singleton: str | float | Mapping[str, float], serving: tuple[str, ...]
) -> str | float | tuple[tuple[str, float], ...]:
    if isinstance(singleton, str) and singleton in SINGLETON_RULES:
        return singleton
    if isinstance(singleton, tuple):  # as it is kept, so that a problem can be copied
        singleton = dict(singleton)
    if not isinstance(singleton, Mapping):
        return _singleton_number(singleton, singleton)
    missing = [task for task in serving if task not in singleton]
    if missing:
        raise KindredError(
            f"`singleton` gives no score for the serving task {missing[0]!r}; give one for each, or one number for all."
        )
    return tuple((task, _singleton_number(singleton[task], singleton[task])) for task in serving)


def _singleton_number(singleton: object, found: object) -> float:
    if not is_finite(singleton):
        raise _singleton_error(found)
    return float(singleton)


def _singleton_error(found: object) -> KindredError:
    return KindredError(f"`singleton` is {found!r}; choose 'forbid', 'diagonal' or a finite number.")


def _check_weights(
    weights: Iterable[float] | Mapping[str, float] | None, serving: tuple[str, ...]
) -> tuple[float, ...] | None:
    if weights is None:
        return None
    if isinstance(weights, Mapping):
        for name in weights:
            if name not in serving:
                raise KindredError(f"`weights` names {name!r}, which is not served; choose from {', '.join(serving)}.")
        weights = tuple(weights.get(task, 1.0) for task in serving)
    weights = tuple(weights)
    if len(weights) != len(serving):
        raise KindredError(f"`weights` has {len(weights)} numbers for {len(serving)} serving tasks; give one for each.")
    checked = tuple(
        check_number(f"The weight of {task!r}", weight, least=0, above=True)
        for task, weight in zip(serving, weights, strict=True)
    )
    return None if len(set(checked)) == 1 else checked


def _check_capacities(capacities: Iterable[Capacity]) -> tuple[Capacity, ...]:
    sizes = tuple(sorted(capacities, key=lambda size: size.cost))
    if not sizes:
        raise KindredError("`capacities` is empty; give at least one size that a network can have.")
    for smaller, larger in zip(sizes, sizes[1:], strict=False):
        if larger.cost - smaller.cost <= SAME_COST:
            raise KindredError(f"Two capacities cost {smaller.cost:g} SNT; give each size a cost of its own.")
    return sizes


def _check_candidates(problem: GroupingProblem) -> None:
    seen = set()
    for candidate in problem.candidates:
        for task in candidate.tasks:
            if task not in problem.position:
                raise KindredError(
                    f"The candidate network {', '.join(candidate.tasks)} holds {task!r}, which is not among the tasks "
                    f"{', '.join(problem.tasks)}; leave it out."
                )
        key = frozenset(candidate.tasks), candidate.cost
        if key in seen:
            raise KindredError(
                f"The candidate network {', '.join(candidate.tasks)} at {candidate.cost:g} SNT is given twice; "
                "give each once."
            )
        seen.add(key)
    held = {task for candidate in problem.candidates for task in candidate.tasks}
    for task in problem.serving:
        if task not in held:
            raise KindredError(
                f"No candidate network holds the serving task {task!r}; give one that does, or do not serve it."
            )


def _check_magnitude(problem: GroupingProblem) -> None:
    alone = (
        []
        if isinstance(problem.singleton, str)
        else np.atleast_1d(
            problem.singleton if isinstance(problem.singleton, float) else [score for _, score in problem.singleton]
        )
    )
    alone = float(np.abs(alone).max(initial=0.0))
    with np.errstate(over="ignore"):
        if problem.affinity is not None:
            what = f"The affinities reach {np.abs(problem.affinity).max():g} and the singleton score is {alone:g}"
            largest = np.abs(problem.affinity).sum() + len(problem.serving) * np.float64(alone)
            largest += np.float64(max(abs(size.change) for size in problem.capacities))
        else:
            largest = np.float64(max(abs(score) for each in problem.candidates for score in each.scores))
            what = f"The candidates' scores reach {largest:g}"
        weights = np.float64(max(problem.weights or (1.0,)))
        largest = 4 * largest * weights * len(problem.serving) + weights * len(problem.serving)
    if not np.isfinite(largest):
        raise KindredError(f"{what}, too large to add up in float64; divide them all by a common factor.")
