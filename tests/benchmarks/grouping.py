"""How long the best groupings take, and how far their proofs reach: ``python -m tests.benchmarks.grouping``.

Every number is the median over random problems of each kind in `tests.benchmarks.grouping_problems`, in one process
whose compiled code is loaded. The last table holds the plain enumeration of the papers' code and PuLP beside it.
``--short`` takes one problem of a kind and shorter limits.
"""

import argparse
import math
import time
from collections.abc import Callable
from itertools import combinations
from statistics import median

import numpy as np

from engine.grouping import column_generation, exact_subsets, integer_program, local_search
from engine.grouping.problem import GroupingProblem
from engine.grouping.solving import solve
from engine.grouping.stability import stability
from engine.grouping.stop import Stop
from engine.grouping.warm_up import warm_up
from tests.benchmarks.grouping_problems import KINDS, STRUCTURED, problem_of, standley


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    short = parser.parse_args().short
    seeds = range(1 if short else 2)
    warm_up()
    _exact(seeds)
    _twenty(seeds)
    _proofs(seeds, short)
    _first_answers(seeds, short)
    _warm(seeds)
    _against_others(short)


def _exact(seeds: range) -> None:
    print("All budgets at once, exact: milliseconds")
    five = standley()
    _row("5 tasks, 36 candidates at half costs", [_ms(lambda: exact_subsets.solve_all_budgets(five))], 5)
    for serving, goal in ((9, 5), (12, 10), (16, 150)):
        problems = [problem_of(kind, serving, serving, seed) for kind in KINDS for seed in seeds]
        times = [_ms(lambda p=problem: exact_subsets.solve_all_budgets(p)) for problem in problems]
        _row(f"{serving} tasks", times, goal)
    times = []
    for kind in KINDS:
        problem = problem_of(kind, 12, 12, 0)
        noise = np.random.default_rng(0).normal(size=(200, 12, 12)) * np.abs(problem.affinity).std()
        times.append(_ms(lambda p=problem, n=noise: _bootstrap(p, n)))
        solution = solve(problem, 4)
        spent = _ms(lambda s=solution, p=problem, n=noise: stability(s, p.affinity + 0.2 * n, seconds=60))
        print(f"  {'':46}stability of one grouping, {kind}: {spent:.0f}")
    _row("12 tasks, 200 replicates of all budgets", times, 500)


def _bootstrap(problem: GroupingProblem, noise: np.ndarray) -> None:
    for drawn in problem.affinity + 0.2 * noise:
        replicate = exact_subsets.Blocks(GroupingProblem(problem.tasks, drawn))
        exact_subsets.best_partitions(replicate, len(problem.serving))


def _twenty(seeds: range) -> None:
    print("\n20 serving tasks: seconds until proved, all budgets together with one table")
    for tasks, budgets, goal in ((20, range(1, 9), 0.5), (100, range(2, 9), 1.0)):
        firsts, times, proved = [], [], 0
        for kind in KINDS:
            for seed in seeds:
                generation_started = time.perf_counter()
                generation = column_generation.ColumnGeneration(problem_of(kind, 20, tasks, seed))
                first = None
                for budget in budgets:
                    with Stop(10) as stop:
                        for solution in generation.improve(budget, stop):  # noqa: B007
                            first = first or time.perf_counter() - generation_started
                    proved += solution.proved_optimal
                times.append(time.perf_counter() - generation_started)
                firsts.append(first * 1e3)
        count = len(times) * len(budgets)
        _row(f"20 of {tasks}, budgets {budgets[0]}–{budgets[-1]} ({proved} of {count} proved)", times, goal, "s")
        _row(f"20 of {tasks}, first answer", firsts, 20 if tasks == 20 else None)


def _proofs(seeds: range, short: bool) -> None:
    print("\nOne budget: seconds until proved, or the gap at the limit")
    cases = [
        *((kind, 30, 30, budget, 3) for kind in KINDS for budget in ((4,) if short else (2, 3, 4, 6, 8))),
        *((kind, 20, 40, budget, 1 if kind == "celeba" else 10) for kind in KINDS for budget in (3, 6)),
        *((kind, 40, 40, budget, 10) for kind in KINDS for budget in (6, 8)),
    ]
    for kind, serving, tasks, budget, limit in cases:
        told = []
        for seed in seeds:
            limit_here = min(limit, 2) if short else limit
            solution = column_generation.solve(problem_of(kind, serving, tasks, seed), budget, time_limit=limit_here)
            told.append(f"{solution.seconds:.2f} s" if solution.proved_optimal else f"gap {solution.gap:.2%}")
        goal = f"{limit} s" if serving < 40 else "5 % in 10 s"
        print(f"  {kind:10} {serving:3} of {tasks:3} at {budget}: {', '.join(told):40} goal {goal}")


def _first_answers(seeds: range, short: bool) -> None:
    print("\nThe first answer: milliseconds, and how far below the best known")
    for tasks, goal in ((40, 50), (100, 150), (200, None)):
        for kind in KINDS:
            times, lost = [], []
            for seed in seeds:
                problem = problem_of(kind, tasks, tasks, seed)
                started = time.perf_counter()
                with Stop() as stop:
                    first = next(column_generation.ColumnGeneration(problem).improve(6, stop))
                times.append((time.perf_counter() - started) * 1e3)
                best = max(
                    local_search.solve(problem, 6, restarts=2 if short else 8, seed=9).value,
                    *(
                        [column_generation.solve(problem, 6, time_limit=5).value]
                        if tasks < 200 and not short
                        else [first.value]
                    ),
                    first.value,
                )
                lost.append((best - first.value) / abs(best))
            below = f"{median(lost):.2%} (at worst {max(lost):.2%})"
            _row(f"{tasks} tasks, {kind:10} {below} below", times, goal)
    print(f"  structured kinds: {', '.join(STRUCTURED)}")


def _warm(seeds: range) -> None:
    print("\nSolved again after a change, 12 tasks: milliseconds")
    times = []
    for kind in KINDS:
        for seed in seeds:
            problem = problem_of(kind, 12, 12, seed)
            exact_subsets.solve_all_budgets(problem)
            times.append(
                _ms(lambda p=problem: exact_subsets.solve_all_budgets(p.with_constraints(apart=(("t0", "t1"),))))
            )
    _row("one constraint more, all budgets", times, 50)


def _against_others(short: bool) -> None:
    print(
        "\nOne budget beside the papers' enumeration and PuLP: milliseconds, and ratio to all budgets by exact_subsets"
    )
    for tasks, budget in ((7, 3),) if short else ((9, 2), (9, 3)):
        problem = problem_of("celeba", tasks, tasks, 0)
        ours = median(_ms(lambda p=problem: exact_subsets.solve_all_budgets(p)) for _ in range(9))
        value = exact_subsets.solve(problem, budget).value
        methods = {
            "enumeration": lambda p=problem, b=budget: enumerate_networks(p, b),
            "PuLP, CBC": lambda p=problem, b=budget: integer_program.solve(p, b).value,
            "PuLP, HiGHS": lambda p=problem, b=budget: integer_program.solve(p, b, backend="highs").value,
        }
        for name, method in methods.items():
            found: list[float] = []
            spent = _ms(lambda m=method, f=found: f.append(m()))
            if not math.isclose(found[0], value, rel_tol=1e-9):
                raise SystemExit(f"{name} finds {found[0]}, exact_subsets {value}")
            print(f"  {tasks} tasks, {budget} networks, {name:12}{spent:12.1f}{spent / ours:12.0f} ×")


def enumerate_networks(problem: GroupingProblem, budget: int) -> float:
    """The best value over all sets of at most ``budget`` networks, each task served by the best that holds it.

    As the notebook of TAG's authors searches, without its file access.
    """
    networks = [n for size in range(1, len(problem.tasks) + 1) for n in combinations(problem.tasks, size)]
    scores = [
        [problem.score(task, network) if task in network else -math.inf for task in problem.serving]
        for network in networks
    ]
    best = -math.inf
    for size in range(1, budget + 1):
        for chosen in combinations(scores, size):
            total = sum(map(max, zip(*chosen, strict=True))) if size > 1 else sum(chosen[0])
            if total > best:
                best = total
    return best / len(problem.serving)


def _row(name: str, times: list[float], goal: float | None, unit: str = "") -> None:
    here = median(times)
    verdict = "" if goal is None else f"   goal {goal:g}{'' if here <= goal else '  MISSED'}"
    print(f"  {name:64}{here:9.2f} {unit} (at worst {max(times):.2f}){verdict}", flush=True)


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
