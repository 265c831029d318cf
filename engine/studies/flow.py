"""The advisor step by step: what it says after each network that becomes known.

Either it is followed, on a study of which all is measured and shown to it one network at a time as it asks; or the
networks became known in an order that is given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.studies.advisor import Advice, best_known, first_networks
from engine.studies.prediction import Predictor
from engine.studies.study import EARLY_STOPPED, VALIDATION, Study
from engine.studies.ways import regret, without_early

Ask = Callable[[Study], Advice]


@dataclass(frozen=True, eq=False)
class Step:
    """Attributes:
    known: ``[networks]``, booleans: what the advisor was told.
    advice: what it then said.
    last: the network that became known last, in the study's order; −1 at first.
    """

    known: np.ndarray
    advice: Advice
    last: int = -1


def follow_advice(study: Study, ask: Ask, most: int | None = None) -> list[Step]:
    """From the tasks alone on, whatever the advisor asks for next, until it sees no more to gain.

    Where the study has affinities or linearised losses, the network of all tasks, which told them, is known from the
    beginning too. Early-stopped losses are not given, as their cost would have to be added.

    Args:
        study: of which every network is measured.
        ask: the advisor, for some budgets.
        most: networks; all where left out.
    """
    shown, known, last = without_early(study), np.zeros(len(study.networks), dtype=bool), -1
    known[list(first_networks(study))] = True
    everyone = study.place(study.tasks)
    if everyone is not None and not (study.affinity is None and study.linearised is None):
        known[everyone] = True
    steps = []
    while True:
        advice = ask(shown.with_known(known))
        steps.append(Step(known.copy(), advice, last))
        if not advice.next or known.sum() >= (most or len(known)):
            return steps
        last = advice.next[0]
        known[last] = True


def follow_order(study: Study, order: Sequence[int], ask: Ask, most: int = 60) -> list[Step]:
    """After each network of an order, from when every task is known alone.

    Of a network that is not known yet, the advisor is told neither its losses nor those of a short training.

    Args:
        order: networks of the study, those known that are left out follow at the end.
        ask: the advisor, for some budgets.
        most: steps, spread evenly where there are more.

    Returns:
        The last step holds all that is known; nothing where a task is not known alone.
    """
    first, measured = set(first_networks(study)), study.known()
    turns = [number for number in dict.fromkeys((*order, *np.flatnonzero(measured).tolist())) if measured[number]]
    begin = next((count for count in range(1, len(turns) + 1) if first <= set(turns[:count])), None)
    if begin is None:
        return []
    counts = np.unique(np.linspace(begin, len(turns), min(len(turns) - begin + 1, most)).round().astype(int))
    steps = []
    for count in counts.tolist():
        known = np.zeros(len(study.networks), dtype=bool)
        known[turns[:count]] = True
        shown = study.with_known(known).with_known(known, EARLY_STOPPED)
        steps.append(Step(known, ask(shown), turns[count - 1] if steps else -1))
    return steps


def regret_at_random(
    study: Study, budget: float, predictor: Predictor, orders: int = 5, most: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """What networks trained in random order come to, the others foretold: what the advisor is to do better than.

    Args:
        study: of which every network is measured.
        orders: how many the mean is over.
        most: steps, spread evenly where there are more.

    Returns:
        ``[steps]``: the cost in SNT, and the regret in percent; the first step is that of the tasks alone.
    """
    shown, first = without_early(study), list(first_networks(study))
    others = np.setdiff1d(np.arange(len(study.networks)), first)
    counts = np.unique(np.linspace(0, len(others), min(len(others) + 1, most)).round().astype(int))
    cost, lost = np.zeros((2, orders, len(counts)))
    for order in range(orders):
        turns = np.random.default_rng(order).permutation(others)
        for place, count in enumerate(counts):
            known = np.zeros(len(study.networks), dtype=bool)
            known[[*first, *turns[:count]]] = True
            foretold = replace(shown, losses={VALIDATION: predictor(shown.with_known(known)).mean})
            cost[order, place] = study.costs[known].sum()
            lost[order, place] = regret(study, best_known(foretold, budget), budget)
    return cost.mean(axis=0), lost.mean(axis=0)
