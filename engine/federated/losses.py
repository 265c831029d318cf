"""Losses of one prediction, with what their dual needs.

Letters: z is the prediction, y the label (±1 where it is binary), α the dual variable. The conjugate of ℓ is
ℓ*(a) = max_z a z − ℓ(z), so that ℓ(z) + ℓ*(−α) + α z ≥ 0, and 0 just where α = −ℓ'(z) (Fenchel and Young).

Sources: Shalev-Shwartz and Zhang, "Stochastic Dual Coordinate Ascent Methods for Regularized Loss Minimization", JMLR
14, 2013, for the squared loss and the smoothed hinge; Yu, Huang and Lin, "Dual coordinate descent methods for logistic
regression and maximum entropy models", Machine Learning 85, 2011, for the logistic.

Departure: Yu, Huang and Lin find the logistic step in α, where the slope is infinite at both ends; here it is found in
the logit of α, where it is between 1 and a known bound.
"""

from math import exp, inf, log, log1p
from typing import NamedTuple

from engine.federated.compiling import compiled

SQUARED, LOGISTIC, HINGE = 0, 1, 2
KINDS = {"squared": SQUARED, "logistic": LOGISTIC, "hinge": HINGE}


class Loss(NamedTuple):
    """Attributes:
    kind: ``SQUARED``: (z − y)² / 2; ``LOGISTIC``: log(1 + exp(−y z)); ``HINGE``: max(0, 1 − y z), but with a parabola
        for margins y z from 1 − ``smoothing`` to 1.
    smoothing: of the hinge, positive.
    """

    kind: int
    smoothing: float


@compiled
def value(loss: Loss, z: float, y: float) -> float:
    """ℓ(z)."""
    if loss.kind == SQUARED:
        return 0.5 * (z - y) ** 2
    if loss.kind == LOGISTIC:
        return log1p(exp(-abs(z))) + max(-y * z, 0.0)
    short = 1 - y * z
    if short <= 0:
        return 0.0
    if short >= loss.smoothing:
        return short - loss.smoothing / 2
    return short**2 / (2 * loss.smoothing)


@compiled
def slope(loss: Loss, z: float, y: float) -> float:
    """ℓ'(z)."""
    if loss.kind == SQUARED:
        return z - y
    if loss.kind == LOGISTIC:
        return -y * _sigmoid(-y * z)
    return -y * min(max((1 - y * z) / loss.smoothing, 0.0), 1.0)


@compiled
def conjugate(loss: Loss, alpha: float, y: float) -> float:
    """ℓ*(−α); infinite where α y is outside [0, 1] and the loss is binary."""
    if loss.kind == SQUARED:
        return 0.5 * alpha**2 - alpha * y
    share = alpha * y
    if share < 0 or share > 1:
        return inf
    if loss.kind == LOGISTIC:
        return _x_log_x(share) + _x_log_x(1 - share)
    return 0.5 * loss.smoothing * share**2 - share


@compiled
def ascend(loss: Loss, alpha: float, y: float, z: float, curvature: float) -> float:
    """The α' that maximises −ℓ*(−α') − (α' − α) z − (α' − α)² · curvature / 2, for ``curvature`` ≥ 0, exactly."""
    if loss.kind == SQUARED:
        return alpha + (y - z - alpha) / (1 + curvature)
    share = alpha * y
    if loss.kind == LOGISTIC:
        return y * _logistic_share(share, y * z, curvature)
    best = share + (1 - y * z - loss.smoothing * share) / (loss.smoothing + curvature)
    return y * min(max(best, 0.0), 1.0)


@compiled
def _logistic_share(share: float, margin: float, curvature: float) -> float:
    """The root of logit(s) + margin + curvature · (s − share), by Newton's method in u = logit(s), kept in a bracket.

    In u the slope is 1 + curvature · s (1 − s), and the root lies within ``curvature`` of −margin.
    """
    low, high = -margin - curvature * (1 - share), -margin + curvature * share
    u = min(max(0.0, low), high)
    for _ in range(100):
        s = _sigmoid(u)
        residual = u + margin + curvature * (s - share)
        if residual > 0:
            high = u
        else:
            low = u
        following = u - residual / (1 + curvature * s * (1 - s))
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - u) <= 1e-15 * (1 + abs(u)):
            break
        u = following
    return _sigmoid(u)


@compiled
def _sigmoid(z: float) -> float:
    if z >= 0:
        return 1 / (1 + exp(-z))
    return exp(z) / (1 + exp(z))


@compiled
def _x_log_x(x: float) -> float:
    return x * log(x) if x > 0 else 0.0
