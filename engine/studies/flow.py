"""The advisor step by step: what it says after each network that becomes known.

Either it is followed, on a study of which all is measured and shown to it one network at a time as it asks; or the
networks became known in an order that is given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.studies.advisor import Advice, first_networks
from engine.studies.study import EARLY_STOPPED, Study
from engine.studies.ways import without_early

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


def follow_advice(study: Study, ask: Ask) -> list[Step]:
    """From the tasks alone on, whatever the advisor asks for next, until it sees no more to gain.

    As by `engine.studies.replay.replay_advisor` it is not given early-stopped losses, whose cost would have to be
    added.

    Args:
        study: of which every network is measured.
        ask: the advisor, for some budgets.
    """
    shown, known, last = without_early(study), np.zeros(len(study.networks), dtype=bool), -1
    known[list(first_networks(study))] = True
    steps = []
    while True:
        advice = ask(shown.with_known(known))
        steps.append(Step(known.copy(), advice, last))
        if not advice.next:
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
