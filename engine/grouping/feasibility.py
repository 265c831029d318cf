"""Whether a problem can be solved at all within a budget, and which conditions stand in the way where it cannot.

Written from the definitions of the constraints, without the closed form that the solvers rest on: small 0-1
programmes, solved by HiGHS.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from math import ceil, floor, fsum, inf
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.constraints import Condition
from engine.grouping.problem import SAME_COST, STEP, GroupingProblem, check_budget

Terms = Iterable[tuple[float, int]]  # factors and the variables that they multiply


def least_budget(problem: GroupingProblem) -> float | None:
    """The least budget in SNT, in half steps, within which a grouping exists; ``None`` if no budget suffices.

    An ``int`` where it is whole. A proved minimum of the cost, whatever the scores; costs that differ by less than
    a millionth of the cheapest network count as equal.

    >>> problem = GroupingProblem(("a", "b", "c"), np.ones((3, 3))).with_constraints(apart=[("a", "b")])
    >>> least_budget(problem), least_budget(problem.with_constraints(max_size=1))
    (2, None)
    """
    cost = _cost(problem)
    return None if cost is None else check_budget(max(1, ceil(cost / STEP - SAME_COST)) * STEP)


def conflict(problem: GroupingProblem, budget: float) -> tuple[str, ...]:
    """The smallest set of conditions that no grouping meets together, each in words; empty if one meets all.

    The conditions are the problem's constraints, the rule that no task is alone in its network where that is forbidden,
    and the budget. That all serving tasks are served is given; it is named only where one of them is excluded. Of
    several smallest sets, one without the budget is preferred, since no budget then helps.

    A set of conditions cannot be met exactly if it holds at least one of those left out of every set that can be met.
    So take the smallest set that hits what was left out so far; while it can be met, add conditions to it until none
    can be added, and note what was left out. The first one that cannot be met is the smallest of all.

    >>> problem = GroupingProblem(("a", "b", "c"), np.ones((3, 3))).with_constraints(apart=[("a", "b")])
    >>> conflict(problem, budget=1)
    ('keep a, b apart', 'a budget of 1 SNT')

    Raises:
        KindredError: if the budget is no number of at least half an SNT.

    Source: the method is that of Ignatiev et al., "Smallest MUS Extraction with Minimal Hitting Set Dualization",
    CP 2015.
    """
    budget = check_budget(budget)
    for task in problem.constraints.excluded:
        if task in problem.serving:
            return f"exclude {task}", f"serve {task}"
    conditions = _conditions(problem, budget)
    can_be_met = _oracle(problem, budget, conditions)
    if can_be_met(frozenset(conditions)):
        return ()
    left_out: list[frozenset[Condition]] = []
    while can_be_met(chosen := _smallest_hitting(left_out, conditions)):
        for condition in conditions:
            if can_be_met(chosen | {condition}):
                chosen |= {condition}
        left_out.append(frozenset(conditions) - chosen)
    return tuple(condition.text for condition in conditions if condition in chosen)


def refuse(problem: GroupingProblem, budget: float) -> KindredError:
    """The error to raise where no grouping exists: the conditions that stand against each other, and the way out.

    Raises:
        KindredError: if there is a grouping within the budget after all.
    """
    budget = check_budget(budget)
    conditions = conflict(problem, budget)
    if not conditions:
        raise KindredError(f"There is a grouping within {budget:g} SNT, though none was found; search on for longer.")
    kind = "grouping" if problem.affinity is not None else "grouping of the candidate networks"
    several = len(conditions) > 1
    text = [f"No {kind} keeps to {'all of' if several else 'this'}: {'; '.join(conditions)}."]
    if conditions != (_budget(budget).text,):
        text.append(f"Drop {'one of these conditions' if several else 'this condition'}.")
    if _budget(budget).text in conditions:
        least = least_budget(problem)
        if least is not None:
            text.append(f"The least budget that suffices is {least:g} SNT.")
        else:
            unbounded = conflict(problem, problem.budgets()[-1])
            text.append(f"Within no budget does a grouping keep to all of: {'; '.join(unbounded)}.")
    return KindredError(" ".join(text))


def _budget(budget: float) -> Condition:
    return Condition("budget", budget, f"a budget of {budget:g} SNT")


def _conditions(problem: GroupingProblem, budget: float) -> tuple[Condition, ...]:
    """All that may be dropped. Which tasks can be alone in a network is for the candidates to say, if there are any."""
    rules = [*problem.constraints.conditions()]
    if problem.affinity is not None and problem.singleton == "forbid":
        rules.append(Condition("singleton", "forbid", "no task alone in its network"))
    return tuple(dict.fromkeys((*rules, _budget(budget))))


def _oracle(
    problem: GroupingProblem, budget: float, conditions: tuple[Condition, ...]
) -> Callable[[frozenset[Condition]], bool]:
    """Tells whether some of the conditions can be met together; asks nothing to which the answer is known."""
    limit = _budget(budget)
    met: list[frozenset[Condition]] = []
    unmet: list[frozenset[Condition]] = []

    def can_be_met(chosen: frozenset[Condition]) -> bool:
        if any(chosen <= known for known in met):
            return True
        if any(known <= chosen for known in unmet):
            return False
        constraints, singleton = problem.constraints, problem.singleton
        for condition in set(conditions) - chosen - {limit}:
            if condition.field == "singleton":
                singleton = 0.0
            else:
                constraints = constraints.without(condition)
        relaxed = replace(problem, constraints=constraints, singleton=singleton)
        cost = _cost(relaxed, enough=budget if limit in chosen else inf)
        if cost is None:
            unmet.append(chosen - {limit})
        elif cost <= budget + SAME_COST:
            met.append(chosen | {limit})
        else:
            met.append(chosen - {limit})
            if limit in chosen:
                unmet.append(chosen)
        return any(chosen <= known for known in met)

    return can_be_met


def _smallest_hitting(sets: list[frozenset[Condition]], conditions: tuple[Condition, ...]) -> frozenset[Condition]:
    """The fewest conditions with one of each set among them; the budget only where none as small lacks it."""
    if not sets:
        return frozenset()
    programme = Programme()
    dear = 1 + 0.5 / len(conditions)
    column = {each: programme.variable(cost=dear if each.field == "budget" else 1.0) for each in conditions}
    for left_out in sets:
        programme.require(1, [(1, column[condition]) for condition in left_out], inf)
    values = programme.solve()
    return frozenset(condition for condition in conditions if values[column[condition]])


def _cost(problem: GroupingProblem, enough: float = 0) -> float | None:
    """The least SNT that a grouping costs, or the cost of any that is not above ``enough``; ``None`` for none."""
    heads = problem.head_cost * len(problem.serving)
    cost_of_networks = _for_affinities if problem.affinity is not None else _for_candidates
    cost = cost_of_networks(problem, enough - heads)
    return None if cost is None else cost + heads


class Programme:
    """Whole numbers ``x``, each from 0 to its most, that minimise ``cost · x`` under linear conditions."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self._most: list[float] = []
        self._ranges: list[tuple[float, float]] = []
        self._entries: list[tuple[float, int, int]] = []  # factor, row, column

    def variable(self, most: float = 1, cost: float = 0.0) -> int:
        """The number of a new one, 0 or 1 unless it may be more."""
        self._most.append(most)
        self.costs.append(cost)
        return len(self._most) - 1

    def require(self, least: float, terms: Terms, most: float) -> None:
        """``least ≤ Σ factor · variable ≤ most``."""
        self._entries += [(factor, len(self._ranges), column) for factor, column in terms]
        self._ranges.append((least, most))

    def solve(self, any_will_do: bool = False) -> np.ndarray | None:
        """An x of the least cost, or just any; ``None`` if there is none."""
        costs = np.array(self.costs) * (not any_will_do)
        least, most = np.array(self._ranges).T
        factor, row, column = np.array(self._entries, dtype=float).reshape(-1, 3).T
        rows = coo_array((factor, (row.astype(int), column.astype(int))), (len(least), len(costs))).tocsr()
        for presolve in (True, False):  # the second try is for the few where the first fails
            found = milp(
                costs / costs[costs > 0].min(initial=inf),  # as the solver's tolerances are absolute
                integrality=np.ones(len(costs)),
                bounds=Bounds(0, np.array(self._most, dtype=float)),
                constraints=LinearConstraint(rows, least, most),
                options={"mip_rel_gap": 0, "presolve": presolve},
            )
            if found.status == 2:  # infeasible
                return None
            if found.status == 0:
                x = np.rint(found.x)
                if (rows @ x >= least).all() and (rows @ x <= most).all():
                    return x
        raise RuntimeError(f"HiGHS ended without an answer: {found.message}")


def _for_candidates(problem: GroupingProblem, enough: float) -> float | None:
    """`_cost` for candidates, a head for each serving task left out.

    The variables are whether a candidate is chosen, once at the most as a copy could serve nothing that it could
    not, and whether it serves a task.
    """
    together = [[task for task in group if task in problem.serving] for group in problem.constraints.together]
    most = problem.constraints.max_auxiliaries
    programme = Programme()
    servers: dict[str, list[int]] = {task: [] for task in problem.serving}
    for candidate, able in _usable(problem):
        chosen = programme.variable(cost=candidate.cost - problem.head_cost)
        serves = {task: programme.variable() for task in able}
        for task, column in serves.items():
            servers[task].append(column)
            programme.require(-inf, [(1, column), (-1, chosen)], 0)
        for group in together:
            for one, other in pairwise(task for task in group if task in able):
                programme.require(0, [(1, serves[one]), (-1, serves[other])], 0)
        if most is not None:
            programme.require(
                -inf, [(len(candidate.tasks) - most, chosen), *((-1, column) for column in serves.values())], 0
            )
    if not all(servers.values()):
        return None
    for columns in servers.values():
        programme.require(1, [(1, column) for column in columns], 1)
    values = programme.solve(any_will_do=enough == inf)
    return None if values is None else fsum(programme.costs * values)


def _usable(problem: GroupingProblem) -> Iterable[tuple[Candidate, frozenset[str]]]:
    """The candidates that keep to the constraints, each with the tasks that it may serve.

    Where auxiliaries are not limited, none that costs as much as another one and may serve no other task.
    """
    most = problem.constraints.max_auxiliaries
    found = []
    for candidate in problem.candidates:
        able = _may_serve(problem, candidate)
        if able and (most is None or len(candidate.tasks) - len(able) <= most):
            found.append((candidate, able))
    if most is not None:
        return found
    found.sort(key=lambda pair: (-len(pair[1]), pair[0].cost))
    kept: list[tuple[Candidate, frozenset[str]]] = []
    for candidate, able in found:
        if not any(able <= other and candidate.cost >= cheaper.cost for cheaper, other in kept):
            kept.append((candidate, able))
    return kept


def _may_serve(problem: GroupingProblem, candidate: Candidate) -> frozenset[str]:
    constraints, network = problem.constraints, frozenset(candidate.tasks)
    too_large = constraints.max_size is not None and len(network) > constraints.max_size
    if too_large or not network.isdisjoint(constraints.excluded):
        return frozenset()
    if any(len(network.intersection(group)) > 1 for group in constraints.apart):
        return frozenset()
    able = network.intersection(problem.serving)
    able -= {task for task, pin in constraints.pinned if network != set(pin)}
    while True:  # what has to be served with a task that cannot be served cannot be served either
        apart = [
            group
            for group in constraints.together
            if not (able.issuperset(task for task in group if task in problem.serving) and network.issuperset(group))
        ]
        if able.isdisjoint(task for group in apart for task in group):
            return able
        able = able.difference(*apart)


def _for_affinities(problem: GroupingProblem, enough: float) -> float | None:
    """`_cost` for affinities, a head for each serving task left out.

    The programme has to know how many networks there may be at the most. It starts with few and takes more until
    there is a grouping; then, if that one is not cheap ``enough``, as many as its cost could buy.
    """
    clique = max((len(set(group) & set(problem.serving)) for group in problem.constraints.apart), default=1)
    most, more = len(problem.serving), 1
    networks = max(ceil(most / max(_limits(problem))), clique)
    while (cost := _with(problem, networks, enough)) is None:
        if networks == most:
            return None
        networks, more = min(networks + more, most), 2 * more
    affordable = min(floor(cost / (problem.costs[0] - problem.head_cost) + SAME_COST), most)
    return cost if affordable <= networks or cost <= enough else _with(problem, affordable, enough)


def _limits(problem: GroupingProblem) -> list[int]:
    """The most tasks that a network of each capacity may hold."""
    every = len(problem.tasks), problem.constraints.max_size
    return [min(n for n in (*every, size.max_size) if n is not None) for size in problem.capacities]


def _with(problem: GroupingProblem, networks: int, enough: float) -> float | None:
    """`_for_affinities` with at most so many networks.

    Tasks that no constraint names can all stand in for each other, so that it is enough to count them. Networks are
    numbered by the first named task that they serve, unused ones at the end.
    """
    named = set(problem.constraints.named())
    serving = [task for task in problem.serving if task in named]
    programme = Programme()
    made: list[_Variables] = []
    for number in range(networks):
        network = _Variables(
            size={
                programme.variable(cost=capacity.cost - problem.head_cost): limit
                for capacity, limit in zip(problem.capacities, _limits(problem), strict=True)
            },
            held={
                task: programme.variable(most=task not in problem.constraints.excluded)
                for task in problem.tasks
                if task in named
            },
            served={task: programme.variable(most=number <= place) for place, task in enumerate(serving)},
            others_held=programme.variable(most=len(problem.tasks) - len(named)),
            others_served=programme.variable(most=len(problem.serving) - len(serving)),
        )
        _keep_to_constraints(programme, problem, network)
        if made:
            programme.require(-inf, [*network.used(1), *made[-1].used(-1)], 0)
        made.append(network)
    for task in serving:
        programme.require(1, [(1, network.served[task]) for network in made], 1)
    others = len(problem.serving) - len(serving)
    programme.require(others, [(1, network.others_served) for network in made], others)
    values = programme.solve(any_will_do=enough == inf)
    return None if values is None else fsum(programme.costs * values)


class _Variables(NamedTuple):
    """Of one network: whether it has a size, with the size's limit; which tasks that a constraint names it holds and
    serves; how many of the others it holds, those that it serves included, and serves."""

    size: dict[int, int]
    held: dict[str, int]
    served: dict[str, int]
    others_held: int
    others_served: int

    def used(self, factor: float) -> Terms:
        """So many times 1 where there is such a network, 0 where there is none."""
        return [(factor, column) for column in self.size]

    def holds(self) -> Terms:
        """The number of tasks that it holds."""
        return [(1, column) for column in (*self.held.values(), self.others_held)]


def _keep_to_constraints(programme: Programme, problem: GroupingProblem, network: _Variables) -> None:
    constraints = problem.constraints
    held, served = network.held, network.served

    def at_most(most: float, *terms: tuple[float, int]) -> None:
        programme.require(-inf, terms, most)

    at_most(1, *network.used(1))
    for task, column in held.items():
        at_most(0, (1, column), *network.used(-1))
        if task in served:
            at_most(0, (1, served[task]), (-1, column))
    at_most(0, (1, network.others_served), (-1, network.others_held))
    at_most(0, *network.holds(), *((-limit, column) for column, limit in network.size.items()))
    if problem.singleton == "forbid":
        programme.require(0, [*network.holds(), *network.used(-2)], inf)
    if (most := constraints.max_auxiliaries) is not None:
        serves = ((-1, column) for column in (*served.values(), network.others_served))
        at_most(0, *network.holds(), *serves, *network.used(-most))
    for group in constraints.apart:
        at_most(0, *((1, held[task]) for task in group), *network.used(-1))
    for group in constraints.together:
        serving = [task for task in group if task in served]
        for one, other in pairwise(serving):
            programme.require(0, [(1, served[one]), (-1, served[other])], 0)
        for task in group if serving else ():
            at_most(0, (1, served[serving[0]]), (-1, held[task]))
    for task, pin in constraints.pinned:
        for other in held:
            if other in pin:
                at_most(0, (1, served[task]), (-1, held[other]))
            else:
                at_most(1, (1, served[task]), (1, held[other]))
        others = len(problem.tasks) - len(held)
        at_most(others, (others, served[task]), (1, network.others_held))
