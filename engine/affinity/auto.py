"""Affinity within a budget: times itself, chooses estimator and interval, keeps to the budget as conditions change."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from engine.affinity.estimator import Estimator

WARM_UP = 3  # plain steps before anything is observed: the first ones allocate, compile and tune
RECENT = 15  # timings whose median counts
MOST_SAVED = 20  # plain steps whose unspent budget is kept; more would be spent at once when conditions change
NOISE = 75.0  # updates after which an estimate's correlation with the infinite run is 1/√2 (45 to 105 were measured)
SWITCH = 1.05  # how much better another estimator must promise to be


class Auto:
    """Chooses which estimator to take, and at every how manieth update, so that observing costs ``overhead``.

    Every plain step earns ``overhead`` times its own time; the next observation waits until its cost is earned. Both
    times are medians of the last 15. What the first observations overdraw is so won back before the next one. Among
    estimators it prefers the highest promise, with k the interval that each could afford ::

        fidelity / √(1 + κ k / n)       n: planned updates, κ = 75: batch noise, which more observations average out

    Args:
        candidates: name → estimator, the first being the one to begin with.
        overhead: time to spend on observing, as a share of plain training time.
        tasks: how many there are.
        steps: planned updates; 0 if unknown (2,000 are then assumed).
        first: gives the number that the first of several processes has, so that all choose alike.
    """

    def __init__(
        self,
        candidates: Mapping[str, Estimator],
        overhead: float,
        tasks: int,
        steps: int = 0,
        first: Callable[[int], int] = int,
    ) -> None:
        self.candidates, self.overhead, self.tasks, self.steps = dict(candidates), overhead, tasks, steps or 2000
        self.name = next(iter(self.candidates))
        self.every = 1
        self.spent = self.plain = 0.0  # seconds, in all
        self._first = first
        self._plain_times: deque[float] = deque(maxlen=RECENT)
        self._costs: dict[str, deque[float]] = {name: deque(maxlen=RECENT + 1) for name in self.candidates}
        self._next = WARM_UP

    @property
    def estimator(self) -> Estimator:
        """The one that is chosen now."""
        return self.candidates[self.name]

    @property
    def quantity(self) -> str:
        """What an entry is, in words; the same for every candidate."""
        return self.estimator.quantity

    def due(self, step: int) -> bool:
        """Whether that update should be observed."""
        return step >= self._next

    def drop(self) -> bool:
        """Give up the chosen estimator, which turned out not to fit this network.

        Returns:
            Whether there is another one.
        """
        if len(self.candidates) == 1:
            return False
        del self.candidates[self.name]
        self.name = next(iter(self.candidates))
        return True

    def passed(self, step: int, plain: float, steps: int, observing: float) -> None:
        """Take in the timings of an observed update and plan the next one.

        Args:
            step: the update's number.
            plain: seconds of training since the update observed before.
            steps: how many updates they were.
            observing: seconds of observing this one.
        """
        self.spent += observing
        self._costs[self.name].append(observing)
        if steps:
            self.plain += plain
            self._plain_times.append(plain / steps)
            self._review()
        self.every = self._first(self.every)
        self.name = list(self.candidates)[self._first(list(self.candidates).index(self.name))]
        self._next = step + self.every

    def _review(self) -> None:
        plain = median(self._plain_times)
        promises = {
            name: estimator.fidelity / math.sqrt(1 + NOISE * self._interval(name, plain) / self.steps)
            for name, estimator in self.candidates.items()
        }
        best = max(promises, key=promises.__getitem__)
        if promises[best] > SWITCH * promises[self.name]:
            self.name = best
        earned = self.overhead * plain  # by every plain step
        saved = min(self.overhead * self.plain - self.spent, MOST_SAVED * earned)
        self.every = max(1, math.ceil((self._cost(self.name, plain) - saved) / earned))

    def note(self) -> str:
        """What was chosen and what it costs, in words."""
        if not self._plain_times:
            return f"auto chose {self.name}; overhead not yet known of {self.overhead:.0%} allowed"
        interval = round(self._interval(self.name, median(self._plain_times)))
        often = "every update" if interval == 1 else f"about every {_ordinal(interval)} update"
        share = self.spent / self.plain
        return f"auto chose {self.name}, {often}; overhead {share:.1%} of {self.overhead:.0%} allowed"

    def _cost(self, name: str, plain: float) -> float:
        timed = list(self._costs[name])
        # The first observation also allocates and tunes, and would be taken for much too dear.
        return median(timed[1:] or timed) if timed else self.candidates[name].costs(self.tasks) * plain

    def _interval(self, name: str, plain: float) -> float:
        """The steps between two observations that the budget pays for in the long run."""
        return max(1.0, self._cost(name, plain) / (self.overhead * plain))

    def state(self) -> dict[str, Any]:
        """For a checkpoint. Timings are not kept, as another process may be slower or faster."""
        return {"name": self.name, "every": self.every, "estimator": self.estimator.state()}

    def load_state(self, state: dict[str, Any], step: int) -> None:
        """Take up a state at that step."""
        self.name, self.every, self._next = state["name"], state["every"], step + state["every"]
        self.estimator.load_state(state["estimator"])


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
