"""What the affinity benchmark measures: matrices on one trajectory, time in turns, memory, regret."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.affinity.build import Fixed, plan_of
from engine.affinity.corrected import Corrected
from engine.affinity.estimator import Estimator, Update
from engine.affinity.first_order import FirstOrder
from engine.affinity.gradient_cosine import GradientCosine
from engine.affinity.head_lookahead import HeadLookahead
from engine.affinity.last_layer import LastLayer
from engine.affinity.lookahead import Lookahead
from engine.affinity.metric import metric_fits
from engine.affinity.observer import Observer
from engine.affinity.settings import AffinitySettings
from engine.affinity.shared import Shared
from engine.grouping.exact_subsets import MOST_SERVING, solve_all_budgets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, evaluate
from tests.benchmarks.affinity_problems import Problem, Training

AUTO = "auto, 10 %"
BUDGETS = (2, 3, 4)
TURN = 20  # steps of one training before the other one's turn
REMEMBERED = 60  # steps after which the peak of memory is read
COMPARED = 24  # updates on which the lookahead is timed beside the plainest loop


@dataclass(frozen=True)
class Row:
    """One estimator at one interval.

    Attributes:
        estimator: its name.
        make: makes it.
        every: the interval in updates.
        timed: updates of which overhead is taken; a multiple of ``every``, and of the 10 updates for one exact one, so
            that the share of observed updates is the interval's own.
    """

    estimator: str
    make: Callable[[], Estimator]
    every: int = 1
    timed: int = 200

    @property
    def name(self) -> str:
        """Estimator and interval, in words."""
        return self.estimator if self.every == 1 else f"{self.estimator}, every {self.every}th"


EXACT = Row("lookahead", Lookahead, timed=20)
EXACT_TENTH = Row("lookahead", Lookahead, 10, 100)
CHEAP = Row("last_layer", LastLayer)
ROWS = (
    EXACT,
    EXACT_TENTH,
    Row("lookahead", Lookahead, 50),
    Row("first_order", FirstOrder, timed=40),
    Row("first_order", FirstOrder, 10, 100),
    CHEAP,
    Row("last_layer", LastLayer, 5),
    Row("last_layer over 2 layers", partial(LastLayer, 2), timed=100),
    Row("last_layer with metric", partial(LastLayer, metric=True)),
    Row("head_lookahead", HeadLookahead, 10),
    Row("corrected (exact every 10th)", lambda: Corrected(LastLayer(), Lookahead(), 10), timed=40),
    Row("gradient_cosine", GradientCosine, 10, 100),
)


def clock(device: str) -> float:
    """Seconds: CPU time of this process; on a GPU wall time once it has finished."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def matrices(problem: Problem, seed: int, device: str) -> dict[str, np.ndarray]:
    """Each row's mean matrix ``[source, target]`` over one trajectory; all rows look at the same updates."""
    training = Training(problem, seed, device)
    shared = Shared(training.model.trunk, len(training.tasks))
    estimators = {row.estimator: row.make() for row in ROWS}
    rows, sums, counts = list(ROWS), {}, dict.fromkeys((row.name for row in ROWS), 0)
    for step in range(problem.steps):
        shared.expect()
        losses = training.losses()
        if step == 0 and not metric_fits(shared):
            rows = [row for row in rows if row.estimator != "last_layer with metric"]
        update = Update(step, losses, shared, training.losses, training.optimizer)
        due = [row for row in rows if step % row.every == 0]
        seen: dict[str, Tensor] = {}
        for row in due:
            if row.estimator not in seen:
                seen[row.estimator] = estimators[row.estimator](update)
            sums[row.name] = sums.get(row.name, 0.0) + seen[row.estimator]
            counts[row.name] += 1
        shared.forget()
        training.step(losses)
        training.draw()
    shared.detach()
    return {name: total.cpu().numpy() / counts[name] for name, total in sums.items()}


@dataclass(frozen=True, eq=False)
class Tracked:
    """What tracking cost in one run.

    Attributes:
        overhead: time of tracked over plain training.
        plain: milliseconds of a plain update.
        mean: the observed mean matrix, ``[source, target]``.
        observed: updates that were looked at.
        note: what ``auto`` chose.
    """

    overhead: float
    plain: float
    mean: np.ndarray
    observed: int
    note: str


def tracked(problem: Problem, seed: int, device: str, row: Row | None = None, steps: int = 0) -> Tracked:
    """Plain and tracked training of the same updates in turns, so that both meet the same weather.

    Args:
        row: what observes; None: ``auto`` at 10 %, over the problem's whole run.
        steps: updates; 0: as many as row or problem say.
    """
    steps = steps or (problem.steps if row is None else row.timed)
    turn = min(TURN, -(-steps // 2))
    for timed in (False, True):  # a first, short pass allocates what is allocated once
        plain, followed = (Training(problem, seed, device) for _ in range(2))
        observer = observer_of(followed, row, problem.steps)
        spent = [0.0, 0.0]
        length = steps if timed else 6 if row is None else 1
        for start in range(0, length, turn):
            for which, training in enumerate((plain, followed)):
                entered, began = time.perf_counter(), clock(device)
                for _ in range(min(turn, length - start)):
                    losses = training.losses()
                    if training is followed:
                        observer.observe(losses, training.losses)
                    training.step(losses)
                    training.draw()
                spent[which] += clock(device) - began
                if training is plain and observer._mark is not None:  # auto must not take this turn for its own
                    observer._mark = observer._mark[0] + time.perf_counter() - entered, observer._mark[1]
        observer.shared.detach()
    mean = observer.sums.total / np.maximum(observer.sums.counts, 1)
    return Tracked(spent[1] / spent[0], 1000 * spent[0] / steps, mean, observer.sums.updates, observer.plan.note())


def observer_of(training: Training, row: Row | None, steps: int) -> Observer:
    """An observer of a training whose only window never ends; by ``auto`` where there is no row."""
    tasks = len(training.tasks)
    shared = Shared(training.model.trunk, tasks)
    plan = plan_of(AffinitySettings(), shared, tasks, steps) if row is None else Fixed(row.name, row.make(), row.every)
    return Observer(training.names, shared, plan, lambda step: False, training.optimizer)


def regrets(names: tuple[str, ...], estimate: np.ndarray, exact: np.ndarray) -> list[tuple[float, float]]:
    """What grouping by an estimate loses under the exact matrix, at each of ``BUDGETS``.

    Returns:
        ``(V* − V) / |V*|`` and ``(V* − V) / (V* − V_one)``, with V the value of the best grouping under the estimate,
        V* that of the best under the exact matrix, and V_one that of one network for all tasks. The second is NaN where
        more networks gain nothing.
    """
    serving = names[:MOST_SERVING]
    problem = GroupingProblem(names, exact, serving, "mean", "forbid")
    best, chosen = solve_all_budgets(problem), solve_all_budgets(GroupingProblem(names, estimate, serving))
    one = evaluate(problem, [Network(names, serving)])
    found = []
    for budget in BUDGETS:
        most = best[budget - 1].value
        lost = most - evaluate(problem, chosen[budget - 1].networks)
        found.append((lost / abs(most), lost / (most - one) if most > one else float("nan")))
    return found


def over_plainest_loop(problem: Problem, updates: int = COMPARED) -> float:
    """CPU time of the lookahead over that of the shortest correct loop, on the same updates; ratio of medians."""
    training = Training(problem, 0, "cpu")
    shared = Shared(training.model.trunk, len(training.tasks))
    parameters, times = list(training.model.trunk.parameters()), ([], [])
    lookahead = Lookahead()
    for step in range(updates):
        shared.expect()
        losses = training.losses()
        update = Update(step, losses, shared, training.losses, training.optimizer, check=step % 10 == 0)
        ways = (lambda update=update: lookahead(update), partial(_plainest, training, losses, parameters, problem.rate))
        found = {}
        for way in (0, 1) if step % 2 else (1, 0):
            began = time.process_time()
            found[way] = ways[way]()
            times[way].append(time.process_time() - began)
        torch.testing.assert_close(found[0], found[1].double(), rtol=0.02, atol=0.02)
        shared.forget()
        training.step(losses)
        training.draw()
    shared.detach()
    return float(np.median(times[0]) / np.median(times[1]))


@torch.no_grad()
def _plainest(training: Training, losses: dict[str, Tensor], parameters: list[Tensor], rate: float) -> Tensor:
    before = torch.stack(list(losses.values()))
    home, rows = [parameter.clone() for parameter in parameters], []
    for loss in losses.values():
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.data.sub_(gradient, alpha=rate)
        rows.append((1 - torch.stack(list(training.losses().values())) / before) / rate)
        for parameter, value in zip(parameters, home, strict=True):
            parameter.data.copy_(value)
    return torch.stack(rows)


def peak_memory(problem: Problem, device: str, observed: bool) -> float:
    """Megabytes that training adds at its peak to a process with model and data, measured in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.affinity", "--device", device, "--peak", problem.name]
    done = subprocess.run([*command, *(["--observed"] if observed else [])], capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak_here(problem: Problem, device: str, observed: bool) -> float:
    """The same in this process, which must be fresh; Linux only."""
    training = Training(problem, 0, device)
    observer = observer_of(training, None, problem.steps) if observed else None
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before = _held(device, peak=False)
    for _ in range(REMEMBERED):
        losses = training.losses()
        if observer is not None:
            observer.observe(losses)
        training.step(losses)
        training.draw()
    return _held(device, peak=True) - before


def _held(device: str, peak: bool) -> float:
    if device != "cpu":
        return (torch.cuda.max_memory_allocated() if peak else torch.cuda.memory_allocated()) / 2**20
    key = "VmHWM:" if peak else "VmRSS:"
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024
