"""The advisor: which network to train next for the best grouping in the end, and how far from it the choice may be.

What is foretold of every network is drawn many times, as it may well be. Every draw has its best grouping, found
exactly, for each budget. Then

- the *chance* of a network is the share of draws in which it belongs to the best grouping. The one to train next is
  that of the greatest chance per SNT among those not trained: it is the one that most likely matters (Thompson
  sampling, with the share of many draws in place of one draw);
- the *regret* of the present choice, the grouping of the least expected loss, is by how much the best one of a draw
  loses less. Its mean is the regret to be expected, and its 95 % quantile the bound. These draws have the heavy tails
  of a t distribution, as how much networks vary is itself learned from few. Where no network matters by the former
  draws, chances are those of the latter.

Sources: Thompson, "On the likelihood that one unknown probability exceeds another in view of the evidence of two
samples", Biometrika 25, 1933; Russo and Van Roy, "Learning to Optimize via Posterior Sampling", Mathematics of
Operations Research 39, 2014. The bound is as good as the predictor's calibration, which
`tests/benchmarks/advisor.py` measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from engine import catalog
from engine.errors import KindredError
from engine.grouping.scenarios import Scenarios
from engine.studies.prediction import Prediction, Predictor
from engine.studies.study import TEST, VALIDATION, Study

DRAWS = 512
CERTAIN = 0.95  # share of draws in which the regret is below the bound
ROUNDING = 1e-9  # in percent
FREEDOM = 4.0  # of the tails: with it the bound held in 94 % of the steps replayed on published studies, else in 79 %


@dataclass(frozen=True, eq=False)
class Advice:
    """Attributes:
    budgets: in SNT, those that a grouping is wanted for.
    chosen: for each budget ``[tasks]``, the network of the study that serves each task.
    value: for each budget, what that grouping is expected to lose on validation: the weighted mean over the tasks.
    regret: in percent of that, what a better grouping may save: expected, the mean over budgets.
    bound: in percent, what it saves at most in 95 % of the draws; the mean over budgets.
    chance: ``[networks]``, how probably each belongs to the best grouping; the mean over budgets.
    next: the networks to train next, the first one first; none where all that matters is known.
    prediction: that it rests on.
    """

    budgets: tuple[float, ...]
    chosen: tuple[np.ndarray, ...]
    value: tuple[float, ...]
    regret: float
    bound: float
    chance: np.ndarray
    next: tuple[int, ...]
    prediction: Prediction


@threadpool_limits.wrap(1, "blas")
def advise(
    study: Study,
    budgets: Sequence[float],
    *,
    count: int = 1,
    most: float = np.inf,
    predictor: Predictor | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Advice:
    """What to choose now, how far from the best it may be, and what to train next.

    Args:
        budgets: in SNT, one or several that are to be served equally well.
        count: networks to train next, beside each other.
        most: the SNT that one of them may cost.
        predictor: by default the combination of all that is known.
        draws: of what the losses may be.
        seed: of the draws.

    Raises:
        KindredError: if nothing is measured, or a budget serves not every task.
    """
    if not study.known().any():
        raise KindredError(
            f"Nothing of the study {study.name!r} is measured yet; train every task alone at half size first."
        )
    predicted = (predictor or catalog.load("predictor", "combination"))(study)
    random = np.random.default_rng([seed, int(study.known().sum())])
    scenarios = Scenarios(study.holds, study.costs)
    weights = study.weights / len(study.tasks)
    expected = predicted.mean * weights
    chosen = tuple(_choice(scenarios, expected, budget, study) for budget in budgets)
    everyone = np.arange(len(study.tasks))
    value = tuple(float(expected[present, everyone].sum()) for present in chosen)
    open_ = ~study.known() & (study.costs <= most)
    chance = scenarios.frequencies(predicted.draws(study.holds, draws, random) * weights, budgets)
    tails = predicted.draws(study.holds, draws, random, FREEDOM) * weights
    if not chance[open_].any():
        chance = scenarios.frequencies(tails, budgets)
    now = np.stack([tails[:, present, everyone].sum(axis=1) for present in chosen], axis=1)
    lost = 100 * (now - scenarios.values(tails, budgets)) / np.abs(value)
    lost[lost < ROUNDING] = 0.0
    order = np.argsort(-chance / study.costs, kind="stable")
    matters = [int(number) for number in order if open_[number] and chance[number] > 0]
    return Advice(
        tuple(budgets),
        chosen,
        value,
        float(lost.mean()),
        float(np.quantile(lost, CERTAIN, axis=0).mean()),
        chance,
        tuple(matters[:count]),
        predicted,
    )


def first_networks(study: Study) -> tuple[int, ...]:
    """What is measured before there can be advice: every task alone, in the smallest network there is of it."""
    found = []
    for task in study.tasks:
        alone = [number for number, network in enumerate(study.networks) if network.tasks == (task,)]
        holding = [number for number, network in enumerate(study.networks) if task in network.tasks]
        if not holding:
            raise KindredError(f"No network of the study {study.name!r} holds {task!r}; add one that does.")
        found.append(min(alone or holding, key=lambda number: study.networks[number].cost))
    return tuple(dict.fromkeys(found))


def score(study: Study, chosen: np.ndarray, split: str = TEST) -> float:
    """What a grouping loses on a split: the weighted mean over tasks, each from the network that serves it; NaN where
    one was not measured there.

    Args:
        chosen: ``[tasks]``, networks.
    """
    losses = study.losses.get(split)
    if losses is None:
        return float("nan")
    return float(np.mean(losses[chosen, np.arange(len(study.tasks))] * study.weights))


def best_known(study: Study, budget: float, split: str = VALIDATION) -> np.ndarray | None:
    """``[tasks]``: the grouping of the least loss among the networks measured on a split; None if they do not serve
    everyone within the budget."""
    scenarios = Scenarios(study.holds, study.costs)
    return scenarios.choose(study.losses[split] * study.weights, budget)


def _choice(scenarios: Scenarios, losses: np.ndarray, budget: float, study: Study) -> np.ndarray:
    chosen = scenarios.choose(losses, budget)
    if chosen is None:
        raise KindredError(
            f"With {budget:g} SNT no networks of the study {study.name!r} of which something is known serve all "
            f"{len(study.tasks)} tasks; raise the budget, or add the network of all tasks."
        )
    return chosen
