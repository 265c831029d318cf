"""Slow and obvious solutions of the grouping problem, and random problems to hold them against."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from engine.grouping.problem import GroupingProblem


@dataclass(frozen=True)
class PlainProblem:
    """A grouping problem as plain Python numbers, which may be fractions; tasks are positions."""

    affinity: list[list]
    serving: tuple[int, ...]
    aggregate: str
    singleton: object

    def score(self, task: int, network: tuple[int, ...]):
        others = [source for source in network if source != task]
        if not others:
            if self.singleton == "forbid":
                return None
            return self.affinity[task][task] if self.singleton == "diagonal" else self.singleton
        total = sum(self.affinity[source][task] for source in others)
        return total if self.aggregate == "sum" else total / len(others)


def plain(problem: GroupingProblem, number=float) -> PlainProblem:
    """The same problem, its numbers turned into ``number``."""
    singleton = problem.singleton if isinstance(problem.singleton, str) else number(problem.singleton)
    affinity = [[number(entry) for entry in row] for row in problem.affinity.tolist()]
    serving = tuple(problem.tasks.index(task) for task in problem.serving)
    return PlainProblem(affinity, serving, problem.aggregate, singleton)


def by_partitions(problem: PlainProblem) -> list:
    """For each budget, the best value: every partition of the serving tasks, every network around a block."""
    best = [None] * len(problem.serving)
    worth = {block: _best_network(problem, block) for block in _subsets(problem.serving)}
    for partition in _partitions(problem.serving):
        parts = [worth[tuple(sorted(block, key=problem.serving.index))] for block in partition]
        if None not in parts:
            value = sum(parts) / len(problem.serving)
            for budget in range(len(partition), len(best) + 1):
                if best[budget - 1] is None or value > best[budget - 1]:
                    best[budget - 1] = value
    return best


def by_sets_of_networks(problem: PlainProblem) -> list:
    """For each budget, the best value: every set of networks, each task served by the best one that holds it.

    As in the authors' notebook; it takes nothing for granted about blocks.
    """
    networks = list(_subsets(range(len(problem.affinity))))
    scores = [
        {task: score for task in network if (score := problem.score(task, network)) is not None} for network in networks
    ]
    best = []
    for budget in range(1, len(problem.serving) + 1):
        values = [best[-1]] if best else []
        for chosen in combinations(scores, budget):
            options = [[score[task] for score in chosen if task in score] for task in problem.serving]
            if all(options):
                values.append(sum(map(max, options)) / len(options))
        best.append(max((value for value in values if value is not None), default=None))
    return best


def _best_network(problem: PlainProblem, block: tuple[int, ...]):
    outsiders = [task for task in range(len(problem.affinity)) if task not in block]
    totals = []
    for auxiliaries in chain([()], _subsets(outsiders)):
        scores = [problem.score(task, (*block, *auxiliaries)) for task in block]
        if None not in scores:
            totals.append(sum(scores))
    return max(totals, default=None)


def _subsets(tasks: Iterable[int]) -> Iterator[tuple[int, ...]]:
    tasks = tuple(tasks)
    return chain.from_iterable(combinations(tasks, size) for size in range(1, len(tasks) + 1))


def _partitions(tasks: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    if not tasks:
        yield []
        return
    first, rest = tasks[0], tasks[1:]
    for partition in _partitions(rest):
        yield [(first,), *partition]
        for position, block in enumerate(partition):
            yield [*partition[:position], (first, *block), *partition[position + 1 :]]


MATRICES = {
    "mixed signs": lambda rng, size: rng.normal(size=(size, size)),
    "all negative": lambda rng, size: -rng.uniform(1, 200, size=(size, size)),
    "all positive": lambda rng, size: rng.uniform(0.001, 5, size=(size, size)),
    "integers with ties": lambda rng, size: rng.integers(-2, 3, size=(size, size)).astype(float),
    "near ties": lambda rng, size: rng.integers(-2, 3, (size, size)) + 1e-4 * rng.normal(size=(size, size)),
    "tiny differences": lambda rng, size: 1 + 1e-6 * rng.normal(size=(size, size)),
    "a shunned task": lambda rng, size: rng.normal(size=(size, size)) - 1e6 * (np.arange(size) == 0)[:, None],
}


def random_problem(seed: int, tasks: int, kind: str | None = None) -> GroupingProblem:
    """A problem of ``tasks`` tasks; its matrix, serving tasks and rules follow from the seed."""
    rng = np.random.default_rng(seed)
    names = tuple(f"t{number}" for number in range(tasks))
    serving = rng.permutation(names)[: rng.integers(1, tasks + 1)].tolist() if rng.random() < 0.5 else None
    affinity = MATRICES[kind or rng.choice(list(MATRICES))](rng, tasks)
    number = float(rng.integers(-2, 3)) if kind == "integers with ties" else float(rng.normal())
    singleton = ("forbid", "diagonal", number)[rng.integers(3)]
    if tasks == 1 and singleton == "forbid":
        singleton = "diagonal"
    return GroupingProblem(names, affinity, serving, ("mean", "sum")[rng.integers(2)], singleton)
