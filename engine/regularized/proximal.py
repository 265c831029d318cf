"""Accelerated proximal gradients, and the proximal maps of two norms.

Sources: Beck and Teboulle, "A Fast Iterative Shrinkage-Thresholding Algorithm for Linear Inverse Problems", SIAM
Journal on Imaging Sciences 2, 2009; O'Donoghue and Candès, "Adaptive Restart for Accelerated Gradient Schemes",
Foundations of Computational Mathematics 15, 2015; Cai, Candès and Shen, "A Singular Value Thresholding Algorithm for
Matrix Completion", SIAM Journal on Optimization 20, 2010.
"""

from collections.abc import Callable

import numpy as np

from engine.regularized.losses import Losses, Solution

FIRST_STEP = 8.0  # the first step, as a multiple of the one that is safe everywhere


def shrink_singular_values(matrix: np.ndarray, threshold: float) -> np.ndarray:
    """The V that minimises ½‖V − matrix‖² + threshold · ‖V‖_*: every singular value lowered by it, at most to 0."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return (left * np.maximum(values - threshold, 0)) @ right


def shrink_columns(matrix: np.ndarray, threshold: float) -> np.ndarray:
    """The V that minimises ½‖V − matrix‖² + threshold · Σ_j ‖column j of V‖: every column's length lowered by it."""
    lengths = np.linalg.norm(matrix, axis=0)
    return matrix * (np.maximum(lengths - threshold, 0) / np.where(lengths > 0, lengths, 1))


def minimise_composite(
    losses: Losses,
    strength: float,
    norm: Callable[[np.ndarray], float],
    shrink: Callable[[np.ndarray, float], np.ndarray],
    ridge: float,
    tolerance: float,
    max_iterations: int,
) -> Solution:
    """Minimise losses(W, b) + strength · norm(W) + (ridge/2) ‖W‖² from W = 0: FISTA that never rises.

    A step of 1/L is taken from a point y beyond the last two; L doubles where it was too small for the parabola to
    bound the smooth part from above, up to the curvature known to be enough. A step that would raise the objective is
    not taken, and the acceleration restarts from the last point.

    Args:
        shrink: the norm's proximal map.
        tolerance: of the gradient mapping's norm, L ‖y − next‖, 0 just where W and b are optimal, as a share of the
            greatest gradient that losses of their value at W = 0 can have, √(2 · steepness · value).
    """
    features = losses.shape[1]

    def smooth(point: np.ndarray) -> tuple[float, np.ndarray]:
        w, b = point[:, :features], point[:, features]
        value, along_w, along_b = losses(w, b)
        return value + 0.5 * ridge * float((w * w).sum()), np.column_stack([along_w + ridge * w, along_b])

    def stepped(point: np.ndarray, gradient: np.ndarray, curvature: float) -> np.ndarray:
        moved = point - gradient / curvature
        moved[:, :features] = shrink(moved[:, :features], strength / curvature)
        return moved

    enough = losses.steepness + ridge
    curvature = enough / FIRST_STEP
    x = np.column_stack([np.zeros(losses.shape), losses.intercepts])
    value, gradient = smooth(x)
    sufficient = tolerance * np.sqrt(2 * losses.steepness * value)
    objective, converged = [value], False
    y, at_y, pace = x, (value, gradient), 1.0
    for _ in range(max_iterations):
        while True:
            following = stepped(y, at_y[1], curvature)
            move, reached = following - y, smooth(following)
            bound = at_y[0] + float((at_y[1] * move).sum()) + 0.5 * curvature * float((move * move).sum())
            if curvature >= enough or reached[0] <= bound:
                break
            curvature = min(2 * curvature, enough)
        total = reached[0] + strength * norm(following[:, :features])
        converged = bool(curvature * np.linalg.norm(move) <= sufficient)
        if total > objective[-1]:
            if converged or y is x:  # no lower within rounding
                break
            y, at_y, pace = x, smooth(x), 1.0
            continue
        objective.append(total)
        before, x = x, following
        if converged:
            break
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        y = x + (pace - 1) / faster * (x - before)
        at_y, pace = smooth(y), faster
    return Solution(x[:, :features], x[:, features], objective, converged)
