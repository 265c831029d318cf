"""Affinity within a budget: times itself, chooses estimator and interval, keeps to the budget as conditions change."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.affinity.estimator import Estimator, Unsuited, Update

WARM_UP = 3  # plain steps before anything is observed: the first ones allocate, compile and tune
RECENT = 15  # timings whose median counts
COMPARED_AT = (1, 4, 60)  # observations at which all candidates are compared, if that can be afforded
COMPARING = 0.15  # of the whole run's budget that one comparison may take
GROWTH = 3.0  # how much dearer the next candidate may be than the last one
MOST_SAVED = 20  # plain steps whose unspent budget is kept; more would be spent at once when conditions change
TIMED = 0.8  # of what observing costs: hooks in the forward pass and colder caches cost outside its own calls
HICCUP = 5.0  # times the usual; what a step or an observation takes beyond is not counted
NOISE = 75.0  # updates after which an estimate's correlation with the infinite run is 1/√2 (45 to 105 were measured)
SWITCH = 1.05  # how much better another estimator must promise to be
USUAL_STEPS = 2000


class Auto:
    """Chooses which estimator to take, and at which updates, so that observing costs ``overhead``.

    Every plain step earns ``overhead`` times its own time, and the next observation waits until its cost is earned;
    times are medians of the last 15. Among the estimators it takes the one of the highest promise ::

        fidelity² / √(1 + κ k / n)      k: the interval it could afford; n: planned updates; κ = 75

    where the root is what batch noise leaves after n / k observations, and fidelity how far the estimator agrees with
    the best one. That is measured: at a few observations all candidates, from the cheapest on, look at the same
    update, as far as a part of the budget allows. What this overdraws is earned before the next observation. (Squared,
    as what a cheap estimator leaves out does not average away.)

    Args:
        candidates: name → estimator, from the cheapest to the most faithful.
        overhead: time to spend on observing, as a share of plain training time.
        tasks: how many there are.
        steps: planned updates; 0 if unknown (2,000 are then assumed).
        first: gives the number that the first of several processes has, so that all choose alike.
        fallback: name and estimator for a network that no candidate fits.

    Attributes:
        name: the estimator that is chosen now.
        spent, plain: seconds of observing, and of plain training, in all.
    """

    def __init__(
        self,
        candidates: Mapping[str, Estimator],
        overhead: float,
        tasks: int,
        steps: int = 0,
        first: Callable[[int], int] = int,
        fallback: tuple[str, Estimator] | None = None,
    ) -> None:
        self.candidates, self.overhead, self.tasks, self.steps = dict(candidates), overhead, tasks, steps or USUAL_STEPS
        self._share = TIMED * overhead
        self.name = next(iter(self.candidates))
        self.quantity = self.candidates[self.name].quantity
        self.spent = self.plain = 0.0
        self._balance = 0.0  # seconds earned and not spent
        self._first, self._fallback = first, fallback
        self._observations = 0
        self._comparing = False
        self._fidelity = {name: [] for name in self.candidates}
        self._plain_times: deque[float] = deque(maxlen=RECENT)
        self._costs: dict[str, deque[float]] = {name: deque(maxlen=RECENT) for name in self.candidates}
        self._next = WARM_UP

    def due(self, step: int) -> bool:
        """Whether that update should be observed."""
        return step >= self._next

    def observe(self, update: Update) -> Tensor:
        """The relation of the update's tasks by the chosen estimator; see ``Estimator``.

        Raises:
            Unsuited: if no candidate fits the network.
        """
        self._observations += 1
        self._comparing = False
        if self._observations - 1 in COMPARED_AT and len(self.candidates) > 1 and self._plain_times:
            return self._compare(update)
        while True:
            try:
                return self.candidates[self.name](update)
            except Unsuited:
                if not self._drop(self.name):
                    raise

    def passed(self, step: int, plain: float, steps: int, observing: float) -> None:
        """Take in the timings of an observed update and plan the next one.

        Args:
            step: the update's number.
            plain: seconds of training since the update observed before.
            steps: how many updates they were.
            observing: seconds of observing this one.
        """
        self.spent += observing
        if not self._comparing and self._observations > 1:  # the first one also allocates
            self._costs[self.name].append(observing)
        if steps:
            self.plain += plain
            self._plain_times.append(plain / steps)
        usual = median(self._plain_times) if self._plain_times else plain
        cost = self._cost(self.name, usual)
        # A hiccup, as when Python collects garbage, is no one's fault and comes seldom.
        self._balance += self._share * min(plain, HICCUP * steps * usual)
        timed = self._costs[self.name] and not self._comparing
        self._balance -= min(observing, HICCUP * cost) if timed else observing
        self._balance = min(self._balance, MOST_SAVED * self._share * usual)
        wait = 1
        if usual:
            self._choose(usual)
            wait = math.ceil((self._cost(self.name, usual) - self._balance) / (self._share * usual))
        names = list(self.candidates)
        self.name = names[self._first(names.index(self.name))]
        self._next = step + self._first(max(1, wait))

    def note(self) -> str:
        """What was chosen and what it costs, in words."""
        if not self._plain_times:
            return f"auto chose {self.name}; overhead not yet known of {self.overhead:.0%} allowed"
        interval = round(self._interval(self.name, median(self._plain_times)))
        often = "every update" if interval == 1 else f"about every {_ordinal(interval)} update"
        share = self.spent / self.plain / TIMED
        return f"auto chose {self.name}, {often}; overhead {share:.1%} of {self.overhead:.0%} allowed"

    def state(self) -> dict[str, Any]:
        """For a checkpoint. Timings are not kept, as another process may be slower or faster."""
        return {"name": self.name, "estimator": self.candidates[self.name].state()}

    def load_state(self, state: dict[str, Any], step: int) -> None:
        """Take up a state."""
        self.name, self._next = state["name"], step + WARM_UP
        self.candidates[self.name].load_state(state["estimator"])

    def _compare(self, update: Update) -> Tensor:
        """All candidates on one update, the cheapest first; what the chosen one says."""
        self._comparing = True
        allowed = COMPARING * self._share * self.steps * median(self._plain_times)
        found, taken, spent = {}, 0.0, 0.0
        for name in list(self.candidates):
            # All processes stop at the same candidate, as each takes part in every exchange.
            if found and not self._first(int(spent + GROWTH * taken <= allowed)):
                break
            began = time.perf_counter()
            try:
                found[name] = self.candidates[name](update)
            except Unsuited:
                if not self._drop(name):
                    raise
                continue
            taken = time.perf_counter() - began
            spent += taken
            self._costs[name].append(taken)
        best = list(found)[-1]
        for name, relation in found.items():
            self._fidelity[name].append(self.candidates[best].fidelity * _agreement(relation, found[best]))
        return found[self.name] if self.name in found else found[best]

    def _drop(self, name: str) -> bool:
        """Give up a candidate that turned out not to fit this network; whether another one is left."""
        if len(self.candidates) == 1:
            if self._fallback is None:
                return False
            instead, estimator = self._fallback
            self.candidates[instead], self._costs[instead], self._fidelity[instead] = estimator, deque(), []
            self._fallback = None
        del self.candidates[name]
        if self.name == name:
            self.name = next(iter(self.candidates))
        return True

    def _choose(self, plain: float) -> None:
        promises = {
            name: self._faith(name) ** 2 / math.sqrt(1 + NOISE * self._interval(name, plain) / self.steps)
            for name in self.candidates
        }
        best = max(promises, key=promises.__getitem__)
        if promises[best] > SWITCH * promises[self.name]:
            self.name = best

    def _faith(self, name: str) -> float:
        measured = self._fidelity[name]
        return float(np.mean(measured)) if measured else self.candidates[name].fidelity

    def _cost(self, name: str, plain: float) -> float:
        timed = self._costs[name]
        return median(timed) if timed else self.candidates[name].costs(self.tasks) * plain

    def _interval(self, name: str, plain: float) -> float:
        """The steps between two observations that the budget pays for in the long run."""
        return max(1.0, self._cost(name, plain) / (self._share * plain))


def _agreement(one: Tensor, other: Tensor) -> float:
    """The correlation of the off-diagonal entries known in both, at least 0; 1 where there are too few to tell."""
    apart = ~torch.eye(len(one), dtype=torch.bool, device=one.device) & one.isfinite() & other.isfinite()
    if apart.sum() < 3:
        return 1.0
    correlation = torch.corrcoef(torch.stack([one[apart], other[apart]]))[0, 1]
    return max(0.0, float(correlation.nan_to_num(1.0)))


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
