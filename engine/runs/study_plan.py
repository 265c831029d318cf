"""Which networks a study trains: from the words on the command line to a list, the most telling first."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations, permutations

import numpy as np

from engine.checks import is_finite
from engine.datasets.tables.columns import names_in
from engine.errors import KindredError
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.studies.measurement import Order
from engine.studies.study import StudyNetwork, whole_study

MOST_WHOLE = 12  # tasks of a whole study, which has 2ⁿ − 1 networks and n half-size ones
MOST_PARTITIONS = 10_000
WHOLE, TRANSFER, RANDOM = "whole", "transfer", "random:"
LEAST_CAPACITY, MOST_CAPACITY = 0.01, 100.0  # SNT

Tasks = tuple[str, ...]
Networks = tuple[StudyNetwork, ...]


def _half_singles(tasks: Tasks) -> Networks:
    return tuple(StudyNetwork((task,), HALF_SINGLE.cost) for task in tasks)


def _singles(tasks: Tasks) -> Networks:
    return tuple(StudyNetwork((task,)) for task in tasks)


def _pairs(tasks: Tasks) -> Networks:
    return tuple(StudyNetwork(pair) for pair in combinations(tasks, 2))


def _all_in_one(tasks: Tasks) -> Networks:
    return (StudyNetwork(tasks),)


def _whole(tasks: Tasks) -> Networks:
    if len(tasks) > MOST_WHOLE:
        raise KindredError(
            f"A whole study of {len(tasks)} tasks has 2^{len(tasks)} − 1 networks; choose at most {MOST_WHOLE} tasks, "
            "or networks such as half_singles, singles, pairs and all_in_one."
        )
    return whole_study(tasks)


GROUPS: dict[str, Callable[[Tasks], Networks]] = {
    "half_singles": _half_singles,
    "singles": _singles,
    "pairs": _pairs,
    "all_in_one": _all_in_one,
    WHOLE: _whole,
    TRANSFER: _singles,  # whose trunks are lent
}
_HOW = (
    f"write {', '.join(GROUPS)}, random:K for the networks of K random partitions, or tasks joined by +, as in "
    "depth+normals, at another size depth@0.5"
)
_AWKWARD = "a task whose name holds + or @ cannot be written so: rename it, or use words such as singles and pairs"


def check_words(text: str) -> None:
    """See that a list of networks can be read, before the tasks are known.

    Raises:
        KindredError: naming the word that cannot.
    """
    words = names_in(text)
    if not words:
        raise KindredError(f"No network is listed; {_HOW}.")
    for word in words:
        if word.startswith(RANDOM):
            _partitions(word)
        elif word not in GROUPS:
            _explicit(word)


def named_networks(text: str, tasks: Sequence[str], seed: int) -> Networks:
    """The networks of a list of words, each once, the tasks of each in the order of ``tasks``.

    Args:
        text: of words with commas between them: a group as in ``GROUPS``, ``random:K``, or tasks joined by ``+``, with
            ``@`` and the SNT at another size than 1. A name with a comma is in double quotes.
        tasks: those of the study.
        seed: of the random partitions.

    Raises:
        KindredError: if a word cannot be read, or a whole study would be too large.
    """
    check_words(text)
    tasks = tuple(tasks)
    found: list[StudyNetwork] = []
    for word in names_in(text):
        if word.startswith(RANDOM):
            found += random_partitions(tasks, _partitions(word), seed)
        elif word in GROUPS:
            found += GROUPS[word](tasks)
        else:
            found.append(_of_tasks(word, tasks))
    return tuple(dict.fromkeys(found))


def random_partitions(tasks: Sequence[str], count: int, seed: int) -> Networks:
    """The networks of full size of so many random partitions of the tasks.

    The number of groups is drawn evenly from 1 to all tasks, then the group of each task; groups may stay empty.
    """
    random = np.random.default_rng([seed, len(tasks)])
    found = []
    for _ in range(count):
        group_of = random.integers(0, random.integers(1, len(tasks) + 1), len(tasks))
        for group in np.unique(group_of):
            found.append(StudyNetwork(tuple(task for task, own in zip(tasks, group_of, strict=True) if own == group)))
    return tuple(dict.fromkeys(found))


def orders_of(text: str, tasks: Sequence[str], seeds: Sequence[int], all_in_one_first: bool) -> tuple[Order, ...]:
    """What a study trains, each once, seed by seed, so that a first picture of all networks stands early.

    Of a seed: single tasks, from the smallest network to the largest; all tasks in one; the other networks, from few
    tasks to many; and transfer last, as it needs the trunks of single tasks.

    Args:
        text: as of ``named_networks``.
        tasks: those of the study.
        seeds: of the trainings; the first one is that of random partitions, too.
        all_in_one_first: train that network, listed or not, before all others.
    """
    tasks = tuple(tasks)
    everything = StudyNetwork(tasks)
    networks = named_networks(text, tasks, seeds[0])
    if all_in_one_first:
        networks = tuple(dict.fromkeys((everything, *networks)))

    def turn(network: StudyNetwork) -> tuple[float, ...]:
        if network == everything:
            return (0,) if all_in_one_first else (1, 1.5)
        return (1, len(network.tasks), network.cost)

    networks = tuple(sorted(networks, key=turn))
    pairs = tuple(permutations(tasks, 2)) if TRANSFER in names_in(text) else ()
    orders = []
    for seed in seeds:
        orders += [Order(network.tasks, network.cost, seed) for network in networks]
        orders += [Order((target,), FULL.cost, seed, source) for source, target in pairs]
    return tuple(orders)


def _partitions(word: str) -> int:
    count = word.removeprefix(RANDOM)
    if not count.isdecimal() or not 1 <= int(count) <= MOST_PARTITIONS:
        raise KindredError(
            f"The number of random partitions is {count!r}; write a whole number from 1 to {MOST_PARTITIONS}, as in "
            "random:8."
        )
    return int(count)


def _explicit(word: str) -> tuple[Tasks, float]:
    """The tasks and the cost of a network that is written out."""
    named, at, size = word.rpartition("@") if "@" in word else (word, "", "")
    try:
        cost = float(size) if at else FULL.cost
    except ValueError:
        cost = math.nan
    if not is_finite(cost) or not LEAST_CAPACITY <= cost <= MOST_CAPACITY:
        raise KindredError(
            f"The size of the network {word!r} is {size!r}; write SNT from {LEAST_CAPACITY:g} to {MOST_CAPACITY:g} "
            f"after @, as in depth@0.5 ({_AWKWARD})."
        )
    tasks = tuple(task.strip() for task in named.split("+"))
    if not all(tasks) or len(set(tasks)) < len(tasks):
        raise KindredError(
            f"The network {word!r} is not different tasks joined by +, as in depth+normals; mend it ({_AWKWARD})."
        )
    return tasks, cost


def _of_tasks(word: str, tasks: Tasks) -> StudyNetwork:
    members, cost = _explicit(word)
    for name in members:
        if name not in tasks:
            raise KindredError(
                f"There is no task {name!r} in the study, as the network {word!r} says; its tasks are "
                f"{', '.join(tasks)}. To list networks, {_HOW} ({_AWKWARD})."
            )
    return StudyNetwork(tuple(task for task in tasks if task in members), cost)
