"""Which samples of which parts every update sees."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.datasets.settings import DataSettings
from engine.errors import KindredError

LEAST = 2  # samples of a part in a batch, as normalisation over one has no meaning


class Sampler:
    """Draws batches of each part without replacement, one pass after the other.

    With n_p the samples of part *p*, the chances are q_p ∝ n_p^(1/τ): τ = 1 for ``proportional``, ∞ for ``uniform``. An
    update takes all P parts, with batches of about P · q_p · ``batch_size`` samples (from 2 to n_p); or draws
    ``parts_a_step`` of them without replacement by q, with ``batch_size`` samples of each, or n_p if that is less. Each
    pass over a part has an order of its own, and leaves out a last, smaller batch. All draws depend on the seed, the
    step and the passes alone.

    Args:
        samples: n_p, for each part.
        settings: of sampling.
        batch_size: of a part; on average, where batches differ.
        seed: of the draws.

    Attributes:
        sizes: of a batch of each part.
        steps_per_epoch: updates that see about as many samples as there are.

    Raises:
        KindredError: if there are fewer parts than an update is to draw.
    """

    def __init__(self, samples: Sequence[int], settings: DataSettings, batch_size: int, seed: int) -> None:
        if settings.parts_a_step > len(samples):
            raise KindredError(
                f"Parts a step is {settings.parts_a_step}, but the data set has {len(samples)} with inputs of their "
                "own; choose no more than that, or 0 for all."
            )
        self._samples, self._seed = list(samples), seed
        self._drawn = settings.parts_a_step
        exponent = {"proportional": 1.0, "uniform": 0.0, "temperature": 1 / settings.temperature}[settings.sampling]
        chances = np.array(samples, np.float64) ** exponent
        self.chances = chances / chances.sum()
        wanted = np.full(len(samples), batch_size) if self._drawn else len(samples) * self.chances * batch_size
        self.sizes = [min(max(round(size), LEAST), count) for size, count in zip(wanted, samples, strict=True)]
        a_step = self._drawn * batch_size if self._drawn else sum(self.sizes)
        self.steps_per_epoch = max(sum(samples) // a_step, 1)
        self._taken = [0] * len(samples)  # batches of each part so far
        self._orders: dict[int, tuple[int, Tensor]] = {}

    def draw(self, step: int) -> list[tuple[int, Tensor]]:
        """The parts of the update after ``step`` others, and the indices of the samples of each."""
        parts: Sequence[int] = range(len(self._samples))
        if self._drawn:
            random = np.random.default_rng([self._seed, step])
            parts = sorted(random.choice(len(self._samples), self._drawn, replace=False, p=self.chances).tolist())
        return [(part, self._next(part)) for part in parts]

    def state(self) -> dict[str, Any]:
        """What later draws depend on."""
        return {"taken": list(self._taken)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self._taken = list(state["taken"])

    def _next(self, part: int) -> Tensor:
        samples, size = self._samples[part], self.sizes[part]
        number, position = divmod(self._taken[part], samples // size)
        if self._orders.get(part, (-1,))[0] != number:
            self._orders[part] = number, pass_order(samples, self._seed, number)
        self._taken[part] += 1
        return self._orders[part][1][position * size : (position + 1) * size]


def pass_order(samples: int, seed: int, number: int) -> Tensor:
    """A permutation of the samples that depends on nothing but its arguments, so that a resumed run sees the same."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + number) % 2**63)
    return torch.randperm(samples, generator=generator)
