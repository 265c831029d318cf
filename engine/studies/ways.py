"""Ways to choose a grouping: what each needs to be trained first, and what it then foretells of all other networks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.grouping.problem import LOWER, GroupingProblem
from engine.grouping.solution import Solution
from engine.grouping.solving import solve
from engine.predictors import early_stopping, higher_order, linearised, tag_mean
from engine.studies.advisor import best_known, first_networks, score
from engine.studies.prediction import Prediction
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION, Study


@dataclass(frozen=True)
class Way:
    """Attributes:
    summary: one line.
    needs: ``[networks]``, which ones are to be trained.
    predict: from them to all networks; None to choose among those alone.
    has: whether the study holds what else it needs.
    early: whether it chooses by early-stopped losses of all networks.
    """

    summary: str
    needs: Callable[[Study], np.ndarray]
    predict: Callable[[Study], Prediction] | None = None
    has: Callable[[Study], bool] = lambda _: True
    early: bool = False

    def losses(self, study: Study) -> np.ndarray | None:
        """``[networks, tasks]``, what it chooses by; None where a network that it needs was not measured, or it has not
        what else it needs."""
        needs = self.needs(study)
        if not self.has(study) or (needs & ~study.known()).any():
            return None
        shown = (study if self.early else without_early(study)).with_known(needs)
        return shown.losses[VALIDATION] if self.predict is None else self.predict(shown).mean

    def choose(self, study: Study, budget: float) -> np.ndarray | None:
        """``[tasks]``, the network that serves each; None where it cannot tell, or the budget does not suffice."""
        losses = self.losses(study)
        if losses is None:
            return None
        return best_known(replace(study, losses={VALIDATION: losses}), budget)

    def cost(self, study: Study) -> float:
        """Of what it needs, in SNT; NaN where that is not known."""
        if self.early:
            return study.early_share * float(study.costs[study.known(EARLY_STOPPED)].sum())
        return float(study.costs[self.needs(study)].sum())


def _of_size(test: Callable[[int, float, int], bool]) -> Callable[[Study], np.ndarray]:
    """Networks by their number of tasks, their cost, and the number of all tasks."""
    return lambda study: np.array([test(len(each.tasks), each.cost, len(study.tasks)) for each in study.networks])


def _one_run(study: Study) -> np.ndarray:
    needs = _of_size(lambda size, cost, every: size == every and cost == 1)(study)
    needs[list(first_networks(study))] = True
    return needs


_alone = _of_size(lambda size, cost, every: size == 1)
_together = _of_size(lambda size, cost, every: size == every)
_halves_and_pairs = _of_size(lambda size, cost, every: (size == 1 and cost < 1) or (size == 2 and cost == 1))
_none = _of_size(lambda size, cost, every: False)
_all = _of_size(lambda size, cost, every: True)

WAYS: dict[str, Way] = {
    "single-task": Way("every task in a network of its own, of half size or full", _alone),
    "all-in-one": Way("all tasks in one network", _together),
    "TAG": Way(
        "the affinities that one run of all tasks observed; the tasks alone tell the level",
        _one_run,
        tag_mean.predict,
        lambda study: study.affinity is not None,
    ),
    "Grad-TAG": Way(
        "losses linearised around one network of all tasks; the tasks alone tell the level",
        _one_run,
        linearised.predict,
        lambda study: study.linearised is not None,
    ),
    "HOA": Way(
        "every task alone at half size and every pair are trained; larger networks are means of pairs",
        _halves_and_pairs,
        higher_order.predict,
    ),
    "ESA": Way(
        "every network is trained for a short while, and those losses decide",
        _none,
        early_stopping.predict,
        lambda study: bool(study.known(EARLY_STOPPED).any()),
        early=True,
    ),
    "everything known": Way("every network is trained: the full search", _all),
}


def grouping(study: Study, losses: np.ndarray, budget: float) -> Solution:
    """The best grouping by measured or foretold losses, as one that can be exported, checked and trained.

    Args:
        losses: ``[networks, tasks]``; networks of which one is not known cannot be chosen.

    Raises:
        KindredError: if the budget serves not everyone.
    """
    weights = tuple(map(float, study.weights))
    candidates = study.candidates(losses)
    return solve(GroupingProblem(study.tasks, candidates=candidates, direction=LOWER, weights=weights), budget)


def random_score(study: Study, budget: float, split: str = TEST, draws: int = 1000, seed: int = 0) -> float:
    """What groupings drawn at random from the measured networks lose on average; NaN where the budget serves not
    everyone, or a loss is not known.

    Each is the best one by scores that are drawn at random, so that it makes use of the budget.
    """
    random = np.random.default_rng(seed)
    known = np.isfinite(study.losses[VALIDATION])
    scores = []
    for _ in range(draws):
        losses = np.where(known, random.random(known.shape), np.nan)
        chosen = best_known(replace(study, losses={VALIDATION: losses / study.weights}), budget)
        if chosen is None:
            return float("nan")
        scores.append(score(study, chosen, split))
    return float(np.mean(scores))


def regret(study: Study, chosen: np.ndarray | None, budget: float) -> float:
    """By how much a choice loses more on test than the one made on validation with everything known, in percent.

    That one need not be the best on test, so this can be negative. NaN where nothing was chosen or not all is known.
    """
    best = WAYS["everything known"].choose(study, budget)
    if chosen is None or best is None:
        return float("nan")
    return 100 * (score(study, chosen) / score(study, best) - 1)


def without_early(study: Study) -> Study:
    """The study without its early-stopped losses, for those who do not pay for them."""
    return replace(study, losses={name: values for name, values in study.losses.items() if name != EARLY_STOPPED})
