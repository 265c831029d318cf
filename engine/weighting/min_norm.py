"""Shortest vectors, exactly: what MGDA, CAGrad and UPGrad come down to.

All is computed on few-dimensional points that have the gradients' scalar products, in float64, by the active-set method
of Lawson and Hanson for non-negative least squares, which ends at the optimum after finitely many steps, where the
Frank-Wolfe iterations of the papers slow down as gradients differ in length.

Sources: Lawson and Hanson, "Solving Least Squares Problems", 1974, ch. 23; Wolfe, "Finding the Nearest Point in a
Polytope", Mathematical Programming 11, 1976.
"""

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor

ROUNDS = 100  # steps a column: cycles end, and all else ends long before


def points(gram: Tensor) -> np.ndarray:
    """``[k, k]``: one vector a row, with the given scalar products, none zero; each exact relative to its own length.

    The cosines are factored, not the products: a gradient 10⁸ times longer than another would drown it in rounding.
    """
    lengths = gram.diagonal().sqrt().numpy()
    values, vectors = np.linalg.eigh(gram.numpy() / lengths[:, None] / lengths)
    return lengths[:, None] * vectors * np.sqrt(values.clip(min=0))


def min_norm(hull: np.ndarray) -> np.ndarray:
    """Convex weights of the point nearest to 0 in the convex hull of ``hull``'s rows.

    The point d is the only one; it has ⟨d, g_i⟩ ≥ ‖d‖² for every row g_i, with equality where the weight is positive.
    Where rows depend on each other several weights give d, and one choice is returned.

    For any c > 0, the x ≥ 0 that minimises ‖Σ x_i g_i‖² + c² (Σ x_i − 1)² is a positive multiple of the weights
    (Wolfe). It is found in y_i = x_i ‖g_i‖ / c with c the least length, so that all columns are about of length 1.
    """
    lengths = np.linalg.norm(hull, axis=1)
    least = lengths.min()
    if least == 0:
        return (lengths == 0) / (lengths == 0).sum()
    system = np.vstack([hull.T / lengths, least / lengths])
    found = non_negative(system, np.append(np.zeros(hull.shape[1]), 1.0)) / (lengths / least)
    return found / found.sum()


def into_dual_cone(cone: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """v ≥ 0 for which ``vector + v @ cone`` is the vector nearest to ``vector`` that no row of ``cone`` opposes.

    Its scalar product with every row is at least 0, and is 0 where v is positive. No row may be zero.
    """
    lengths = np.linalg.norm(cone, axis=1)
    return non_negative(cone.T / lengths, -vector) / lengths


def non_negative(system: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """x ≥ 0 that minimises ‖system · x − goal‖."""
    return nnls(system, goal, maxiter=ROUNDS * system.shape[1])[0]


def mgda_weights(gram: Tensor, losses: Tensor, scale: str) -> Tensor:
    """The factors that MGDA gives to k gradients of which none is zero; they sum to k.

    With α the convex weights of the shortest vector in the hull of g_i / s_i, the factors are α_i / s_i, brought to the
    sum k: equal gradients get their sum, whatever s.

    Args:
        gram: ``[k, k]``, their scalar products.
        losses: ``[k]``.
        scale: what s_i is: ``none`` 1, ``l2`` ‖g_i‖, ``loss`` L_i (the length where the loss is not positive).
    """
    lengths = gram.diagonal().sqrt()
    divisors = {
        "none": torch.ones_like(lengths),
        "l2": lengths,
        "loss": torch.where(losses > 0, losses, lengths),
    }[scale]
    hull = points(gram / divisors[:, None] / divisors)
    weights = torch.from_numpy(min_norm(hull)) / divisors
    return len(weights) * weights / weights.sum()
