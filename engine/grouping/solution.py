"""A grouping, its value, and what is proved about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import fsum, isinf

from engine.errors import KindredError
from engine.grouping.problem import SAME_COST, GroupingProblem
from engine.markup import element, table
from engine.texts import text


@dataclass(frozen=True)
class Network:
    """Tasks trained together.

    Attributes:
        tasks: every task that is trained in the network.
        serves: those whose prediction is taken from it; the others are auxiliaries.
        cost: in SNT, the heads of all served tasks included.
    """

    tasks: tuple[str, ...]
    serves: tuple[str, ...]
    cost: float = 1.0


@dataclass(frozen=True)
class Prices:
    """What every serving task and every SNT is worth: a dual solution of the choice of networks.

    If no network that serves the tasks P at cost c scores more than ``Σ_{t ∈ P} task[t] + snt · c``, then no grouping
    within a budget B is worth more than ``Σ_t task[t] + snt · B``, as every serving task is served exactly once.

    Attributes:
        task: of each serving task, in their order; in the unit of the value.
        snt: of one SNT; not negative.
    """

    task: tuple[float, ...]
    snt: float

    def bound(self, budget: float) -> float:
        """What no grouping within the budget can exceed."""
        return fsum((*self.task, self.snt * budget))


@dataclass(frozen=True)
class Certificate:
    """Why no grouping within the budget can be worth more than ``bound``.

    Attributes:
        bound: no feasible grouping has a higher value, up to float64 rounding.
        rests_on: the argument, in words; not compared, as a grouping file does not carry it.
        prices: where the argument rests on them.
    """

    bound: float
    rests_on: str = field(compare=False)
    prices: Prices | None = None


@dataclass(frozen=True)
class Progress:
    """What was known at a time: a point of a solver's trace."""

    seconds: float
    value: float
    bound: float


@dataclass(frozen=True)
class Solution:
    """A feasible grouping of a problem under a budget.

    Attributes:
        problem: what was solved.
        budget: in SNT; the ``networks`` may cost less.
        networks: the grouping, in the order of the first task each one serves.
        value: weighted mean over the serving tasks of their scores; higher is better.
        certificate: a bound on the value of any solution.
        solver: the name of the method.
        seconds: wall-clock time it took.
        trace: value and bound over time, where the solver took more than one step.
    """

    problem: GroupingProblem
    budget: float
    networks: tuple[Network, ...]
    value: float
    certificate: Certificate
    solver: str
    seconds: float
    trace: tuple[Progress, ...] = field(default=(), compare=False)

    @property
    def bound(self) -> float:
        """No feasible grouping has a higher value."""
        return self.certificate.bound

    @property
    def gap(self) -> float:
        """``(bound − value) / max(|bound|, |value|)``: 0 where proved optimal, never above 2."""
        return relative_gap(self.bound, self.value)

    @property
    def proved_optimal(self) -> bool:
        """Whether the bound is reached: no grouping is better."""
        return self.bound == self.value

    @property
    def cost(self) -> float:
        """What the networks cost together, in SNT."""
        return fsum(network.cost for network in self.networks)

    def __repr__(self) -> str:
        proof = "proved optimal" if self.proved_optimal else f"gap {self.gap:.2%}"
        networks = ", ".join(f"{{{', '.join(network.serves)}}}" for network in self.networks)
        return f"Solution(budget {self.budget:g} SNT, value {self.problem.shown(self.value):.6g}, {proof}: {networks})"

    def _repr_html_(self) -> str:
        """The grouping as a notebook shows it: its value, what is proved of it, and a row for each network."""
        shown = self.problem.shown
        value, bound = f"{shown(self.value):.6g}", f"{shown(self.bound):.6g}"
        proof = "notebook.proved" if self.proved_optimal else "notebook.gap"
        told = text(proof, value=value, bound=bound, gap=f"{self.gap:.2%}", budget=f"{self.budget:g}")
        rows = [
            (
                str(number),
                ", ".join(network.serves),
                ", ".join(task for task in network.tasks if task not in network.serves),
                f"{network.cost:g}",
            )
            for number, network in enumerate(self.networks, 1)
        ]
        header = [text(f"notebook.{name}") for name in ("network", "serves", "auxiliaries", "cost")]
        return element("div", element("p", told), table(header, rows), element("p", self.certificate.rests_on))

    def at(self, budget: float) -> "Solution":
        """The same grouping as the solution for another budget that it is known to solve too."""
        return replace(self, budget=budget)


def relative_gap(bound: float, value: float) -> float:
    """``(bound − value) / max(|bound|, |value|)``, and 0 where both are equal."""
    if bound == value:
        return 0.0
    scale = max(abs(bound), abs(value))
    return bound / scale - value / scale


def weighted_mean(problem: GroupingProblem, scores: Sequence[float]) -> float:
    """The value of the serving tasks' scores, given in their order."""
    if problem.weights is None:
        return fsum(scores) / len(scores)
    return fsum(w * score for w, score in zip(problem.weights, scores, strict=True)) / fsum(problem.weights)


def evaluate(problem: GroupingProblem, networks: Sequence[Network], budget: float | None = None) -> float:
    """The value of a grouping, recomputed from the scores alone, once it is found feasible.

    Args:
        problem: what the grouping is for.
        networks: the grouping.
        budget: the SNT that the networks may cost together; not checked where left out.

    Returns:
        The weighted mean over the serving tasks of their scores; higher is better. Independent of any order.

    Raises:
        KindredError: naming the first rule broken: a network that holds an unknown task or one task twice,
            serves a task it does not hold or that needs no serving, has a cost that no such network has, or is a
            forbidden singleton or no candidate; a serving task served by no network or by several; a constraint;
            networks that cost more than the budget.
    """
    served_by: dict[str, Network] = {}
    for number, network in enumerate(networks, start=1):
        _check_network(problem, network, number)
        for task in network.serves:
            if task in served_by:
                raise KindredError(f"{task!r} is served more than once; let exactly one network serve it.")
            served_by[task] = network
    for task in problem.serving:
        if task not in served_by:
            raise KindredError(f"{task!r} is served by no network; let exactly one network serve it.")
    _check_served_together(problem, served_by)
    if budget is not None and (cost := fsum(network.cost for network in networks)) > budget + SAME_COST:
        raise KindredError(f"The networks cost {cost:g} SNT, above the budget of {budget:g}; drop a network.")
    capacity = {id(network): problem.capacity_of(len(network.serves), network.cost) for network in networks}
    scores = [problem.score(task, served_by[task].tasks, capacity[id(served_by[task])]) for task in problem.serving]
    for task, score in zip(problem.serving, scores, strict=True):
        if isinf(score):
            raise KindredError(_cannot_serve(problem, task, served_by[task]))
    return weighted_mean(problem, scores)


def _check_network(problem: GroupingProblem, network: Network, number: int) -> None:
    constraints = problem.constraints
    for task in network.tasks:
        if task not in problem.position:
            raise KindredError(
                f"Network {number} holds {task!r}, which is not among the tasks {', '.join(problem.tasks)}; remove it."
            )
        if task in constraints.excluded:
            raise KindredError(f"Network {number} holds {task!r}, which is excluded; remove it.")
    if len(set(network.tasks)) < len(network.tasks):
        raise KindredError(f"Network {number} names a task twice ({', '.join(network.tasks)}); name each task once.")
    for task in network.serves:
        if task not in network.tasks:
            raise KindredError(f"Network {number} serves {task!r} but does not hold it; add it to the network's tasks.")
        if task not in problem.serving:
            raise KindredError(f"Network {number} serves {task!r}, which is no serving task; keep it as an auxiliary.")
    capacity = problem.capacity_of(len(network.serves), network.cost)
    if capacity is None:
        raise KindredError(
            f"Network {number} costs {network.cost:g} SNT, and one that serves {len(network.serves)} tasks costs "
            f"{_costs(problem, network)} SNT here; correct the cost."
        )
    limits = [constraints.max_size]
    if problem.affinity is not None:
        limits.append(next(size.max_size for size in problem.capacities if size.cost == capacity))
    for limit in limits:
        if limit is not None and len(network.tasks) > limit:
            raise KindredError(f"Network {number} holds {len(network.tasks)} tasks, above the limit of {limit}.")
    auxiliaries = len(network.tasks) - len(network.serves)
    if constraints.max_auxiliaries is not None and auxiliaries > constraints.max_auxiliaries:
        raise KindredError(
            f"Network {number} holds {auxiliaries} auxiliaries, above the limit of {constraints.max_auxiliaries}."
        )
    for group in constraints.apart:
        held = [task for task in group if task in network.tasks]
        if len(held) > 1:
            raise KindredError(f"Network {number} holds {held[0]!r} and {held[1]!r}, which are kept apart.")


def _check_served_together(problem: GroupingProblem, served_by: dict[str, Network]) -> None:
    for group in problem.constraints.together:
        serving = [task for task in group if task in served_by]
        for task in serving:
            network = served_by[task]
            for other in group:
                if served_by.get(other, network) is not network or other not in network.tasks:
                    raise KindredError(f"{task!r} and {other!r} are kept together, but are in different networks.")
    for task, network in problem.constraints.pinned:
        if task in served_by and set(served_by[task].tasks) != set(network):
            raise KindredError(f"{task!r} is pinned to the network {', '.join(network)}, but served by another one.")


def _cannot_serve(problem: GroupingProblem, task: str, network: Network) -> str:
    if problem.affinity is None:
        return (
            f"{task!r} is served by {', '.join(network.tasks)} at {network.cost:g} SNT, which is no candidate network; "
            "choose one."
        )
    return (
        f"{task!r} is alone in its network, which singleton='forbid' rules out; train it with an "
        "auxiliary, or set `singleton` to 'diagonal' or a number."
    )


def _costs(problem: GroupingProblem, network: Network) -> str:
    heads = problem.head_cost * (max(len(network.serves), 1) - 1)
    return " or ".join(f"{cost + heads:g}" for cost in problem.costs)
