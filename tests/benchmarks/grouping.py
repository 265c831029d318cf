"""How long the best groupings take: ``python -m tests.benchmarks.grouping``.

Two tables. The first: all budgets at once by `exact_subsets`, cold (nothing enumerated before) and warm, against the
goals. The second: one budget at 7 tasks, beside the integer programme and the plain enumeration of sets of networks,
which is how the authors' notebook of TAG searches; all three must agree.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from itertools import combinations
from statistics import median

import numpy as np

from engine.grouping import exact_subsets, integer_program
from engine.grouping.problem import GroupingProblem

REPEATS = 7
GOALS = [(9, 9, 50), (12, 12, None), (14, 14, 2000), (14, 100, 2000)]  # serving tasks, tasks, milliseconds
BUDGET = 3


def main() -> None:
    print(f"All budgets, exact_subsets: median milliseconds of {REPEATS} random problems")
    print(f"{'serving':>8}{'tasks':>7}{'cold':>9}{'warm':>9}{'goal':>9}")
    for serving, tasks, goal in GOALS:
        problems = [random_problem(seed, serving, tasks) for seed in range(REPEATS)]
        cold = median(milliseconds(partial(cold_solve_all, problem)) for problem in problems)
        warm = median(milliseconds(partial(exact_subsets.solve_all_budgets, problem)) for problem in problems)
        verdict = "" if goal is None else "  met" if cold <= goal else "  MISSED"
        print(f"{serving:>8}{tasks:>7}{cold:>9.1f}{warm:>9.1f}{goal or '–':>9}{verdict}")

    problem = random_problem(0, 7, 7)
    methods = {
        "exact_subsets": lambda: exact_subsets.solve(problem, BUDGET).value,
        "integer_program": lambda: integer_program.solve(problem, BUDGET).value,
        "plain enumeration": lambda: enumerate_networks(problem, BUDGET),
    }
    values = {name: method() for name, method in methods.items()}
    if not all(math.isclose(value, values["exact_subsets"], rel_tol=1e-9) for value in values.values()):
        raise SystemExit(f"The methods disagree: {values}")
    print(f"\n7 tasks, at most {BUDGET} networks: median milliseconds of 3, and ratio to exact_subsets")
    times = {name: median(milliseconds(method) for _ in range(3)) for name, method in methods.items()}
    for name, spent in times.items():
        print(f"{name:>18}{spent:>10.1f}{spent / times['exact_subsets']:>9.0f} ×")


def random_problem(seed: int, serving: int, tasks: int) -> GroupingProblem:
    names = tuple(f"t{number}" for number in range(tasks))
    return GroupingProblem(names, np.random.default_rng(seed).normal(size=(tasks, tasks)), names[:serving])


def cold_solve_all(problem: GroupingProblem) -> None:
    exact_subsets._subsets.cache_clear()
    exact_subsets.solve_all_budgets(problem)


def enumerate_networks(problem: GroupingProblem, budget: int) -> float:
    """The best value over all sets of at most ``budget`` networks, each task served by the best that holds it."""
    networks = [n for size in range(1, len(problem.tasks) + 1) for n in combinations(problem.tasks, size)]
    scores = [
        [problem.score(task, network) if task in network else -math.inf for task in problem.serving]
        for network in networks
    ]
    best = max(
        sum(max(options) for options in zip(*chosen, strict=True))
        for size in range(1, budget + 1)
        for chosen in combinations(scores, size)
    )
    return best / len(problem.serving)


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
