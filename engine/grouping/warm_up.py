"""Compile what the solvers need and keep it beside the code: ``python -m engine.grouping.warm_up``, once at set-up.

Without it the first problem waits while numba compiles, half a minute in all.
"""

import shutil

import numpy as np

from engine.grouping import column_generation, exact_subsets, local_search
from engine.grouping.alternatives import alternatives
from engine.grouping.candidates import Candidate
from engine.grouping.compiling import FOLDER, FOLDERS
from engine.grouping.pricing import MOST_IN_TABLE
from engine.grouping.problem import GroupingProblem
from engine.grouping.scenarios import Scenarios
from engine.grouping.stability import stability
from engine.grouping.verify import verify


def warm_up() -> None:
    """Solve a small problem of each kind by each compiled solver, and drop what earlier versions left."""
    for old in FOLDERS.glob("compiled-*"):
        if old != FOLDER:
            shutil.rmtree(old, ignore_errors=True)
    rng = np.random.default_rng(0)
    for count in (5, MOST_IN_TABLE + 1):
        tasks = tuple(f"t{number}" for number in range(count))
        affinity = rng.normal(size=(count, count))
        for aggregate in ("mean", "sum"):
            problem = GroupingProblem(tasks, affinity, aggregate=aggregate)
            verify(column_generation.solve(problem, count - 2, time_limit=20.0), time_limit=20.0)
    small = GroupingProblem(tasks[:5], affinity[:5, :5], singleton=0.0)
    solution = exact_subsets.solve(small, 2)
    local_search.solve(small, 2)
    alternatives(small, 2, 3)
    stability(solution, np.stack([affinity[:5, :5]] * 10))
    listed = GroupingProblem(("a", "b"), candidates=(Candidate(("a",), (1.0,)), Candidate(("a", "b"), (2.0, 0.5))))
    exact_subsets.solve_all_budgets(listed)
    alternatives(listed, 2, 3)
    scenarios = Scenarios(np.ones((1, 2), dtype=bool), [1.0])
    scenarios.values(np.ones((1, 1, 2)), [1.0])
    scenarios.choose(np.ones((1, 2)), 1.0)
    scenarios.frequencies(np.ones((1, 1, 2)), [1.0])


if __name__ == "__main__":
    warm_up()
