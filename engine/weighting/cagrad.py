"""CAGrad: near the mean gradient, the direction that serves the worst-off task best."""

import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor

from engine.weighting.min_norm import min_norm, points
from engine.weighting.weighting import JointStep, Surgery

LEAST = 1e-6


class CaGrad(Surgery):
    """With g_0 the mean of the k gradients that are not zero, and c (``caution``) below 1, the d that solves ::

        maximise over d:  min_i ⟨g_i, d⟩          subject to ‖d − g_0‖ ≤ c ‖g_0‖

    multiplied by k / (1 + c), which makes the update of equal gradients their sum: the d of equal gradients is
    (1 + c) g_0. With c = 0 it is the sum of the gradients.

    By duality d = g_0 + g_w / λ, λ = ‖g_w‖ / (c ‖g_0‖), where g_w = Σ w_i g_i, w convex, minimises
    ⟨g_w, g_0⟩ + c ‖g_0‖ ‖g_w‖. For a fixed λ the optimality conditions are those of the point nearest to 0 in the hull
    of g_i + λ g_0, and ‖g_w‖ grows with λ. So the λ at which both agree is found by Brent's
    method, with an exact nearest point at each trial. Where ‖g_w‖ falls below 10⁻⁶ of the longest gradient, λ stays
    where it was, and d is, as closely, the vector nearest to g_0 that harms no task.

    Source: Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021, algorithm 1.

    Departures: the factor k / (1 + c); the authors' code can divide by 1 + c² or 1 + c. It hands the dual to a general
    solver, though ‖g_w‖ has no derivative at 0, where conflicts lead.
    """

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        caution = self.settings.caution
        gradients = points(gram)
        mean = gradients.mean(0)
        radius = caution * np.linalg.norm(mean)
        weights = np.full(len(gram), 1 / len(gram))
        if radius > 0:
            nearest, ratio = _nearest(gradients, mean, radius)
            weights = weights + nearest / ratio
        return torch.from_numpy(weights * len(gram) / (1 + caution))


def _nearest(gradients: np.ndarray, mean: np.ndarray, radius: float) -> tuple[np.ndarray, float]:
    """w and λ."""

    def trial(ratio: float) -> np.ndarray:
        return min_norm(gradients + ratio * mean)

    def excess(ratio: float) -> float:
        return np.linalg.norm(trial(ratio) @ gradients) / radius - ratio

    most = np.linalg.norm(gradients, axis=1).max() / radius
    least = LEAST * most
    ratio = brentq(excess, least, 2 * most, xtol=1e-9 * least, rtol=1e-12) if excess(least) > 0 else least
    return trial(ratio), ratio
