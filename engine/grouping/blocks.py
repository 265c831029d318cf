"""A grouping problem as blocks of serving tasks: what compiled code needs to know of it, and the way back.

Serving tasks that are kept together are one *unit*; blocks are sets of units. All numbers are those of the value: a
score times the task's weight over the sum of the weights.
"""

from fractions import Fraction
from functools import reduce
from math import floor, gcd

import numpy as np

from engine.grouping.block_values import Arrays, best_network
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network


class Blocks:
    """The blocks of a grouping problem.

    Attributes:
        problem: what they are taken from.
        units: the serving tasks of each unit, in the problem's order.
        arrays: the same for compiled code.
        step: SNT of one unit of cost.
    """

    def __init__(self, problem: GroupingProblem) -> None:
        self.problem = problem
        self.units, required = _units(problem)
        costs = [_exact(cost) - _exact(problem.head_cost) for cost in problem.costs]
        self.step = reduce(_gcd, costs)
        self.arrays = _arrays(problem, self.units, required, [int(cost / self.step) for cost in costs])

    def spendable(self, budget: float) -> int:
        """The budget without the heads of the serving tasks, which it always pays, in whole units of ``step``."""
        return floor((_exact(budget) - _exact(self.problem.head_cost) * len(self.problem.serving)) / self.step)

    def network(self, block: list[int], level: int) -> Network:
        """The best network that serves the block at that level of cost; of those that tie, a small one."""
        _, held = best_network(self.arrays, np.array(block, dtype=np.int64), level)
        problem = self.problem
        serves = {task for unit in block for task in self.units[unit]}
        cost = problem.costs[level] + problem.head_cost * (len(serves) - 1)
        return Network(
            tuple(task for task, inside in zip(problem.tasks, held, strict=True) if inside),
            tuple(task for task in problem.serving if task in serves),
            cost,
        )

    def networks(self, blocks: list[tuple[list[int], int]]) -> tuple[Network, ...]:
        """The networks of blocks and their levels, in the order of the first task each one serves."""
        made = (self.network(block, level) for block, level in blocks)
        return tuple(sorted(made, key=lambda network: self.problem.serving.index(network.serves[0])))


def _arrays(
    problem: GroupingProblem, units: list[tuple[str, ...]], required: list[set[str]], cost: list[int]
) -> Arrays:
    served = [[problem.position[task] for task in unit] for unit in units]
    shape = len(units), len(problem.tasks)
    share = np.ones(len(problem.serving)) if problem.weights is None else np.array(problem.weights)
    share = dict(zip(problem.serving, share / share.sum(), strict=True))
    conflict, members, barred = _allowed(problem, units, required)
    gives, alone = np.zeros(shape), np.full(len(units), -np.inf)
    if problem.affinity is not None:
        for number, unit in enumerate(units):
            for task, position in zip(unit, served[number], strict=True):
                column = share[task] * problem.affinity[:, position]
                column[position] = 0.0
                gives[number] += column
            if len(unit) == 1:
                alone[number] = share[unit[0]] * problem.alone(unit[0])
        sizes = problem.capacities
        limits = [len(problem.tasks) if size.max_size is None else size.max_size for size in sizes]
        change = [size.change for size in sizes]
    else:
        limits, change = [len(problem.tasks)] * len(cost), [0.0] * len(cost)
    most_tasks = problem.constraints.max_size
    most_auxiliaries = problem.constraints.max_auxiliaries
    holds, scores, level = _candidates(problem, units, share)
    return Arrays(
        gives=gives,
        members=members,
        barred=barred,
        served=np.array([len(unit) for unit in units]),
        weight=np.array([sum(share[task] for task in unit) for unit in units]),
        alone=alone,
        conflict=conflict,
        conflicts=bool(conflict.any()),
        mean=problem.aggregate == "mean",
        most_auxiliaries=len(problem.tasks) if most_auxiliaries is None else most_auxiliaries,
        most_tasks=np.minimum(limits, len(problem.tasks) if most_tasks is None else most_tasks),
        change=np.array(change),
        cost=np.array(cost),
        holds=holds,
        scores=scores,
        level=level,
    )


def _allowed(
    problem: GroupingProblem, units: list[tuple[str, ...]], required: list[set[str]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``[T, T]`` the pairs kept apart; ``[U, T]`` what the network of each unit must hold, and must not hold.

    A unit pinned to a network must hold all of it and nothing else.
    """
    tasks = len(problem.tasks)
    where = problem.position
    constraints = problem.constraints
    conflict = np.zeros((tasks, tasks), dtype=bool)
    for group in constraints.apart:
        places = [where[task] for task in group]
        conflict[np.ix_(places, places)] = True
    np.fill_diagonal(conflict, False)
    members, barred = np.zeros((2, len(units), tasks), dtype=bool)
    for number, (unit, more) in enumerate(zip(units, required, strict=True)):
        members[number, [where[task] for task in (*unit, *more)]] = True
        for task, network in constraints.pinned:
            if task in unit:
                inside = np.isin(np.arange(tasks), [where[other] for other in network])
                members[number] |= inside
                barred[number] |= ~inside
        barred[number] |= conflict[members[number]].any(axis=0)
        barred[number, [where[task] for task in constraints.excluded]] = True
    return conflict, members, barred


def _candidates(
    problem: GroupingProblem, units: list[tuple[str, ...]], share: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    holds = np.zeros((len(problem.candidates), len(problem.tasks)), dtype=bool)
    scores = np.full((len(problem.candidates), len(units)), -np.inf)
    for row, candidate in enumerate(problem.candidates):
        holds[row, [problem.position[task] for task in candidate.tasks]] = True
        score = dict(zip(candidate.tasks, candidate.scores, strict=True))
        for number, unit in enumerate(units):
            if all(task in score for task in unit):
                scores[row, number] = sum(share[task] * score[task] for task in unit)
    level = np.array([problem.costs.index(candidate.cost) for candidate in problem.candidates], dtype=np.int64)
    return holds, scores, level


def _exact(cost: float) -> Fraction:
    """A cost as the decimal number that was meant."""
    return Fraction(cost).limit_denominator(10_000)


def _gcd(a: Fraction, b: Fraction) -> Fraction:
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)


def _units(problem: GroupingProblem) -> tuple[list[tuple[str, ...]], list[set[str]]]:
    """The serving tasks by what is kept together, and the auxiliaries that each unit asks for."""
    groups = [set(group) for group in problem.constraints.together]
    serving = set(problem.serving)
    units, required = [], []
    placed: set[str] = set()
    for task in problem.serving:
        if task in placed:
            continue
        unit = {task}
        while more := [group & serving for group in groups if group & unit and not group & serving <= unit]:
            unit |= set.union(*more)
        placed |= unit
        units.append(tuple(other for other in problem.serving if other in unit))
        required.append(set().union(*(group for group in groups if group & unit)) - unit)
    return units, required
