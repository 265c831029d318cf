"""How alike two affinities rank the pairs of tasks.

Without scipy.stats, whose import takes longer than all else that a command or the first page waits for.
"""

import numpy as np

# The rank correlation of fewer entries is near 1 or −1 whatever the noise.
LEAST_ENTRIES = 3


def off_diagonal(matrix: np.ndarray) -> np.ndarray:
    """``[T (T − 1)]``: the entries of a square matrix without its diagonal, row by row."""
    return matrix[~np.eye(len(matrix), dtype=bool)]


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation over the entries that are finite in both, −1 to 1.

    Ties share the mean of their ranks.

    Returns:
        NaN with fewer than 3 such entries, or where all of one are equal.
    """
    known = np.isfinite(one) & np.isfinite(other)
    if np.count_nonzero(known) < LEAST_ENTRIES:
        return float("nan")
    ranks = [_ranks(values[known]) for values in (one, other)]
    first, second = (values - values.mean() for values in ranks)
    lengths = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / lengths) if lengths > 0 else float("nan")


def _ranks(values: np.ndarray) -> np.ndarray:
    order = np.argsort(values)
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    size = np.diff(np.append(first, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(first + (size - 1) / 2, size)
    return ranks
