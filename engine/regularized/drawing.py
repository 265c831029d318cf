"""Which training samples of a task are learned from, of those there are."""

import hashlib

import numpy as np


def order_of(labels: np.ndarray, binary: bool, seed: int, name: str) -> np.ndarray:
    """The order in which a task's samples are drawn: its first n are those of the size n, so that sizes are nested.

    A permutation that depends on the seed and the task's name, and on no other task. Of a binary task the first sample
    of each label is brought to the front, as no model can be learned from one label alone; where a label is rare, small
    sizes so have more of it than there are.

    Args:
        labels: ``[samples]``; where ``binary``, 0 and 1, and both.

    Returns:
        ``[samples]``, indices.

    >>> order_of(np.array([0.0, 0, 0, 0, 1]), binary=True, seed=0, name="rare")[:2].max()
    4
    """
    named = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    order = np.random.default_rng([seed, named]).permutation(len(labels))
    if binary:
        first = [int(np.flatnonzero(labels[order] == label)[0]) for label in (0, 1)]
        order = np.concatenate([order[np.sort(first)], np.delete(order, first)])
    return order
