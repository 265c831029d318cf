"""What each estimator of affinity costs and what it is worth: ``python -m tests.benchmarks.affinity``.

On every problem and seed, all estimators look at the same updates of one training, which observing does not change;
only ``auto`` has a run of its own over the same updates, as its choices depend on time. The columns:

- *overhead*: CPU time of tracked over plain training of the same updates, in one process, in turns of 20 updates (wall
  time on a GPU). For ``auto`` over the whole run, its comparisons included, mean of the seeds; else over some updates;
- *Spearman*: rank correlation of the off-diagonal entries of the mean matrix with those of the exact lookahead at every
  update of the same run;
- *other seed*: the same with the exact matrix of another seed, and what exact itself reaches there;
- *regret*: the best grouping under the estimate, valued under the exact matrix, at 2, 3 and 4 networks:
  ``(V* − V) / |V*|``, with V* the value of the best. Mean of the seeds;
- *of the gain*: the same loss as a share of what grouping can gain, ``(V* − V) / (V* − V_one)``, with V_one the value
  of one network for all tasks.

A task's score is the mean of what the others in its network give it, and none is alone. With more than 14 tasks the
first 14 are served, and the others may be trained along. The images, vectors and labels of all problems but yeast are
made from random factors with a fixed seed. ``mlp_100`` is there for time and memory only.

At the end stand the problems, with the peak of memory that training adds to a process with model and data; and the
goals.

``--quick`` tries it out on a few updates of two problems: its numbers mean nothing. ``--device cuda`` takes ResNet-18
instead, and has not been run on a GPU yet.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.affinity.ranking import off_diagonal, rank_correlation
from tests.benchmarks.affinity_goals import Facts, Goal, Result, goals
from tests.benchmarks.affinity_measure import (
    AUTO,
    BUDGETS,
    CHEAP,
    COMPARED,
    EXACT,
    ROWS,
    Tracked,
    matrices,
    over_plainest_loop,
    peak_here,
    peak_memory,
    regrets,
    tracked,
)
from tests.benchmarks.affinity_problems import ON_CPU, ON_GPU, Problem, Training

QUICK = ("yeast_mlp", "conv_9")
QUICK_STEPS = 10
QUICK_TIMED = 10
LOOP_PROBLEMS = ("yeast_wide", "conv_9")


@dataclass(frozen=True)
class Options:
    """Attributes:
    seeds: trainings of each problem.
    quick: whether this is only tried out.
    device: ``cpu`` or ``cuda``.
    """

    seeds: int
    quick: bool
    device: str


def main() -> None:
    """Measure, print, and save."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    known = {problem.name: problem for problem in (ON_CPU if arguments.device == "cpu" else ON_GPU)}
    if arguments.peak:
        print(peak_here(known[arguments.peak], arguments.device, arguments.observed))
        return
    options = Options(arguments.seeds, arguments.quick, arguments.device)
    wanted = arguments.problems.split(",") if arguments.problems else list(QUICK if options.quick else known)
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(
            f"There is no problem {unknown[0]!r} on the device {options.device}; choose of {', '.join(known)}."
        )
    steps = arguments.steps or (QUICK_STEPS if options.quick else 0)

    results: list[Result] = []
    facts: list[Facts] = []
    found: list[Goal] = []
    networks = " / ".join(map(str, BUDGETS))
    print(f"| problem | estimator | overhead | Spearman | other seed | regret at {networks} networks | of the gain |")
    print("|---|---|---|---|---|---|---|")
    for name in wanted:
        problem = replace(known[name], steps=steps) if steps else known[name]
        rows, about = measure(problem, options)
        results += rows
        facts.append(about)
        print("\n".join(map(_row, rows)), flush=True)
        _save(arguments.json, results, facts, found)

    print(
        "\n| problem | tasks | updates of | learning rate | plain update | hurting pairs | peak memory, plain → auto |",
        end="",
    )
    print(" auto |\n|---|---|---|---|---|---|---|---|")
    print("\n".join(map(_facts, facts)), flush=True)
    loops = {}
    if options.device == "cpu":
        loops = {
            name: over_plainest_loop(known[name], QUICK_TIMED if options.quick else COMPARED)
            for name in LOOP_PROBLEMS
            if name in wanted
        }
    found += goals(results, facts, loops)
    print("\nGoals:\n", *(f"- {goal}" for goal in found), sep="\n")
    _save(arguments.json, results, facts, found)


def measure(problem: Problem, options: Options) -> tuple[list[Result], Facts]:
    """All rows of one problem, ``auto`` first, and what is to be known about the problem."""
    device = options.device
    training = Training(problem, 0, device)
    autos = [tracked(problem, seed, device) for seed in range(options.seeds)]
    runs = [matrices(problem, seed, device) for seed in range(options.seeds)] if problem.ranked else []
    for run, auto in zip(runs, autos, strict=False):
        run[AUTO] = auto.mean
    rows = [row for row in ROWS if row.name in runs[0]] if problem.ranked else [CHEAP]
    timed = QUICK_TIMED if options.quick else 0
    overhead = {AUTO: float(np.mean([auto.overhead for auto in autos]))}
    overhead |= {row.name: tracked(problem, 0, device, row, timed).overhead for row in rows}
    results = [Result(problem.name, name, cost, *_worth(training.names, name, runs)) for name, cost in overhead.items()]
    hurting = float(np.mean([off_diagonal(run[EXACT.name]) < 0 for run in runs])) if runs else None
    memory = peak_memory(problem, device, observed=False), peak_memory(problem, device, observed=True)
    plain = float(np.mean([auto.plain for auto in autos]))
    return results, Facts(
        problem.name,
        len(training.tasks),
        problem.steps,
        problem.batch,
        problem.rate,
        plain,
        hurting,
        memory,
        _said(autos),
    )


def _worth(names: tuple[str, ...], name: str, runs: list[dict[str, np.ndarray]]) -> Iterator:
    """Spearman, other seed, its ceiling, regret and share of the gain; all None where nothing is ranked."""
    if not runs:
        yield from (None,) * 5
        return
    mine, exact = ([off_diagonal(run[which]) for run in runs] for which in (name, EXACT.name))
    others = [(one, other) for one in range(len(runs)) for other in range(len(runs)) if one != other]
    yield float(np.mean([rank_correlation(*both) for both in zip(mine, exact, strict=True)]))
    for matrix in (mine, exact):
        yield float(np.mean([rank_correlation(matrix[a], exact[b]) for a, b in others])) if others else None
    lost = np.array([regrets(names, run[name], run[EXACT.name]) for run in runs])
    yield lost[:, :, 0].mean(axis=0).tolist()
    yield lost[:, :, 1].mean(axis=0).tolist()


def _said(autos: list[Tracked]) -> str:
    """What auto chose with each seed, and how often it looked."""
    return "; ".join(f"{auto.note.split(',')[0].removeprefix('auto chose ')}, {auto.observed} times" for auto in autos)


def _row(result: Result) -> str:
    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    def numbers(values: list[float] | None) -> str:
        return "–" if values is None else " / ".join(f"{value:.3f}" for value in values)

    other = "–" if result.other_seed is None else f"{result.other_seed:.2f} of {result.ceiling:.2f}"
    cells = (
        result.problem,
        result.estimator,
        number(result.overhead),
        number(result.spearman),
        other,
        numbers(result.regret),
        numbers(result.of_gain),
    )
    return f"| {' | '.join(cells)} |"


def _facts(facts: Facts) -> str:
    hurting = "–" if facts.hurting is None else f"{facts.hurting:.0%}"
    plain, auto = facts.memory
    return (
        f"| {facts.problem} | {facts.tasks} | {facts.steps} × {facts.batch} | {facts.rate} | {facts.plain:.1f} ms | "
        f"{hurting} | {plain:.0f} → {auto:.0f} MB ({auto / plain:.2f}) | {facts.auto} |"
    )


def _save(path: Path | None, results: list[Result], facts: list[Facts], found: list[Goal]) -> None:
    if path is not None:
        content = {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "rows": [asdict(each) for each in results],
            "problems": [asdict(each) for each in facts],
            "goals": [asdict(each) for each in found],
        }
        path.write_text(json.dumps(content, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join(problem.name for problem in (*ON_CPU, *ON_GPU))
    parser.add_argument("--problems", help=f"with commas between them: {names}; default: all of the device")
    parser.add_argument("--steps", type=int, default=0, help="updates of every run; default: the problem's own")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a few updates of two problems, to try it out")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--json", type=Path, help="also save the numbers to this file")
    parser.add_argument("--peak", help=argparse.SUPPRESS)  # the process in which `peak_memory` measures
    parser.add_argument("--observed", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
