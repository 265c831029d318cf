"""What a client of MOCHA, or a client alone, does in a round: dual coordinate ascent on its own data.

Letters: x_i and y_i are a client's n samples, α_i their dual variables, v = Σ_i α_i x_i / n.

Source: Smith et al., "Federated Multi-Task Learning", NeurIPS 2017, eq. 4, solved by the coordinate steps of
Shalev-Shwartz and Zhang, JMLR 14, 2013.
"""

from dataclasses import dataclass

import numpy as np

from engine.federated.compiling import compiled
from engine.federated.data import Client
from engine.federated.losses import Loss, ascend, conjugate, value


@dataclass(frozen=True, eq=False)
class Ascend:
    """Raise the client's part of the dual objective by some coordinate steps, each exact ::

        max over Δα   −Σ_i ℓ*(−α_i − Δα_i) / n − ⟨w, Δv⟩ − ‖Δv‖² · curvature / 2          Δv = Σ_i Δα_i x_i / n

    Attributes:
        loss: of a prediction.
        weights: ``[features]``: w, as the server has it.
        alpha: ``[samples]``: where the dual variables begin.
        curvature: of the server's objective along this client's Δv, or more.
        steps: number of coordinates visited, in passes over all samples, each in a new random order.
        seed: of these orders.
    """

    loss: Loss
    weights: np.ndarray
    alpha: np.ndarray
    curvature: float
    steps: int
    seed: tuple[int, ...]

    def run(self, client: Client) -> tuple[np.ndarray, np.ndarray]:
        """α + Δα, ``[samples]``, and Δv, ``[features]``."""
        order = passes(len(client.labels), self.steps, self.seed)
        return _ascend(self.loss, *client, self.alpha, self.weights, float(self.curvature), order)


@dataclass(frozen=True, eq=False)
class Measure:
    """What the duality gap needs to know of a client.

    Attributes:
        loss: of a prediction.
        weights: ``[features]``.
        alpha: ``[samples]``.
    """

    loss: Loss
    weights: np.ndarray
    alpha: np.ndarray

    def run(self, client: Client) -> tuple[float, float]:
        """Means over the client's samples: of ℓ(⟨w, x_i⟩), and of ℓ*(−α_i)."""
        return _measure(self.loss, client.inputs, client.labels, self.weights, self.alpha)


def passes(samples: int, steps: int, seed: tuple[int, ...]) -> np.ndarray:
    """``[steps]``: sample numbers; every ``samples`` of them are all, in a random order."""
    random = np.random.default_rng(seed)
    rounds = -(-steps // samples)
    return np.concatenate([random.permutation(samples) for _ in range(rounds)])[:steps]


@compiled
def _ascend(
    loss: Loss,
    inputs: np.ndarray,
    labels: np.ndarray,
    squares: np.ndarray,
    alpha: np.ndarray,
    weights: np.ndarray,
    curvature: float,
    order: np.ndarray,
):
    samples, features = inputs.shape
    alpha, seen = alpha.copy(), weights.copy()
    moved = np.zeros(features)
    for sample in order:
        row = inputs[sample]
        z = 0.0
        for feature in range(features):
            z += row[feature] * seen[feature]
        best = ascend(loss, alpha[sample], labels[sample], z, curvature * squares[sample] / samples)
        step = (best - alpha[sample]) / samples
        alpha[sample] = best
        for feature in range(features):
            moved[feature] += step * row[feature]
            seen[feature] += curvature * step * row[feature]
    return alpha, moved


@compiled
def _measure(loss: Loss, inputs: np.ndarray, labels: np.ndarray, weights: np.ndarray, alpha: np.ndarray):
    losses, conjugates = 0.0, 0.0
    for sample in range(inputs.shape[0]):
        z = 0.0
        for feature in range(inputs.shape[1]):
            z += inputs[sample, feature] * weights[feature]
        losses += value(loss, z, labels[sample])
        conjugates += conjugate(loss, alpha[sample], labels[sample])
    return losses / inputs.shape[0], conjugates / inputs.shape[0]
