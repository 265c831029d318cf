"""Series whose truth is known."""

import numpy as np

from engine.affinity.series import AffinitySeries

TASKS = ("a", "b", "c", "d")


def series(
    truth: np.ndarray, windows: int = 16, noise: float = 0.05, seed: int = 0, drift: float = 0.0, updates: int = 5
) -> AffinitySeries:
    """Windows of ten steps around a matrix, which is ``drift`` higher in their second half."""
    random = np.random.default_rng(seed)
    late = (np.arange(windows) >= windows // 2)[:, None, None]
    means = truth + drift * late + random.normal(0, noise, (windows, *truth.shape))
    totals = (updates * means).astype(np.float32)
    return AffinitySeries(
        TASKS[: len(truth)],
        10 * np.arange(windows + 1),
        np.full(windows, updates),
        totals,
        (updates * means**2).astype(np.float32),
    )


CLUSTERS = np.array([[9, 2, -1, -1], [3, 9, -1, -1], [-1, -1, 9, 1], [0, 0, 1, 9]], float)  # c → b and d → a: none
