"""What each way of choosing would have come to, replayed on studies of which every network was measured.

A replay hides the losses and shows them one network at a time, as that way asks for them. Whatever it chooses is then
judged on the test split by its `regret`. No training is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.predictors.combination import predict
from engine.studies.advisor import DRAWS, Advice, advise, best_known, first_networks
from engine.studies.flow import follow_advice
from engine.studies.prediction import Predictor
from engine.studies.study import VALIDATION, Study
from engine.studies.ways import WAYS, regret, without_early


@dataclass(frozen=True)
class Replayed:
    """A choice after some networks were trained.

    Attributes:
        networks: trained so far.
        cost: of them, in SNT; NaN where it is not known.
        regret: for each budget, in percent.
        expected, bound: what the advisor said of it, in percent; NaN of others.
        last: the network trained last, in the study's order; −1 at first.
    """

    networks: int
    cost: float
    regret: tuple[float, ...]
    expected: float = float("nan")
    bound: float = float("nan")
    last: int = -1


def replay_way(study: Study, name: str, budgets: Sequence[float]) -> Replayed:
    """What a way of `WAYS` comes to, which trains all that it needs at once."""
    way = WAYS[name]
    regrets = tuple(regret(study, way.choose(study, budget), budget) for budget in budgets)
    return Replayed(int(way.needs(study).sum()), way.cost(study), regrets)


def replay_advisor(
    study: Study,
    budgets: Sequence[float],
    most: int | None = None,
    *,
    predictor: Predictor = predict,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Replayed]:
    """The advisor from the tasks alone on, until ``most`` networks are trained or it sees no more to gain.

    See `engine.studies.flow.follow_advice` for what it is told.

    Args:
        budgets: in SNT, which it serves equally well.
    """

    def ask(shown: Study) -> Advice:
        return advise(shown, budgets, predictor=predictor, draws=draws, seed=seed)

    found = []
    for step in follow_advice(study, ask, most):
        advice, cost = step.advice, float(study.costs[step.known].sum())
        regrets = tuple(regret(study, chosen, budget) for chosen, budget in zip(advice.chosen, budgets, strict=True))
        found.append(Replayed(int(step.known.sum()), cost, regrets, advice.regret, advice.bound, step.last))
    return found


def replay_at_random(
    study: Study, budgets: Sequence[float], most: int | None = None, *, predictor: Predictor = predict, seed: int = 0
) -> list[Replayed]:
    """Networks trained in random order after the tasks alone, and the others foretold as the advisor does."""
    shown, seen = without_early(study), np.zeros(len(study.networks), dtype=bool)
    seen[list(first_networks(study))] = True
    order = [int(number) for number in np.random.default_rng(seed).permutation(len(seen)) if not seen[number]]
    found = []
    for last in (-1, *order):
        seen[last] |= last >= 0
        predicted = predictor(shown.with_known(seen))
        foretold = replace(shown, losses={VALIDATION: predicted.mean})
        regrets = tuple(regret(study, best_known(foretold, budget), budget) for budget in budgets)
        found.append(Replayed(int(seen.sum()), float(study.costs[seen].sum()), regrets, last=last))
        if seen.sum() >= (most or len(study.networks)):
            break
    return found
