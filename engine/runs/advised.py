"""How a study spends an allowance: what it trains next by the advisor's word, and what every training bought."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.runs.studies import study_from
from engine.runs.study_config import StudyConfig
from engine.studies.advisor import Advice, advise, first_networks, score
from engine.studies.measurement import Measurement, Order
from engine.studies.study import TEST, VALIDATION, Study

ARTIFACT = "advice"


class Advised:
    """The networks to train while an allowance lasts.

    First every task alone; then, as often as something new is measured, what the advisor says, for the budget of the
    study, or for all budgets alike where it has none. It ends when the regret is surely below the study's bound, when
    the rest of the allowance pays no network that matters, or when all that matters is known.

    Args:
        config: of the study.
        tasks: in the order of the data set.

    Attributes:
        history: what is reported: a record for every advice, in order.
        ended: why no more is trained; empty before.
    """

    def __init__(self, config: StudyConfig, tasks: Sequence[str]) -> None:
        self._config, self._tasks = config, tuple(tasks)
        self.history: list[dict[str, Any]] = []
        self.ended = ""
        self._seen: frozenset[Order] | None = None
        self._orders: list[Order] = []

    def orders(
        self,
        known: Mapping[Order, Measurement],
        failed: Collection[Order],
        spent: float,
        affinity: np.ndarray | None,
    ) -> list[Order]:
        """What to train now, the most wanted first; nothing when it has ended.

        Args:
            known: what is measured of the networks listed.
            failed: what cannot be trained.
            spent: SNT-epochs so far.
            affinity: ``[source, target]``, if observed.
        """
        seen = frozenset(known)
        if seen != self._seen:
            self._seen = seen
            self._orders = self._advised(known, spent, affinity)
        return [order for order in self._orders if order not in known and order not in failed]

    def _advised(self, known: Mapping[Order, Measurement], spent: float, affinity: np.ndarray | None) -> list[Order]:
        config = self._config
        study = study_from("", self._tasks, config, known.values(), affinity)
        first = [network for network in first_networks(study) if not study.known()[network]]
        if first:
            return self._each_seed(study, first)
        epochs = np.mean([each.epochs for each in known.values()])
        left = (config.allowance - spent) / (epochs * config.seeds)
        budgets = (config.budget,) if config.budget else all_budgets(len(self._tasks))
        advice = advise(study, budgets, count=config.workers, most=left, seed=config.seed)
        if advice.bound <= config.bound:
            advice = replace(advice, next=())
        self._record(study, advice, spent)
        if advice.bound <= config.bound:
            self.ended = f"No grouping is more than {advice.bound:.2g} % better, with 95 % certainty; that is enough."
        elif not advice.next:
            some = advice.chance[~study.known()].any()
            self.ended = "The allowance is spent." if some else "No network that is left to train matters."
        else:
            return self._each_seed(study, advice.next)
        return []

    def _each_seed(self, study: Study, networks: Sequence[int]) -> list[Order]:
        found = [study.networks[network] for network in networks]
        return [Order(each.tasks, each.cost, seed) for each in found for seed in self._config.every_seed]

    def _record(self, study: Study, advice: Advice, spent: float) -> None:
        if self.history and self.history[-1]["networks"] == int(study.known().sum()):
            self.history.pop()  # the same advice, given before the study was stopped
        self.history.append(
            {
                "networks": int(study.known().sum()),
                "spent": spent,
                "regret": advice.regret,
                "bound": advice.bound,
                "next": [study.networks[network].name for network in advice.next],
                "groupings": [
                    {
                        "budget": budget,
                        "serves": {
                            task: study.networks[network].name
                            for task, network in zip(self._tasks, chosen, strict=True)
                        },
                        "validation": value,
                        "test": _or_none(score(study, chosen, TEST)),
                        "measured": _or_none(score(study, chosen, VALIDATION)),
                    }
                    for budget, chosen, value in zip(advice.budgets, advice.chosen, advice.value, strict=True)
                ],
            }
        )


def all_budgets(tasks: int) -> tuple[float, ...]:
    """1 SNT to one network a task, in half steps."""
    return tuple(1 + step / 2 for step in range(2 * (tasks - 1) + 1))


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
