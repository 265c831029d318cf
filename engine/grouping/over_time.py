"""The best grouping at every moment of training, and when it changes."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.errors import KindredError
from engine.grouping import exact_subsets
from engine.grouping.blocks import Blocks
from engine.grouping.column_generation import ColumnGeneration
from engine.grouping.local_search import RESTS_ON, best_alone
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Network, Solution, evaluate
from engine.grouping.stop import Stop
from engine.grouping.ties import slack

FIRST = 0.1  # seconds that the first search is given at least
CARRIED = "the grouping of the moment before"


@dataclass(frozen=True)
class Moment:
    """Attributes:
    step: of training.
    solution: the best grouping known by the affinities of that moment; it says whether it is proved. ``None`` where
        none was found.
    """

    step: int
    solution: Solution | None


@dataclass(frozen=True)
class Change:
    """A task goes over to another network.

    Attributes:
        step: the first at which it is served there.
        task: a serving task.
        left: the other tasks that the network served which it leaves; ``None`` where it was served alone.
        joined: the other tasks that the network serves now which it joins; ``None`` where it is served alone.
    """

    step: int
    task: str
    left: tuple[str, ...] | None
    joined: tuple[str, ...] | None


@dataclass(frozen=True)
class Keeping:
    """What it costs to keep a grouping at one moment, in the unit of the value.

    Attributes:
        step: of training.
        lost: by how much the grouping kept is worth less, by the affinities of that moment, than the best one found
            there; at least 0.
        at_most: no grouping of that moment is worth more than so much above the one kept; ``lost`` where the best is
            proved.
        back: by how much the best grouping of that moment is worth less, by the affinities that the grouping kept was
            chosen by, than that one; at least 0 where that one is proved. ``None`` where it breaks a rule there.
    """

    step: int
    lost: float
    at_most: float
    back: float | None


def best_over_time(problems: Sequence[tuple[int, GroupingProblem]], budget: float, *, seconds: float) -> list[Moment]:
    """The best grouping at every moment that can be found within an allowance for all of them together.

    Each moment gets an even share of the time that is left. It is solved exactly where that is as quick, else searched
    for, the blocks of the moment before known from the beginning. Once the time is up, a moment takes over the grouping
    of the one before, without a proof. A moment whose best grouping is worth no more than that one there, but for
    rounding, keeps it, so that ties do not flicker.

    Args:
        problems: the steps, ascending, each with the problem by the affinities of that moment.
        budget: in SNT; rounded down to half steps.
        seconds: for all moments; the first is solved however few they are.

    Raises:
        KindredError: if the budget or the allowance is no positive number.
    """
    budget = check_budget(budget)
    moments: list[Moment] = []
    before: Solution | None = None
    slowest = 0.0  # seconds of an exact solution
    with Stop(seconds) as stop:
        for place, (step, problem) in enumerate(problems):
            share = stop.left / (len(problems) - place)
            kept = before and carried(before, problem)
            if stop.due and place:
                found = kept
            elif slowest <= share and exact_subsets.solves(problem):
                began = time.perf_counter()
                found = _steady(exact_subsets.solve(problem, budget), kept)
                slowest = max(slowest, time.perf_counter() - began)
            else:
                part = stop.part(share) if kept else Stop(max(share, FIRST))
                found = _steady(_searched(problem, budget, kept, part), kept)
            moments.append(Moment(step, found))
            before = found or before
    return moments


def changes(moments: Iterable[Moment]) -> list[Change]:
    """When a task goes over to another network, in the order of time and then of the serving tasks.

    The networks of a moment go on in those of the next with which they share most tasks, each in one, so that as
    few tasks as possible change. Auxiliaries do not matter. Moments without a grouping are passed over.
    """
    found: list[Change] = []
    before: Solution | None = None
    for moment in moments:
        if moment.solution is None:
            continue
        if before is not None:
            found += _moved(moment.step, before.networks, moment.solution)
        before = moment.solution
    return found


def keeping(solution: Solution, moments: Iterable[Moment]) -> list[Keeping]:
    """The regret of keeping a grouping at every moment that has one, and that of each moment's under its affinities.

    Both are exactly 0 where the groupings tie but for rounding.
    """
    found = []
    for moment in moments:
        best = moment.solution
        kept = best and carried(solution, best.problem)
        if kept is None:
            continue
        lost, at_most = (_regret(best.problem, value, kept.value) for value in (best.value, best.bound))
        then = carried(best, solution.problem)
        back = None if then is None else _regret(solution.problem, solution.value, then.value)
        found.append(Keeping(moment.step, max(lost, 0.0), max(at_most, 0.0), back))
    return found


def carried(solution: Solution, problem: GroupingProblem) -> Solution | None:
    """A grouping as one for another problem, valued there, with the loosest bound; ``None`` where it breaks a rule."""
    try:
        value = evaluate(problem, solution.networks, solution.budget)
    except KindredError:
        return None
    bound = max(value, float(best_alone(Blocks(problem)).sum()))
    return Solution(problem, solution.budget, solution.networks, value, Certificate(bound, RESTS_ON), CARRIED, 0.0)


def served_sets(solution: Solution) -> frozenset[frozenset[str]]:
    """Which tasks are served together, whatever auxiliaries they train with."""
    return frozenset(frozenset(network.serves) for network in solution.networks)


def _searched(problem: GroupingProblem, budget: float, kept: Solution | None, stop: Stop) -> Solution | None:
    """The best grouping found until the stop, at least one where any can be found."""
    generation = ColumnGeneration(problem)
    if kept is not None:
        units = generation.blocks.units
        rows = np.array([[set(unit) <= set(each.serves) for unit in units] for each in kept.networks])
        levels = [problem.costs.index(problem.capacity_of(len(each.serves), each.cost)) for each in kept.networks]
        generation.add(rows, np.array(levels))
    found = None
    with stop:
        for found in generation.improve(budget, stop):  # noqa: B007  the last one is the best
            pass
    return found


def _steady(found: Solution | None, kept: Solution | None) -> Solution | None:
    """The grouping of the moment before, unless another is worth more; with the lower bound of the two."""
    if found is None or kept is None:
        return found or kept
    if found.value > kept.value + slack(found.problem, found.value, kept.value):
        return found
    bound = kept.value if found.proved_optimal else max(kept.value, found.bound)
    return replace(found, networks=kept.networks, value=kept.value, certificate=replace(found.certificate, bound=bound))


def _regret(problem: GroupingProblem, best: float, value: float) -> float:
    lost = best - value
    return 0.0 if abs(lost) <= slack(problem, best, value) else lost


def _moved(step: int, before: Sequence[Network], now: Solution) -> list[Change]:
    old, new = ([set(each.serves) for each in networks] for networks in (before, now.networks))
    shared = np.array([[len(one & other) for other in new] for one in old])
    goes_on = dict(zip(*(side.tolist() for side in linear_sum_assignment(-shared)), strict=True))
    found = []
    for task in now.problem.serving:
        was = next((place for place, served in enumerate(old) if task in served), None)
        is_in = next(place for place, served in enumerate(new) if task in served)
        if was is not None and goes_on.get(was) != is_in:
            found.append(Change(step, task, _others(before[was], task), _others(now.networks[is_in], task)))
    return found


def _others(network: Network, task: str) -> tuple[str, ...] | None:
    return tuple(each for each in network.serves if each != task) or None
