"""A cheap estimator at every step, made unbiased by an exact one at a few."""

from typing import Any

import torch
from torch import Tensor

from engine.affinity.estimator import Estimator, Update, step_generator


class Corrected(Estimator):
    """A control variate: the mean of a cheap estimator plus the mean of (exact − cheap) over a sample of updates.

    Of every ``period`` observed updates, one, drawn at random, is observed exactly as well::

        Z = cheap                                          at the others
        Z = cheap + period · (exact − cheap)               at that one

    so that the mean over whole periods is the exact estimator's in expectation: unbiased, whatever the cheap one is,
    and with less noise than the exact one alone where both agree. Cost: the cheap one's, plus 1 / period of the exact
    one's.

    Args:
        cheap, exact: estimators.
        period: observed updates for each exact one.
        seed: of the draw.

    Source: control variates, as in Owen, "Monte Carlo Theory, Methods and Examples", 2013, section 8.9.
    """

    fidelity = 0.95

    def __init__(self, cheap: Estimator, exact: Estimator, period: int = 10, seed: int = 0) -> None:
        self.cheap, self.exact, self.period, self.seed = cheap, exact, period, seed
        self._observed = 0

    def __call__(self, update: Update) -> Tensor:
        block, place = divmod(self._observed, self.period)
        self._observed += 1
        drawn = torch.randint(self.period, (), generator=step_generator(self.seed, block)).item()
        cheap = self.cheap(update)
        if place != drawn:
            return cheap
        return cheap + self.period * (self.exact(update) - cheap)

    def costs(self, tasks: int) -> float:
        return self.cheap.costs(tasks) + self.exact.costs(tasks) / self.period

    def state(self) -> dict[str, Any]:
        return {"observed": self._observed, "cheap": self.cheap.state(), "exact": self.exact.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        self._observed = state["observed"]
        self.cheap.load_state(state["cheap"])
        self.exact.load_state(state["exact"])
