"""Who helps whom, as measured: tables of a study in the papers' formula, and how alike those of two studies are."""

import numpy as np

from engine.affinity.comparison import Comparison, compare
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.studies.study import TEST, Study


def gains(study: Study, split: str = TEST) -> np.ndarray:
    """By how much a pair's network does better than the task alone at half size, which together cost the same.

    ``100 · (L_half(t) / L_{s, t}(t) − 1)``, in percent.

    Returns:
        ``[source, target]``, positive where the source helps; NaN on the diagonal and where a loss is not known.

    Source: Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020: the tables of
    the relation of two tasks, on test losses.
    """
    return _gains(study, split, HALF_SINGLE.cost)


def gains_over_full(study: Study, split: str = TEST) -> np.ndarray:
    """The same over the task alone at full size: what joins the network at no other change; see `gains`."""
    return _gains(study, split, FULL.cost)


def transfer_gains(study: Study) -> np.ndarray | None:
    """``[source, target]``: by how much features learned by the source alone serve the target better than others'.

    ``100 · (L̄_t / L_{s → t} − 1)``, in percent, with L̄_t the mean over sources; NaN on the diagonal. None if no
    transfer was measured. Relative to the mean, as a frozen trunk nearly always does worse than one that learns the
    target.
    """
    if study.transfer is None:
        return None
    off = np.where(np.eye(len(study.tasks), dtype=bool), np.nan, study.transfer)
    return 100 * (np.nanmean(off, axis=0) / off - 1)


def alike(one: Study, other: Study, split: str = TEST) -> Comparison:
    """The gains of two studies side by side, over the tasks that both have.

    Raises:
        KindredError: if fewer than 3 tasks are in both.
    """
    return compare(one.tasks, gains(one, split), other.tasks, gains(other, split))


def _gains(study: Study, split: str, cost: float) -> np.ndarray:
    losses, tasks = study.losses[split], study.tasks
    alone = _alone(study, losses, cost)
    table = np.full((len(tasks), len(tasks)), np.nan)
    for source, first in enumerate(tasks):
        for target, second in enumerate(tasks):
            place = study.place((first, second)) if source != target else None
            if place is not None:
                table[source, target] = 100 * (alone[target] / losses[place, target] - 1)
    return table


def _alone(study: Study, losses: np.ndarray, cost: float) -> np.ndarray:
    places = [study.place((task,), cost) for task in study.tasks]
    return np.array([np.nan if place is None else losses[place, task] for task, place in enumerate(places)])
