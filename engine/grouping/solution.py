"""A grouping, its value, and what is proved about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum, isinf

from engine.errors import KindredError
from engine.grouping.problem import GroupingProblem

DIRECTION = "higher is better"


@dataclass(frozen=True)
class Network:
    """Tasks trained together.

    Attributes:
        tasks: every task that is trained in the network.
        serves: those whose prediction is taken from it; the others are auxiliaries.
        cost: in SNT; 1 for a full-size network, the only size the grouping problem knows.
    """

    tasks: tuple[str, ...]
    serves: tuple[str, ...]
    cost: float = 1.0


@dataclass(frozen=True)
class Certificate:
    """Why no grouping within the budget can be worth more than ``bound``.

    Attributes:
        bound: no feasible grouping has a higher value, up to float64 rounding.
        rests_on: the argument, in words; not compared, as a grouping file does not carry it.
    """

    bound: float
    rests_on: str = field(compare=False)


@dataclass(frozen=True)
class Solution:
    """A feasible grouping of a problem under a budget.

    Attributes:
        problem: what was solved.
        budget: the largest number of networks allowed, as asked for; ``networks`` may be fewer.
        networks: the grouping, in the order of the first task each one serves.
        value: mean over the serving tasks of their scores; higher is better.
        certificate: a bound on the value of any solution.
        solver: the name of the method.
        seconds: wall-clock time it took.
    """

    problem: GroupingProblem
    budget: int
    networks: tuple[Network, ...]
    value: float
    certificate: Certificate
    solver: str
    seconds: float

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


def relative_gap(bound: float, value: float) -> float:
    """``(bound − value) / max(|bound|, |value|)``, and 0 where both are equal."""
    if bound == value:
        return 0.0
    scale = max(abs(bound), abs(value))
    return bound / scale - value / scale


def evaluate(problem: GroupingProblem, networks: Sequence[Network], budget: int | None = None) -> float:
    """The value of a grouping, recomputed from the affinities alone, once it is found feasible.

    Args:
        problem: what the grouping is for.
        networks: the grouping.
        budget: the SNT that the networks may cost together; not checked where left out.

    Returns:
        The mean over the serving tasks of their scores; higher is better. Independent of any order.

    Raises:
        KindredError: naming the first rule broken: a network that holds an unknown task or one task twice,
            serves a task it does not hold or that needs no serving, costs other than 1 SNT, or is a forbidden
            singleton; a serving task served by no network or by several; networks that cost more than the
            budget.
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
    if budget is not None and (cost := fsum(network.cost for network in networks)) > budget:
        raise KindredError(f"The networks cost {cost:g} SNT, above the budget of {budget}; drop a network.")
    scores = [problem.score(task, served_by[task].tasks) for task in problem.serving]
    for task, score in zip(problem.serving, scores, strict=True):
        if isinf(score):
            raise KindredError(
                f"{task!r} is alone in its network, which singleton='forbid' rules out; train it with an "
                "auxiliary, or set `singleton` to 'diagonal' or a number."
            )
    return fsum(scores) / len(scores)


def _check_network(problem: GroupingProblem, network: Network, number: int) -> None:
    for task in network.tasks:
        if task not in problem.position:
            raise KindredError(
                f"Network {number} holds {task!r}, which is not among the tasks {', '.join(problem.tasks)}; remove it."
            )
    if len(set(network.tasks)) < len(network.tasks):
        raise KindredError(f"Network {number} names a task twice ({', '.join(network.tasks)}); name each task once.")
    for task in network.serves:
        if task not in network.tasks:
            raise KindredError(f"Network {number} serves {task!r} but does not hold it; add it to the network's tasks.")
        if task not in problem.serving:
            raise KindredError(f"Network {number} serves {task!r}, which is no serving task; keep it as an auxiliary.")
    if network.cost != 1:
        raise KindredError(f"Network {number} costs {network.cost:g} SNT; every network costs 1 SNT in this problem.")
