"""How far a grouping can be trusted: what it is worth, and whether it is still best, were the affinities drawn anew."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import KindredError
from engine.grouping import local_search
from engine.grouping.block_values import scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.exact_subsets import best_partitions
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, Solution, evaluate
from engine.grouping.stop import Stop
from engine.grouping.ties import ROUNDING, slack

LEAST_REPLICATES = 10
MOST_EXACT = 13  # units; with more, the best grouping of a replicate is searched for, not proved
MOVES = 100  # of that search, for each serving task
TELL = 0.25  # seconds after which what is known by then is told

Partition = list[tuple[list[int], int]]


@dataclass(frozen=True, eq=False)
class Stability:
    """How a grouping fares over replicates of the affinities it was chosen by.

    Attributes:
        value_error: the standard deviation (divisor n − 1) of the grouping's value.
        interval: the 5 % and 95 % quantiles of the grouping's value.
        regret: the mean of how much more the best grouping of a replicate is worth than this one, both valued under
            that replicate; at least 0.
        chosen_again: the share of replicates whose best grouping serves the same tasks together, whatever auxiliaries
            it trains along, or is worth the same but for rounding.
        together: ``[k, k]``, in the order of the serving tasks: the share of replicates in whose best grouping two of
            them are served by one network; 1 on the diagonal.
        networks: for each network of the grouping, the share of replicates in whose best grouping some network serves
            exactly the same tasks.
        replicates: how many were solved.
        exact: whether the best grouping of each replicate is proved; otherwise it is the best that was found, and the
            regret may be a little higher.
        robust: of the groupings that were best in some replicate, and this one, the best by the objective asked for.
    """

    value_error: float
    interval: tuple[float, float]
    regret: float
    chosen_again: float
    together: np.ndarray
    networks: tuple[float, ...]
    replicates: int
    exact: bool
    robust: Solution


def stability(
    solution: Solution,
    replicates: np.ndarray,
    seconds: float = 2.0,
    spread: float = 1.0,
    quantile: float | None = None,
) -> Stability:
    """Value the grouping, and solve its problem again, under every replicate.

    Args:
        solution: the grouping that was chosen, with its problem and budget.
        replicates: ``[replicates, source, target]``, such as :func:`engine.affinity.uncertainty.bootstrap` gives. An
            entry that is NaN, as a replicate may miss a pair, keeps the problem's affinity.
        seconds: stop after so much time, but not before 10 replicates.
        spread: λ of the robust objective, mean − λ · standard deviation of the value over the replicates.
        quantile: the robust objective is this quantile of the value instead, such as 0.1.

    Raises:
        KindredError: if the replicates do not fit the problem or are fewer than two, the problem has no affinities, or
            the quantile is no share.
    """
    found = None
    for found in growing_stability(solution, replicates, seconds, spread, quantile):  # noqa: B007  the last one
        pass
    return found


def growing_stability(
    solution: Solution,
    replicates: np.ndarray,
    seconds: float = 2.0,
    spread: float = 1.0,
    quantile: float | None = None,
) -> Iterator[Stability]:
    """`stability` of ever more replicates, told every quarter of a second; the last one is of all that were solved."""
    problem = solution.problem
    replicates = _checked(problem, replicates, quantile)
    blocks = Blocks(problem)
    spend = min(blocks.spendable(solution.budget), len(blocks.units) * int(blocks.arrays.cost.max()))
    exact = len(blocks.units) <= MOST_EXACT
    own = _partition(blocks, solution.networks)
    chosen: list[Partition] = []
    best: list[float] = []
    rivals = {_key(own): (solution.networks, *_linear(problem, solution.networks))}

    def known() -> Stability:
        drawn = replicates[: len(chosen)]
        groupings, parts, fixed = zip(*rivals.values(), strict=True)
        values = np.stack(parts).reshape(len(parts), -1) @ drawn.reshape(len(drawn), -1).T + np.array(fixed)[:, None]
        mine = values[0]
        lost = np.array(best) - mine
        lost = np.where(lost <= slack(problem), 0.0, lost)
        pairs = np.array([_together(blocks, partition) for partition in chosen])
        again = (lost == 0) | (pairs == _together(blocks, own)).all(axis=(1, 2))
        served = [{frozenset(block) for block, _ in partition} for partition in chosen]
        worth_of = values.mean(axis=1) - spread * values.std(axis=1, ddof=1)
        if quantile is not None:
            worth_of = np.quantile(values, quantile, axis=1)
        robust = groupings[int(np.argmax(worth_of))]
        value = evaluate(problem, robust, solution.budget)
        return Stability(
            value_error=float(np.std(mine, ddof=1)),
            interval=tuple(np.quantile(mine, [0.05, 0.95]).tolist()),
            regret=float(lost.mean()),
            chosen_again=float(again.mean()),
            together=pairs.mean(axis=0),
            networks=tuple(float(np.mean([frozenset(block) in found for found in served])) for block, _ in own),
            replicates=len(chosen),
            exact=exact,
            robust=replace(
                solution,
                networks=robust,
                value=value,
                certificate=replace(solution.certificate, bound=max(value, solution.bound)),
            ),
        )

    started = told = time.perf_counter()
    for affinity in replicates:
        if len(chosen) >= LEAST_REPLICATES:
            now = time.perf_counter()
            if now - started > seconds:
                break
            if now - told > TELL:
                yield known()
                told = now
        partition, value = _best(Blocks(replace(problem, affinity=affinity)), spend, exact, own)
        chosen.append(partition)
        best.append(value)
        if _key(partition) not in rivals:
            networks = blocks.networks(partition)
            rivals[_key(partition)] = networks, *_linear(problem, networks)
    yield known()


def _checked(problem: GroupingProblem, replicates: np.ndarray, quantile: float | None) -> np.ndarray:
    if problem.affinity is None:
        raise KindredError("The stability of a grouping needs affinities to draw anew; this problem has candidates.")
    replicates = np.asarray(replicates, dtype=np.float64)
    if replicates.shape[1:] != problem.affinity.shape or len(replicates) < 2:
        raise KindredError(
            f"The replicates have the shape {' × '.join(map(str, replicates.shape))}; give at least two matrices of "
            f"{len(problem.tasks)} × {len(problem.tasks)}, [source, target]."
        )
    if quantile is not None and not 0 <= quantile <= 1:
        raise KindredError(f"`quantile` is {quantile!r}; give a share from 0 to 1.")
    return np.where(np.isnan(replicates), problem.affinity, replicates)


def _best(blocks: Blocks, spend: int, exact: bool, own: Partition) -> tuple[Partition, float]:
    """The best partition of a replicate and its value: proved, or the best found, at least ``own``."""
    if exact:
        values, partitions = best_partitions(blocks, spend)
        place = int(np.argmax(values >= values.max() - ROUNDING * abs(values.max())))
        return [
            ([bit for bit in range(mask.bit_length()) if mask >> bit & 1], level) for mask, level in partitions[place]
        ], float(values[place])
    scratch = scratch_for(blocks.arrays)

    def value_of(partition: Partition) -> float:
        return sum(worth(blocks.arrays, np.array(block), -1, -1, level, scratch) for block, level in partition)

    found = local_search.search(blocks, spend, Stop(), 1, 0, MOVES) or own  # it may miss what tight conditions leave
    best = max((found, own), key=value_of)
    return best, value_of(best)


def _linear(problem: GroupingProblem, networks: Sequence[Network]) -> tuple[np.ndarray, float]:
    """What a grouping is worth as a linear function of the affinities: the factor of each, and the rest."""
    share = np.ones(len(problem.serving)) if problem.weights is None else np.array(problem.weights)
    share = dict(zip(problem.serving, share / share.sum(), strict=True))
    part, fixed = np.zeros(problem.affinity.shape), 0.0
    for network in networks:
        capacity = problem.capacity_of(len(network.serves), network.cost)
        change = next(size.change for size in problem.capacities if size.cost == capacity)
        places = [problem.position[task] for task in network.tasks]
        for task in network.serves:
            target = problem.position[task]
            fixed += share[task] * change
            if len(places) > 1:
                sources = [place for place in places if place != target]
                part[sources, target] += share[task] / (len(sources) if problem.aggregate == "mean" else 1)
            elif problem.singleton == "diagonal":
                part[target, target] += share[task]
            else:
                fixed += share[task] * problem.alone(task)
    return part, fixed


def _partition(blocks: Blocks, networks: Sequence[Network]) -> Partition:
    problem = blocks.problem
    found = []
    for network in networks:
        block = [unit for unit, tasks in enumerate(blocks.units) if set(tasks) <= set(network.serves)]
        if block:
            capacity = problem.capacity_of(len(network.serves), network.cost)
            found.append((block, problem.costs.index(capacity)))
    return found


def _key(partition: Partition) -> frozenset:
    return frozenset((frozenset(block), level) for block, level in partition)


def _together(blocks: Blocks, partition: Partition) -> np.ndarray:
    """``[k, k]``: whether two serving tasks are served by one network."""
    place = {task: number for number, tasks in enumerate(blocks.units) for task in tasks}
    number = {unit: number for number, (block, _) in enumerate(partition) for unit in block}
    served_by = np.array([number[place[task]] for task in blocks.problem.serving])
    return served_by[:, None] == served_by[None, :]
