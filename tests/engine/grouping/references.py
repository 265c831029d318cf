"""Slow and obvious solutions of the grouping problem, and random problems to hold them against.

Both solutions are written from the definitions, in plain Python, and share no code with the engine's solvers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, combinations, combinations_with_replacement, product

import numpy as np

from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.problem import HIGHER, LOWER, GroupingProblem

Best = tuple | None  # the best value, and the least hundredths of an SNT that buy it; None where nothing is feasible


class Plain:
    """A grouping problem as plain Python: sets of task names, costs in hundredths of an SNT, numbers of any type.

    Args:
        number: turns a float into the type to calculate with: ``float``, or ``Fraction`` to be exact.
    """

    def __init__(self, problem: GroupingProblem, number: type = float) -> None:
        self.problem = problem
        self.number = number
        self.constraints = problem.constraints
        weights = problem.weights or [1.0] * len(problem.serving)
        self.weight = {task: number(weight) for task, weight in zip(problem.serving, weights, strict=True)}
        self.networks = [frozenset(network) for network in subsets(problem.tasks)]
        self.head = hundredths(problem.head_cost)
        self.measured, self.sizes, self.onto = {}, {}, {}
        if problem.affinity is None:
            for candidate in problem.candidates:
                scores = dict(zip(candidate.tasks, map(number, candidate.scores), strict=True))
                self.measured[frozenset(candidate.tasks), hundredths(candidate.cost)] = scores
            self.costs = sorted({cost for _, cost in self.measured})
        else:
            self.sizes = {hundredths(size.cost): size for size in problem.capacities}
            self.costs = sorted(self.sizes)
            for row, source in enumerate(problem.tasks):
                for column, target in enumerate(problem.tasks):
                    self.onto[source, target] = number(float(problem.affinity[row][column]))

    def score(self, task: str, network: frozenset, cost: int):
        """The task's score in the network of that cost, its first head included; ``None`` where there is none."""
        if self.problem.affinity is None:
            return self.measured.get((network, cost), {}).get(task)
        change = self.number(self.sizes[cost].change)
        others = network - {task}
        if others:
            total = sum(self.onto[source, task] for source in others)
            return change + (total if self.problem.aggregate == "sum" else total / len(others))
        rule = self.problem.singleton
        if rule == "forbid":
            return None
        if rule == "diagonal":
            return change + self.onto[task, task]
        return change + self.number(dict(rule)[task] if isinstance(rule, tuple) else rule)

    def can_be_trained(self, network: frozenset, cost: int) -> bool:
        """Whether the network breaks no rule, whomever it serves."""
        limits = [self.constraints.max_size]
        if self.problem.affinity is None:
            if (network, cost) not in self.measured:
                return False
        else:
            limits.append(self.sizes[cost].max_size)
        if any(limit is not None and len(network) > limit for limit in limits):
            return False
        if network & set(self.constraints.excluded):
            return False
        return all(len(network & set(group)) <= 1 for group in self.constraints.apart)

    def can_serve(self, network: frozenset, block: frozenset) -> bool:
        """Whether a network that serves exactly the block breaks no rule by that."""
        most = self.constraints.max_auxiliaries
        if not block <= network or (most is not None and len(network) - len(block) > most):
            return False
        for task, pin in self.constraints.pinned:
            if task in block and network != set(pin):
                return False
        for group in map(set, self.constraints.together):
            if group & block and not (group & set(self.problem.serving) <= block and group <= network):
                return False
        return True

    def worth(self, block: frozenset, network: frozenset, cost: int):
        """The weighted sum of the block's scores; ``None`` where the network may not serve the block."""
        if not (self.can_be_trained(network, cost) and self.can_serve(network, block)):
            return None
        scores = [self.score(task, network, cost) for task in sorted(block)]
        if None in scores:
            return None
        return sum(self.weight[task] * score for task, score in zip(sorted(block), scores, strict=True))

    def best_by_cost(self, block: frozenset) -> dict[int, object]:
        """The most that the block is worth in any network, for every cost that such a network can have."""
        found: dict[int, object] = {}
        for network in self.networks:
            for cost in self.costs:
                worth = self.worth(block, network, cost)
                paid = cost + self.head * (len(block) - 1)
                if worth is not None and (paid not in found or worth > found[paid]):
                    found[paid] = worth
        return found


def by_partitions(problem: GroupingProblem, budgets: Sequence[float], number: type = float) -> list[Best]:
    """For each budget the best of all partitions of the serving tasks, each block in every network at every cost."""
    plain = Plain(problem, number)
    options = {block: plain.best_by_cost(block) for block in map(frozenset, subsets(problem.serving))}
    best: dict[int, object] = {}
    for partition in partitions(problem.serving):
        totals: dict[int, object] = {0: number(0)}
        for block in partition:
            longer: dict[int, object] = {}
            for (paid, total), (cost, worth) in product(totals.items(), options[block].items()):
                if paid + cost not in longer or total + worth > longer[paid + cost]:
                    longer[paid + cost] = total + worth
            totals = longer
        for paid, total in totals.items():
            if paid not in best or total > best[paid]:
                best[paid] = total
    return _within(best, budgets, sum(plain.weight.values()))


def by_sets_of_networks(problem: GroupingProblem, budgets: Sequence[float], number: type = float) -> list[Best]:
    """For each budget the best of all sets of networks, however the serving tasks are given to those that hold them.

    It takes nothing for granted about blocks: networks may repeat and may serve nobody. More networks than serving
    tasks are left out, as some of them would do nothing but cost. For four tasks at the most.
    """
    plain = Plain(problem, number)
    serving, conditions = problem.serving, problem.constraints
    networks = [pair for pair in product(plain.networks, plain.costs) if plain.can_be_trained(*pair)]
    best: dict[int, object] = {}
    for count in range(1, len(serving) + 1):
        for chosen in combinations_with_replacement(networks, count):
            holders = [[place for place, (network, _) in enumerate(chosen) if task in network] for task in serving]
            for places in product(*holders):
                serves = [[task for task, at in zip(serving, places, strict=True) if at == own] for own in range(count)]
                server = dict(zip(serving, places, strict=True))
                auxiliaries = [len(network) - len(own) for (network, _), own in zip(chosen, serves, strict=True)]
                if conditions.max_auxiliaries is not None and max(auxiliaries) > conditions.max_auxiliaries:
                    continue
                if any(chosen[server[task]][0] != set(pin) for task, pin in conditions.pinned):
                    continue
                if not all(_kept_together(group, server, chosen) for group in conditions.together):
                    continue
                scores = {task: plain.score(task, *chosen[server[task]]) for task in serving}
                if None in scores.values():
                    continue
                heads = sum(max(len(own), 1) - 1 for own in serves)
                paid = sum(cost for _, cost in chosen) + plain.head * heads
                total = sum(plain.weight[task] * scores[task] for task in serving)
                if paid not in best or total > best[paid]:
                    best[paid] = total
    return _within(best, budgets, sum(plain.weight.values()))


def _kept_together(group: tuple[str, ...], server: dict[str, int], chosen: tuple) -> bool:
    """Whether one network serves all serving tasks of the group, and holds the others; nothing where none serves."""
    places = {server[task] for task in group if task in server}
    return not places or (len(places) == 1 and set(group) <= chosen[places.pop()][0])


def _within(best: dict[int, object], budgets: Sequence[float], weight) -> list[Best]:
    found: list[Best] = []
    for budget in budgets:
        affordable = [(total, -paid) for paid, total in best.items() if paid <= hundredths(budget)]
        total, paid = max(affordable, default=(None, 0))
        found.append(None if total is None else (total / weight, -paid))
    return found


def hundredths(snt: float) -> int:
    """A cost or budget in whole hundredths of an SNT."""
    exact = Fraction(repr(float(snt))) * 100
    assert exact.denominator == 1, f"{snt} SNT is no whole number of hundredths"
    return exact.numerator


def subsets(tasks: Iterable) -> Iterator[tuple]:
    """All but the empty one."""
    tasks = tuple(tasks)
    return chain.from_iterable(combinations(tasks, size) for size in range(1, len(tasks) + 1))


def partitions(tasks: tuple) -> Iterator[list[frozenset]]:
    if not tasks:
        yield []
        return
    first, rest = tasks[0], tasks[1:]
    for partition in partitions(rest):
        yield [frozenset({first}), *partition]
        for position, block in enumerate(partition):
            yield [*partition[:position], block | {first}, *partition[position + 1 :]]


MATRICES = {
    "mixed signs": lambda rng, size: rng.normal(size=(size, size)),
    "all negative": lambda rng, size: -rng.uniform(1, 200, size=(size, size)),
    "all positive": lambda rng, size: rng.uniform(0.001, 5, size=(size, size)),
    "integers with ties": lambda rng, size: rng.integers(-2, 3, size=(size, size)).astype(float),
    "near ties": lambda rng, size: rng.integers(-2, 3, (size, size)) + 1e-4 * rng.normal(size=(size, size)),
    "tiny differences": lambda rng, size: 1 + 1e-6 * rng.normal(size=(size, size)),
    "a shunned task": lambda rng, size: rng.normal(size=(size, size)) - 1e6 * (np.arange(size) == 0)[:, None],
}
CANDIDATES = ("candidates", "candidates with ties")
KINDS = (*MATRICES, *CANDIDATES)
EXACT = ("integers with ties", "candidates with ties")  # all scores and weights are small whole numbers


def narrow_problem(seed: int, tasks: int, kind: str | None = None) -> GroupingProblem:
    """A problem of affinities with neither weights, sizes nor constraints; it can be solved within any budget from 1.

    Args:
        kind: one of ``MATRICES``; any where left out.
    """
    rng = np.random.default_rng(seed)
    names = tuple(f"t{number}" for number in range(tasks))
    serving = rng.permutation(names)[: rng.integers(1, tasks + 1)].tolist() if rng.random() < 0.5 else None
    affinity = MATRICES[kind or rng.choice(list(MATRICES))](rng, tasks)
    number = float(rng.integers(-2, 3)) if kind == "integers with ties" else float(rng.normal())
    singleton = ("forbid", "diagonal", number)[rng.integers(3)]
    if tasks == 1 and singleton == "forbid":
        singleton = "diagonal"
    return GroupingProblem(names, affinity, serving, ("mean", "sum")[rng.integers(2)], singleton)


def random_problem(seed: int, tasks: int, kind: str | None = None) -> GroupingProblem:
    """A problem in which anything may occur, and which perhaps no grouping solves; it follows from the seed.

    Args:
        kind: one of ``KINDS``; any where left out, candidates in a third of all cases.
    """
    rng = np.random.default_rng(seed)
    if kind is None:
        kind = str(rng.choice(CANDIDATES if rng.random() < 1 / 3 else list(MATRICES)))
    names = tuple(f"t{number}" for number in range(tasks))
    constraints = _constraints(rng, names)
    left = tuple(task for task in names if task not in constraints.get("excluded", ()))
    serving = _some(rng, names if rng.random() < 0.1 else left, most=tasks) if rng.random() < 0.5 else left
    if rng.random() < 0.2:
        constraints["pinned"] = {
            task: (task, *(other for other in left if other != task and rng.random() < 0.4))
            for task in _some(rng, serving, most=2)
        }

    def number() -> float:
        return float(rng.integers(-2, 3)) if kind in EXACT else float(rng.normal())

    weights = None
    if rng.random() < 0.4:
        drawn = [float(rng.integers(1, 4)) if kind in EXACT else float(rng.uniform(0.1, 3)) for _ in serving]
        weights = drawn if rng.random() < 0.5 else dict(zip(serving[1:], drawn[1:], strict=True))
    if kind in CANDIDATES:
        scores = {"candidates": _candidates(rng, names, serving, number), "direction": (HIGHER, LOWER)[rng.integers(2)]}
    else:
        scores = {
            "affinity": MATRICES[kind](rng, tasks),
            "aggregate": ("mean", "sum")[rng.integers(2)],
            "singleton": (
                "forbid" if tasks > 1 else "diagonal",
                "diagonal",
                number(),
                {task: number() for task in names},
            )[rng.integers(4)],
            "capacities": _capacities(rng, tasks, number),
        }
    return GroupingProblem(
        names,
        serving=serving,
        weights=weights,
        head_cost=float(rng.choice([0.0, 0.0, 0.1, 0.25])),
        constraints=Constraints(**constraints),
        **scores,
    )


def _some(rng: np.random.Generator, pool: Sequence[str], least: int = 1, most: int = 3) -> tuple[str, ...]:
    return tuple(rng.permutation(pool)[: rng.integers(least, min(most, len(pool)) + 1)].tolist())


def _constraints(rng: np.random.Generator, names: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    if len(names) > 1:
        if rng.random() < 0.15:
            found["excluded"] = _some(rng, names[1:], most=2)
        for condition, chance in (("together", 0.25), ("apart", 0.3)):
            if rng.random() < chance:
                found[condition] = tuple(_some(rng, names, least=2) for _ in range(rng.integers(1, 3)))
    if rng.random() < 0.2:
        found["max_size"] = int(rng.integers(1, len(names) + 1))
    if rng.random() < 0.25:
        found["max_auxiliaries"] = int(rng.integers(0, 3))
    return found


def _candidates(
    rng: np.random.Generator, names: tuple[str, ...], serving: tuple[str, ...], number: Callable[[], float]
) -> tuple[Candidate, ...]:
    """Most networks, some of them at two costs; every serving task is in one of them."""
    found = []
    for network in subsets(names):
        for cost in rng.permutation([0.5, 1.0, 2.0])[: rng.choice([0, 1, 1, 2])].tolist():
            found.append(Candidate(network, tuple(number() for _ in network), cost))
    held = {task for candidate in found for task in candidate.tasks}
    missing = [Candidate((task,), (number(),)) for task in serving if task not in held]
    return tuple(found[place] for place in rng.permutation(len(found))) + tuple(missing)


def _capacities(rng: np.random.Generator, tasks: int, number: Callable[[], float]) -> tuple[Capacity, ...]:
    double = Capacity(2.0, None if rng.random() < 0.5 else int(rng.integers(1, tasks + 1)), abs(number()))
    half = Capacity(0.5, int(rng.integers(1, tasks + 1)), -abs(number()))
    return ((FULL,), (HALF_SINGLE, FULL), (FULL, double), (double, HALF_SINGLE, FULL), (half, FULL))[rng.integers(5)]
