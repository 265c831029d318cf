"""What a client of FedAvg does in a round: steps of gradient descent from the server's model."""

from dataclasses import dataclass

import numpy as np

from engine.federated.compiling import compiled
from engine.federated.data import Client
from engine.federated.losses import Loss, slope, value


@dataclass(frozen=True, eq=False)
class Descend:
    """Lower the client's mean loss + ‖w‖² · strength / 2, by gradient steps on batches.

    Attributes:
        loss: of a prediction.
        weights: ``[features]``: where to begin.
        strength: of the regulariser.
        learning_rate: of the steps.
        batch: samples of a step; 0 for all. The last of a pass takes what is left.
        work: number of passes over all samples, each in a new random order, that the client has time for: the last one
            may end early, but one step is always made.
        seed: of these orders.
    """

    loss: Loss
    weights: np.ndarray
    strength: float
    learning_rate: float
    batch: int
    work: float
    seed: tuple[int, ...]

    def run(self, client: Client) -> np.ndarray:
        """``[features]``: the weights after the last step."""
        samples = len(client.labels)
        batch = min(self.batch, samples) or samples
        a_pass = -(-samples // batch)
        steps = max(1, round(self.work * a_pass))
        random = np.random.default_rng(self.seed)
        orders = np.stack([random.permutation(samples) for _ in range(-(-steps // a_pass))])
        return _descend(
            self.loss,
            client.inputs,
            client.labels,
            self.weights,
            self.strength,
            self.learning_rate,
            batch,
            steps,
            orders,
        )


@dataclass(frozen=True, eq=False)
class Evaluate:
    """The client's mean loss at ``weights``, ``[features]``."""

    loss: Loss
    weights: np.ndarray

    def run(self, client: Client) -> float:
        return _mean_loss(self.loss, client.inputs, client.labels, self.weights)


@compiled
def _descend(
    loss: Loss,
    inputs: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    strength: float,
    learning_rate: float,
    batch: int,
    steps: int,
    orders: np.ndarray,
):
    samples, features = inputs.shape
    a_pass = -(-samples // batch)
    weights = weights.copy()
    for step in range(steps):
        place = step % a_pass
        chosen = orders[step // a_pass, place * batch : min((place + 1) * batch, samples)]
        gradient = strength * weights
        for sample in chosen:
            z = 0.0
            for feature in range(features):
                z += inputs[sample, feature] * weights[feature]
            pull = slope(loss, z, labels[sample]) / len(chosen)
            for feature in range(features):
                gradient[feature] += pull * inputs[sample, feature]
        for feature in range(features):
            weights[feature] -= learning_rate * gradient[feature]
    return weights


@compiled
def _mean_loss(loss: Loss, inputs: np.ndarray, labels: np.ndarray, weights: np.ndarray):
    total = 0.0
    for sample in range(inputs.shape[0]):
        z = 0.0
        for feature in range(inputs.shape[1]):
            z += inputs[sample, feature] * weights[feature]
        total += value(loss, z, labels[sample])
    return total / inputs.shape[0]
