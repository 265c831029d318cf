"""Networks that can be chosen, with the score of every task in them: measured, or estimated from pairs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real

from engine.errors import KindredError


@dataclass(frozen=True)
class Candidate:
    """A network that can be chosen, with what is known of it.

    Attributes:
        tasks: trained in it, each once.
        scores: of each task in ``tasks``, in that order; finite. Higher is better, so a loss is negated.
        cost: SNT (standard network time: the inference cost of one full-size network); positive, finite.

    Raises:
        KindredError: if any of this does not hold.
    """

    tasks: tuple[str, ...]
    scores: tuple[float, ...]
    cost: float = 1.0

    def __post_init__(self) -> None:
        tasks = _check_members(self.tasks)
        network = ", ".join(tasks)
        scores = tuple(self.scores)
        if len(scores) != len(tasks):
            raise KindredError(
                f"The network {network} has {len(tasks)} tasks and {len(scores)} scores; give one score per task."
            )
        for task, score in zip(tasks, scores, strict=True):
            if not math.isfinite(_number(score)):
                raise KindredError(
                    f"The score of {task!r} in the network {network} is {score!r}; every score must be a finite "
                    "number, so leave the network out or measure it again."
                )
        if not 0 < _number(self.cost) < math.inf:
            raise KindredError(
                f"The cost of the network {network} is {self.cost!r}; give a positive, finite number of SNT, "
                "1 for a network of full size."
            )
        object.__setattr__(self, "tasks", tasks)
        object.__setattr__(self, "scores", tuple(map(float, scores)))
        object.__setattr__(self, "cost", float(self.cost))


def higher_order(candidates: Iterable[Candidate], tasks: Sequence[str]) -> tuple[Candidate, ...]:
    """HOA, the higher-order approximation: networks of three and more tasks, estimated from those of two.

    The score of a task in such a network is the mean of its scores in the full-size (1 SNT) networks of two that
    hold it and one other member. Of three tasks a, b, c, for one, a scores the mean of a in {a, b} and a in {a, c}.

    Args:
        candidates: what was measured. Networks of three and more tasks are not looked at.
        tasks: the tasks to combine, in the order that the members of an estimated network take. Where all pairs
            are measured, the networks number 2^T.

    Returns:
        The networks of one and two tasks as measured, whatever their cost, then every network of three and more
        of ``tasks`` at 1 SNT, smaller ones first. A network is left out where one of its pairs was not measured.

    Raises:
        KindredError: if a pair was measured twice at 1 SNT, so that its score is ambiguous.

    Source: Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020.
    The authors' code takes the mean over the pairs there are where one is missing; here the network is left out, as
    its score would be that of a smaller one.
    """
    measured = tuple(candidate for candidate in candidates if len(candidate.tasks) <= 2)
    tasks = tuple(dict.fromkeys(tasks))
    partner_scores: dict[tuple[str, str], float] = {}  # (task, partner): the task's score in the network of the two
    for pair in measured:
        if len(pair.tasks) < 2 or pair.cost != 1:
            continue
        one, other = pair.tasks
        if (one, other) in partner_scores:
            raise KindredError(f"The network {one}, {other} is given twice at 1 SNT; keep one of the two.")
        partner_scores[one, other], partner_scores[other, one] = pair.scores

    estimated: list[Candidate] = []
    networks: list[tuple[str, ...]] = [(task,) for task in tasks]
    while networks:
        networks = [
            (*network, task)
            for network in networks
            for task in tasks[tasks.index(network[-1]) + 1 :]
            if all((task, member) in partner_scores for member in network)
        ]
        estimated += [
            Candidate(network, tuple(_mean_over_partners(task, network, partner_scores) for task in network))
            for network in networks
            if len(network) > 2
        ]
    return (*measured, *estimated)


def merge(measured: Iterable[Candidate], estimated: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The measured networks, then those estimated ones whose tasks were not measured at that cost."""
    measured = tuple(measured)
    known = {(frozenset(candidate.tasks), candidate.cost) for candidate in measured}
    return measured + tuple(
        candidate for candidate in estimated if (frozenset(candidate.tasks), candidate.cost) not in known
    )


def _mean_over_partners(task: str, network: tuple[str, ...], scores: dict[tuple[str, str], float]) -> float:
    partners = [partner for partner in network if partner != task]
    return math.fsum(scores[task, partner] / len(partners) for partner in partners)  # divided first: cannot overflow


def _check_members(tasks: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tasks, str):
        raise KindredError(f"The tasks of a network are the text {tasks!r}; give a list of names, such as [{tasks!r}].")
    members = tuple(tasks)
    if not members:
        raise KindredError("A network without tasks cannot be chosen; name at least one task.")
    for position, task in enumerate(members):
        if not isinstance(task, str) or not task.strip():
            raise KindredError(
                f"Task {position + 1} of a network has the name {task!r}; give every task a non-empty text name."
            )
        if task in members[:position]:
            raise KindredError(f"The network {', '.join(members)} holds {task!r} twice; name each task once.")
    return members


def _number(value: object) -> float:
    """The value as a float; NaN where it is none, so that one check of the range covers both."""
    try:
        return float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        return math.nan
