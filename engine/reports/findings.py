"""What a report tells of a run, as numbers: its affinities, how sure they are, and the grouping that they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.affinity.series import IntervalMean
from engine.errors import KindredError
from engine.grouping.feasibility import refuse
from engine.grouping.frontier import knee
from engine.grouping.observed import observed_part
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Solution
from engine.grouping.solving import solve_frontier
from engine.grouping.stability import Stability, stability
from engine.reports.evidence import Evidence, Movement, Pair, pairs_of
from engine.runs.reader import Reader
from engine.runs.run import Run, source_of
from engine.tasks import Evaluation

SECONDS = 15.0  # of the search for groupings
WANTED = 3.0  # SNT: the budget where none is named
MOST_SERVING = 40  # with more, too few replicates are solved in the time

MakeProblem = Callable[[Run, IntervalMean], GroupingProblem]


@dataclass(frozen=True, eq=False)
class Grouping:
    """Attributes:
    solutions: the best that was found for every budget that has one, ascending.
    chosen: the one that is told.
    knee: the budget after which more pays least, if there is one.
    stability: of the chosen one; ``None`` where unknown.
    source: what its file says of where the affinities come from.
    left_out: tasks whose pairs were not all observed.
    """

    solutions: tuple[Solution, ...]
    chosen: Solution
    knee: float | None
    stability: Stability | None
    source: dict
    left_out: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Findings:
    """Attributes:
    runs: the run, or the seeds of one setting, the oldest first.
    name: what the report is of.
    evidence: the affinities over time.
    mean: over the interval.
    pairs: of different tasks, those that help most first.
    reliability: of the mean; NaN where unknown.
    movement: of the matrix within the interval; ``None`` where unknown.
    last: the last evaluation of the first run, by split.
    grouping: ``None`` where there is none.
    refusal: then, why.
    """

    runs: tuple[Run, ...]
    name: str
    evidence: Evidence
    mean: IntervalMean
    pairs: tuple[Pair, ...]
    reliability: float
    movement: Movement | None
    last: dict[str, Evaluation] = field(default_factory=dict)
    grouping: Grouping | None = None
    refusal: str = ""

    @property
    def run(self) -> Run:
        """The run that stands for all in what they have in common."""
        return _standing_for(self.runs)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Their names, in the order of the matrix."""
        return self.evidence.tasks

    @property
    def errors_known(self) -> bool:
        """Whether it is known how sure any pair is."""
        return bool(np.isfinite([pair.error for pair in self.pairs]).any())

    @property
    def over_time(self) -> bool:
        """Whether there is more than one window."""
        return len(self.evidence.series) > 1


def _standing_for(runs: Sequence[Run]) -> Run:
    return next((run for run in runs if run.tasks), runs[0])


def plain_problem(serving: Sequence[str] | None = None) -> MakeProblem:
    """How a run's affinities become a problem without conditions.

    Args:
        serving: the tasks to serve; those that the run's settings name as primary where ``None``, else all.
    """

    def make(run: Run, mean: IntervalMean) -> GroupingProblem:
        named = [name.strip() for name in str(run.config.get("primary", "")).split(",")]
        wanted = tuple(serving) if serving is not None else tuple(t for t in run.tasks if t in named) or None
        tasks, affinity = observed_part(run.tasks, mean.affinity, wanted)
        return GroupingProblem(tasks, affinity, wanted)

    return make


def findings(
    reader: Reader,
    runs: Sequence[Run],
    name: str = "",
    *,
    step_from: int | None = None,
    step_to: int | None = None,
    budget: float | None = None,
    problem: MakeProblem | None = None,
    seconds: float = SECONDS,
) -> Findings:
    """All that a report tells.

    Args:
        runs: one, or the seeds of one setting.
        name: what the report is of; the run's or the group's where left out.
        step_from, step_to: the interval; the whole run where left out.
        budget: in SNT; about 3 where left out.
        problem: makes the grouping problem of the mean; what it refuses, the report says. All tasks, or the primary
            ones, without conditions where left out.
        seconds: of the search for groupings, for all budgets together.

    Raises:
        KindredError: if no affinity was observed, or none in the interval, or the budget is none.
    """
    evidence = Evidence.read(reader, runs)
    mean = evidence.mean(step_from, step_to)
    first = _standing_for(runs)
    budget = None if budget is None else check_budget(budget)
    grouping, refusal = None, ""
    try:
        grouping = _group(runs, evidence, mean, problem or plain_problem(), budget, seconds)
    except KindredError as error:
        refusal = str(error)
    last: dict[str, Evaluation] = {}
    for each in reader.evaluations(first.id):
        last[each.split] = each
    return Findings(
        tuple(runs),
        name or (first.name if len(runs) == 1 else first.group or first.name),
        evidence,
        mean,
        tuple(pairs_of(evidence.tasks, mean)),
        evidence.reliability(mean),
        evidence.movement(mean),
        last,
        grouping,
        refusal,
    )


def _group(
    runs: Sequence[Run],
    evidence: Evidence,
    mean: IntervalMean,
    make: MakeProblem,
    budget: float | None,
    seconds: float,
) -> Grouping:
    run = _standing_for(runs)
    problem = make(run, mean)
    found = [each for each in solve_frontier(problem, seconds) if each is not None]
    if not found:
        raise refuse(problem, problem.budgets()[-1])
    chosen = _chosen(problem, found, budget)
    stable = None
    replicates = evidence.replicates(mean) if len(problem.serving) <= MOST_SERVING else None
    if replicates is not None:
        kept = [evidence.tasks.index(task) for task in problem.tasks]
        stable = stability(chosen, replicates[:, kept][:, :, kept])
    source = source_of(run, mean)
    if evidence.group:
        source |= {"name": run.group, "seeds": ", ".join(each.id for each in runs)}
    left_out = tuple(task for task in evidence.tasks if task not in problem.tasks)
    return Grouping(tuple(found), chosen, knee(found), stable, source, left_out)


def _chosen(problem: GroupingProblem, found: Sequence[Solution], budget: float | None) -> Solution:
    """The grouping for a budget: of the largest one that is no larger and has one."""
    if budget is None:
        return next((each for each in found if each.budget >= WANTED), found[-1])
    within = [each for each in found if each.budget <= budget]
    if not within:
        raise refuse(problem, budget)
    return within[-1]
