"""Random numbers of one scene, drawn many at once, as one by one they would take longer than the rays."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")
AT_ONCE = 300  # about what a scene takes


class Draws:
    """Endless random numbers that depend only on ``seed`` and ``number``.

    Attributes:
        unit: gives the next number in ``[0, 1)``.
    """

    def __init__(self, seed: int, number: int) -> None:
        self.unit = _endless(np.random.default_rng([seed, number])).__next__

    def between(self, low: float, high: float) -> float:
        """In ``[low, high)``, uniformly."""
        return low + (high - low) * self.unit()

    def chance(self, probability: float) -> bool:
        """True with ``probability``."""
        return self.unit() < probability

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """Any of ``choices``, each as likely."""
        return choices[int(self.unit() * len(choices))]


def _endless(generator: np.random.Generator) -> Iterator[float]:
    while True:
        yield from generator.random(AT_ONCE).tolist()
