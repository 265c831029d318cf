"""What was found out about a problem and an estimator, held against the goals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.affinity_measure import AUTO, EXACT_TENTH

SLOW_ENOUGH = 5.0  # milliseconds of a plain update from which the goals of auto count
OF_FOUR = 3 / 4  # share of problems on which auto must rank as well as exact at every 10th update


@dataclass(frozen=True)
class Result:
    """Attributes:
    problem, estimator: their names.
    overhead: time of tracked over plain training.
    spearman: with exact at every update of the same run.
    other_seed: with exact at every update of another seed; None with one seed.
    ceiling: what exact itself reaches there.
    regret: at each budget, as a share of the best value.
    of_gain: the same loss as a share of what grouping can gain over one network.
    """

    problem: str
    estimator: str
    overhead: float
    spearman: float | None
    other_seed: float | None
    ceiling: float | None
    regret: list[float] | None
    of_gain: list[float] | None


@dataclass(frozen=True)
class Facts:
    """Attributes:
    problem: its name.
    tasks, steps, batch, rate: how many tasks, updates and samples an update; the learning rate.
    plain: milliseconds of a plain update.
    hurting: share of the exact off-diagonal entries below zero; None where nothing is ranked.
    memory: megabytes that plain training adds at its peak, and training with ``auto``.
    auto: what it chose.
    """

    problem: str
    tasks: int
    steps: int
    batch: int
    rate: float
    plain: float
    hurting: float | None
    memory: tuple[float, float]
    auto: str


@dataclass(frozen=True)
class Goal:
    """Attributes:
    goal: in words.
    measured: name → value.
    missed_by: how far the worst value is from the goal; at most 0 where it is met.
    unit: what ``missed_by`` counts.
    """

    goal: str
    measured: dict[str, float]
    missed_by: float
    unit: str = ""

    def __str__(self) -> str:
        values = ", ".join(f"{name} {value:.3f}" for name, value in self.measured.items())
        verdict = "met" if self.missed_by <= 0 else f"missed by {self.missed_by:.3g}{self.unit}"
        return f"{self.goal}: **{verdict}** ({values})"


def goals(results: Sequence[Result], facts: Sequence[Facts], loops: dict[str, float]) -> list[Goal]:
    """Every goal about which something was measured.

    Args:
        loops: problem → CPU time of the lookahead over that of the plainest correct loop.
    """
    return [goal for goal in _all(results, facts, loops) if goal.measured]


def _all(results: Sequence[Result], facts: Sequence[Facts], loops: dict[str, float]) -> Iterator[Goal]:
    about = {each.problem: each for each in facts}
    autos = {each.problem: each for each in results if each.estimator == AUTO}
    tenth = {each.problem: each.spearman for each in results if each.estimator == EXACT_TENTH.name}
    slow = {name: each for name, each in autos.items() if each.regret is not None and about[name].plain >= SLOW_ENOUGH}

    def at_most(limit: float, goal: str, measured: dict[str, float]) -> Goal:
        return Goal(goal, measured, max(measured.values(), default=limit) - limit)

    overheads = {name: each.overhead for name, each in slow.items()}
    yield at_most(1.10, "overhead of auto at most 1.10 where a plain update takes 5 ms or more", overheads)
    ahead = {name: each.spearman - tenth[name] for name, each in slow.items()}
    lacking = OF_FOUR * len(ahead) - sum(value >= 0 for value in ahead.values())
    goal = "Spearman of auto, less that of exact at every 10th update, not below 0 on three of four problems"
    yield Goal(goal, ahead, lacking, " problems")
    for tasks, limit in ((9, 0.03), (40, 0.05)):
        regret = {name: max(each.regret) for name, each in slow.items() if about[name].tasks == tasks}
        yield at_most(limit, f"regret of auto at {tasks} tasks at most {limit:.2f}, at any budget", regret)
    hundred = {name: each.overhead for name, each in autos.items() if about[name].tasks == 100}
    yield at_most(1.25, "overhead of auto at 100 tasks at most 1.25", hundred)
    memory = {each.problem: each.memory[1] / each.memory[0] for each in facts}
    yield at_most(1.25, "peak memory with auto at most 1.25 of plain training's", memory)
    yield at_most(1.05, "exact lookahead at most 1.05 of the plainest correct loop", loops)
