import subprocess
import sys
from pathlib import Path

from engine.grouping import compiling

ROOT = Path(__file__).parents[3]
SOLVE_EVERYTHING = """
import gc
import numpy as np
from engine.grouping.alternatives import alternatives, explain
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.constraints import Constraints
from engine.grouping.problem import GroupingProblem
from engine.grouping.solving import solve, solve_frontier
from engine.grouping.stability import stability
from engine.grouping.verify import verify

rng = np.random.default_rng(1)
for count, aggregate in ((6, "mean"), (18, "mean"), (24, "sum")):
    tasks = tuple(f"t{n}" for n in range(count))
    problem = GroupingProblem(
        tasks, rng.normal(size=(count, count)), tasks[:-1], aggregate, 0.0, capacities=(HALF_SINGLE, FULL),
        constraints=Constraints(together=(("t0", "t1"),), apart=(("t2", "t3"),), max_size=4),
    )
    solution = solve(problem, count // 2, 5.0)
    solve_frontier(problem, 5.0, (count // 2,))
    stability(solution, np.stack([problem.affinity] * 10))
small = GroupingProblem(tasks[:6], problem.affinity[:6, :6])
alternatives(small, 2, 3)
explain(solve(small, 2), "t0", "t1")
verify(solve(small, 2, solver="column_generation"))
compiled = [each for each in gc.get_objects() if type(each).__name__ == "CPUDispatcher" and "engine" in each.__module__]
print(len(compiled), [each.__name__ for each in compiled if sum(each.stats.cache_misses.values())])
"""


def test_after_the_set_up_nothing_is_compiled_while_a_user_waits():
    subprocess.run([sys.executable, "-m", "engine.grouping.warm_up"], cwd=ROOT, check=True, timeout=300)
    done = subprocess.run(
        [sys.executable, "-c", SOLVE_EVERYTHING], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    count, missed = done.stdout.strip().split(maxsplit=1)
    assert int(count) > 20 and missed == "[]"


def test_every_file_with_compiled_code_names_the_cache():
    folder = ROOT / "engine" / "grouping"
    users = {
        path.stem
        for path in folder.glob("*.py")
        if "from engine.grouping.compiling import compiled" in path.read_text()
    }
    assert users | {"compiling"} == set(compiling.SOURCES)
