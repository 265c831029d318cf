"""How far a grouping can be trusted: what it is worth, and whether it is still best, were the affinities drawn anew."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import KindredError
from engine.grouping.exact_subsets import solve
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, Solution, evaluate

LEAST_REPLICATES = 10
ROUNDING = 1e-9  # values tie that differ by at most this part of the affinities' mean magnitude


@dataclass(frozen=True, eq=False)
class Stability:
    """How a grouping fares over replicates of the affinities it was chosen by.

    Attributes:
        value_error: the standard deviation (divisor n − 1) of the grouping's value.
        regret: the mean of how much more the best grouping of a replicate is worth than this one, both valued under
            that replicate; at least 0.
        chosen_again: the share of replicates whose best grouping serves the same tasks together, whatever auxiliaries
            it trains along, or is worth the same but for rounding.
        together: ``[k, k]``, in the order of the serving tasks: the share of replicates in whose best grouping two of
            them are served by one network; 1 on the diagonal.
        replicates: how many were solved.
    """

    value_error: float
    regret: float
    chosen_again: float
    together: np.ndarray
    replicates: int


def stability(solution: Solution, replicates: np.ndarray, seconds: float = 2.0) -> Stability:
    """Value the grouping, and solve its problem again, under every replicate.

    Args:
        solution: the grouping that was chosen, with its problem and budget.
        replicates: ``[replicates, source, target]``, such as :func:`engine.affinity.uncertainty.bootstrap` gives. An
            entry that is NaN, as a replicate may miss a pair, keeps the problem's affinity.
        seconds: stop after so much time, but not before 10 replicates.

    Raises:
        KindredError: if the replicates do not fit the problem or are fewer than two, or if there are more serving tasks
            than the exact solver takes.
    """
    problem = solution.problem
    replicates = np.asarray(replicates, dtype=np.float64)
    if replicates.shape[1:] != problem.affinity.shape or len(replicates) < 2:
        raise KindredError(
            f"The replicates have the shape {' × '.join(map(str, replicates.shape))}; give at least two matrices of "
            f"{len(problem.tasks)} × {len(problem.tasks)}, [source, target]."
        )
    chosen = _together(problem, solution.networks)
    values, regrets, again, together = [], [], 0, np.zeros(chosen.shape)
    started = time.perf_counter()
    for drawn in replicates:
        if len(values) >= LEAST_REPLICATES and time.perf_counter() - started > seconds:
            break
        affinity = np.where(np.isnan(drawn), problem.affinity, drawn)
        replicate = replace(problem, affinity=affinity)
        best = solve(replicate, solution.budget)
        value = evaluate(replicate, solution.networks)
        best_together = _together(problem, best.networks)
        ties = best.value - value <= ROUNDING * np.abs(affinity).mean()
        values.append(value)
        regrets.append(max(best.value - value, 0.0))
        again += bool(ties or np.array_equal(best_together, chosen))
        together += best_together
    count = len(values)
    return Stability(float(np.std(values, ddof=1)), float(np.mean(regrets)), again / count, together / count, count)


def _together(problem: GroupingProblem, networks: Sequence[Network]) -> np.ndarray:
    """``[k, k]``: whether two serving tasks are served by one network."""
    number = {task: place for place, network in enumerate(networks) for task in network.serves}
    served_by = np.array([number[task] for task in problem.serving])
    return served_by[:, None] == served_by[None, :]
