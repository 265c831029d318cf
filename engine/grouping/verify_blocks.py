"""The raw numbers of a problem and all its blocks, for `engine.grouping.verify` and without any of the solvers' code.

The search with prices leaves a branch by a bound of its own. For the mean, a network of n tasks N that serves P at the
price c_t of every served task and b of its own exceeds the profit p where ``Σ_{t ∈ P} Σ_{s ∈ N, s ≠ t} (Z[s, t] − c_t)
> (b + p)(n − 1)``: sums over pairs. Tasks are decided in a fixed order, and the networks within the end of the order
are searched first, so that pairs within the tasks still undecided are known to add up to at most ``(b + m)(r − 1)``
for r of them, where no profit exceeds m; what is left is a sum over the tasks. For the sum it is alike without n.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor, fsum, gcd, inf, lcm
from typing import NamedTuple

import numba
import numpy as np

from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, Prices
from engine.grouping.stop import Stop

MOST_TASKS = 62  # as bits
LISTED = 1_000_000  # blocks
compiled = numba.njit(cache=True, nogil=True)

Profits = dict[tuple[int, int], float]  # (bits of the serving tasks served, level of cost): value less prices, at most


class RawProblem:
    """A problem in its raw numbers: exact costs, and scores times the task's share of the value."""

    def __init__(self, problem: GroupingProblem) -> None:
        self.problem, self.rules = problem, problem.constraints
        self.serving = {task: place for place, task in enumerate(problem.serving)}
        weights = problem.weights or (1.0,) * len(problem.serving)
        self.share = {task: weight / fsum(weights) for task, weight in zip(problem.serving, weights, strict=True)}
        self.measured = {
            (frozenset(each.tasks), each.cost): dict(zip(each.tasks, each.scores, strict=True))
            for each in problem.candidates
        }
        self.size = {each.cost: each for each in (problem.capacities if problem.affinity is not None else ())}
        self.costs = sorted(self.size or {cost for _, cost in self.measured})
        self.head = _decimal(problem.head_cost)
        bodies = [_decimal(cost) - self.head for cost in self.costs]
        grain = lcm(*(body.denominator for body in bodies))
        self.step = Fraction(gcd(*(int(body * grain) for body in bodies)), grain)
        self.paid = [int(body / self.step) for body in bodies]  # in steps, heads left out
        numbers = [score for each in problem.candidates for score in each.scores]
        self.largest = float(np.abs(problem.affinity if problem.affinity is not None else numbers).max())
        alone = [abs(self.score(task, frozenset({task}), cost)) for task in self.serving for cost in self.costs]
        self.largest = max(self.largest, *(score for score in alone if score < inf), 0.0)

    def spendable(self, budget: float) -> int:
        """The steps of cost that can be spent once every serving task has paid its head."""
        left = floor((Fraction(budget) - self.head * len(self.serving)) / self.step)
        return min(left, len(self.serving) * max(self.paid))

    def score(self, task: str, network: frozenset[str], cost: float) -> float:
        """Of a task in a network whose first head costs ``cost``, times its share; −inf where it cannot be had."""
        problem, rule = self.problem, self.problem.singleton
        if problem.affinity is None:
            return self.share[task] * self.measured.get((network, cost), {}).get(task, -inf)
        onto = dict(zip(problem.tasks, problem.affinity[:, problem.tasks.index(task)].tolist(), strict=True))
        if len(network) > 1:
            score = fsum(onto[other] for other in network - {task})
            score /= len(network) - 1 if problem.aggregate == "mean" else 1
        elif isinstance(rule, str):
            score = onto[task] if rule == "diagonal" else -inf
        else:
            score = rule if isinstance(rule, float) else dict(rule)[task]
        return self.share[task] * (score + self.size[cost].change)

    def most_tasks(self, cost: float) -> int:
        limits = (self.rules.max_size, self.size[cost].max_size if self.size else None, len(self.problem.tasks))
        return min(limit for limit in limits if limit is not None)

    def broken(self, network: frozenset[str], serves: frozenset[str], cost: float) -> str:
        """The rule that a network of this cost breaks, if it does."""
        rules, most = self.rules, self.rules.max_auxiliaries
        if not serves <= network & self.serving.keys() or not network <= set(self.problem.tasks) - set(rules.excluded):
            return "holds or serves a task that it cannot"
        if len(network) > self.most_tasks(cost) or (most is not None and len(network) - len(serves) > most):
            return "holds too many tasks"
        if any(len(network.intersection(group)) > 1 for group in rules.apart):
            return "holds tasks that are kept apart"
        for group in map(set, rules.together):
            if group & serves and not (group <= network and group & self.serving.keys() <= serves):
                return "splits tasks that are kept together"
        if any(task in serves and network != set(pin) for task, pin in rules.pinned):
            return "serves a task that is pinned to another one"
        return ""

    def scores(self, networks: Sequence[Network], budget: float) -> tuple[str, list[float]]:
        """What is wrong with a grouping, and else its serving tasks' scores."""
        scores, spent = {}, Fraction(0)
        for number, network in enumerate(networks, start=1):
            held, serves = frozenset(network.tasks), frozenset(network.serves)
            heads = self.head * (max(len(serves), 1) - 1)
            costs = [cost for cost in self.costs if abs(cost + float(heads) - network.cost) <= 1e-9]
            if not costs or len(held) < len(network.tasks) or len(serves) < len(network.serves):
                return f"Network {number} has a cost that it cannot have, or names a task twice.", []
            if wrong := self.broken(held, serves, costs[0]):
                return f"Network {number} {wrong}.", []
            if twice := serves & scores.keys():
                return f"{min(twice)!r} is served twice.", []
            spent += _decimal(costs[0]) + heads
            scores |= {task: self.score(task, held, costs[0]) for task in serves}
        if missing := self.serving.keys() - scores.keys():
            return f"{min(missing)!r} is not served.", []
        if spent > Fraction(budget) or -inf in scores.values():
            return "The networks cost more than the budget, or one of them cannot be had.", []
        return "", list(scores.values())


def blocks_above(raw: RawProblem, prices: Prices | None, least: float, known: float, stop: Stop) -> Profits:
    """Every block that exceeds the prices of its tasks and its cost by more than ``least``; all without prices.

    Args:
        known: no block exceeds them by more; or it is ``least``, and what is found disproves it.
    """
    found: Profits = {}
    task_prices = [0.0] * len(raw.serving) if prices is None else prices.task
    snt = 0.0 if prices is None else prices.snt
    price = {task: paid + snt * float(raw.head) for task, paid in zip(raw.serving, task_prices, strict=True)}
    for level, cost in enumerate(raw.costs):
        own = snt * float(raw.step * raw.paid[level])
        networks = {network for network, at in raw.measured if at == cost}
        if raw.size:  # the search serves neither pinned tasks nor those alone
            networks = {frozenset(pin) for _, pin in raw.rules.pinned} | {frozenset({task}) for task in raw.serving}
            shared = _all_networks(raw, price, own, cost, least, known, stop)
            found |= {(served, level): profit for served, profit in shared.items()}
        for network in networks:
            if stop.due:
                raise TimeoutError
            for served, profit in _served_in(raw, network, cost, price, own, least):
                found[served, level] = max(profit, found.get((served, level), -inf))
    return found


def _served_in(
    raw: RawProblem, network: frozenset[str], cost: float, price: dict[str, float], own: float, least: float
) -> list[tuple[int, float]]:
    """The blocks that exceed their prices by more than ``least`` in this network, and by how much."""
    gains = {task: raw.score(task, network, cost) - price[task] for task in raw.serving if task in network}
    gains = {task: gain for task, gain in gains.items() if gain > -inf}
    rows: list[tuple[frozenset[str], float]] = [(frozenset(), -own)]
    later = list(gains.values())
    for task, gain in gains.items():
        later.pop(0)
        rows += [(serves | {task}, profit + gain) for serves, profit in rows]
        reach = fsum(max(more, 0.0) for more in later)  # what the tasks to come can still add
        rows = [row for row in rows if row[1] + reach > least]
    return [
        (sum(1 << raw.serving[task] for task in serves), profit)
        for serves, profit in rows
        if serves and profit > least and not raw.broken(network, serves, cost)
    ]


class _Roles(NamedTuple):
    """A price check over T tasks, in the order in which they are decided; sets of tasks are bits of that order."""

    pairs: np.ndarray  # [source, target]: what a task held adds when the other is served
    single: np.ndarray  # what serving a task costs besides
    per_task: float  # what holding a task costs besides
    start: float  # what a network begins with
    raised: float  # what every undecided task may add besides, and all of them together
    once: float
    least: float
    mean: bool
    priced: bool
    servable: np.ndarray
    whole: np.ndarray  # whether no group kept together is decided in part before the task
    needs: np.ndarray  # the tasks that a network must hold if it serves the task
    mates: np.ndarray  # and serve
    clash: np.ndarray  # the tasks that a network must not hold if it holds the task
    most_tasks: int
    most_auxiliaries: int
    gives: np.ndarray  # [tasks held, T]: what each task adds to those served
    takes: np.ndarray  # and those held to each task
    flag: np.ndarray  # not 0 once the time is up


def _all_networks(
    raw: RawProblem, price: dict[str, float], own: float, cost: float, least: float, known: float, stop: Stop
) -> dict[int, float]:
    """The blocks in any network of two and more tasks that serves none that is pinned, by the affinities."""
    problem, rules = raw.problem, raw.rules
    group = {task: number for number, tasks in enumerate(rules.together) for task in tasks}
    fixed = {*rules.excluded, *(task for task, _ in rules.pinned)}
    gets = dict(zip(problem.tasks, np.maximum(problem.affinity, 0).sum(axis=0).tolist(), strict=True))
    served = sorted(raw.serving.keys() - fixed, key=lambda task: (group.get(task, -1), -gets[task], task))
    order = served + [task for task in problem.tasks if task not in served and task not in rules.excluded]
    if len(order) > MOST_TASKS:
        raise TimeoutError
    bits = {task: 1 << place for place, task in enumerate(order)}
    count, mean, priced = len(order), problem.aggregate == "mean", least > -inf
    level = least if priced else 0.0
    share = np.array([raw.share[task] if task in served else 0.0 for task in order])
    charge = np.array(
        [price[task] - raw.share[task] * raw.size[cost].change if task in served else 0 for task in order]
    )
    places = [problem.tasks.index(task) for task in order]
    pairs = problem.affinity[np.ix_(places, places)] * share - (charge if mean else 0.0)
    np.fill_diagonal(pairs, 0.0)

    def sharing(groups: tuple[tuple[str, ...], ...], among: Iterable[str]) -> np.ndarray:
        """For each task the others among some that are in a group with it."""
        beside = [{other for tasks in groups if task in tasks for other in tasks} - {task} for task in order]
        return np.array([sum(bits[other] for other in others & bits.keys() & set(among)) for others in beside])

    def may_serve(task: str) -> bool:
        return task in served and not any(task in tasks and {*tasks} & {*rules.excluded} for tasks in rules.together)

    def is_whole(place: int) -> bool:
        return not any({*order[:place]} & {*tasks} and {*served[place:]} & {*tasks} for tasks in rules.together)

    roles = _Roles(
        pairs=pairs,
        single=np.zeros(count) if mean else charge,
        per_task=own + level if mean else 0.0,
        start=own + level if mean else -own - level,
        raised=known - level if mean else 0.0,
        once=-own - known if mean else max(own + known, -charge.min(initial=0.0)),
        least=level,
        mean=mean,
        priced=priced,
        servable=np.array([may_serve(task) for task in order]),
        whole=np.array([is_whole(place) for place in range(count + 1)]),
        needs=sharing(rules.together, order),
        mates=sharing(rules.together, raw.serving),
        clash=sharing(rules.apart, order),
        most_tasks=raw.most_tasks(cost),
        most_auxiliaries=count if rules.max_auxiliaries is None else rules.max_auxiliaries,
        gives=np.zeros((count + 1, count)),
        takes=np.zeros((count + 1, count)),
        flag=stop.flag,
    )
    found = numba.typed.Dict.empty(numba.int64, numba.float64)
    _search(roles, found, 0, 0, 0, 0, 0, 0, roles.start)
    if stop.due or len(found) > LISTED:
        raise TimeoutError
    return {sum(1 << raw.serving[t] for t in served if bits[t] & mask): profit for mask, profit in found.items()}


@compiled
def _search(x, found, first, size, held, served, needs, mates, total):
    """Note every block from here that exceeds its prices by more than ``least``; ``total`` is by how much, as a sum.

    Args:
        first: the tasks from here on are undecided.
        size, held, served, needs, mates: the tasks held, and those of them that are served, and what they ask for.
    """
    if x.flag[0] != 0 or len(found) > LISTED:
        return
    if size > 1 and served and (total > 0 or not x.priced) and not needs & ~held and not mates & ~served:
        profit = x.least + (total / (size - 1) if x.mean else total)
        if served not in found or profit > found[served]:
            found[served] = profit
    if size == x.most_tasks:
        return
    auxiliaries = size
    for task in range(x.servable.shape[0]):
        auxiliaries -= served >> task & 1
    for task in range(x.servable.shape[0] - 1, first - 1, -1):  # the ends of the order first
        own = 1 << task
        if x.clash[task] & held or (needs & ~held) & (own - 1):
            continue
        for serve in range(2):
            if serve and (
                not x.servable[task] or x.mates[task] & ~served & (own - 1) or x.needs[task] & ~held & (own - 1)
            ):
                continue
            if not serve and (auxiliaries == x.most_auxiliaries or mates & own):
                continue
            more = total + x.gives[size, task] - x.per_task
            x.takes[size + 1] = x.takes[size] + x.pairs[task]
            x.gives[size + 1] = x.gives[size]
            if serve:
                more += x.takes[size, task] - x.single[task]
                x.gives[size + 1] += x.pairs[:, task]
            if x.priced and x.whole[task + 1] and more <= 0:
                rest = more + x.once
                for later in range(task + 1, x.servable.shape[0]):
                    if not x.clash[later] & (held | own):
                        best = x.gives[size + 1, later] + x.raised
                        if x.servable[later] and x.takes[size + 1, later] > 0:
                            best += x.takes[size + 1, later]
                        rest += max(best, 0.0)
                if rest <= 0:
                    continue
            deeper = served | own if serve else served
            asks = needs | x.needs[task] if serve else needs
            along = mates | x.mates[task] if serve else mates
            _search(x, found, task + 1, size + 1, held | own, deeper, asks, along, more)


def _decimal(cost: float) -> Fraction:
    """A cost as the decimal number that was meant."""
    return Fraction(cost).limit_denominator(10_000)
