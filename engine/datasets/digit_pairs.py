"""Digit pairs: every task tells two digits apart, on images of its own: different inputs, same loss.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

import numpy as np

from engine.datasets.dataset import Dataset, Samples, randomly, together
from engine.datasets.digit_images import digit_images, scaled
from engine.datasets.settings import DataSettings
from engine.tasks import Task

PAIRS = ((0, 6), (1, 7), (2, 3), (3, 8), (3, 5), (4, 9), (5, 6), (7, 9), (8, 9), (1, 4))


def load(_: DataSettings) -> Dataset:
    """The data set; each pair is split 60/20/20. Inputs are images ``[samples, 1, 8, 8]``.

    A digit occurs in several pairs. All its images are first dealt out to these, so that no image is seen by two tasks.
    """
    images, shown = digit_images()
    images = scaled(images)
    shuffled = np.random.default_rng(0).permutation(len(images))
    shares = {}
    for digit in range(10):
        users = [pair for pair in PAIRS if digit in pair]
        of_digit = shuffled[shown[shuffled] == digit]
        shares |= {(pair, digit): part for pair, part in zip(users, np.array_split(of_digit, len(users)), strict=True)}

    parts = []
    for low, high in PAIRS:
        chosen = np.concatenate([shares[(low, high), low], shares[(low, high), high]])
        labels = {_name(low, high): (shown[chosen] == high).astype(np.float32)}
        parts.append((Samples(images[chosen], labels), randomly(len(chosen))))
    tasks = tuple(
        Task(_name(low, high), "binary_cross_entropy", summary=f"the digit is {high}, not {low}") for low, high in PAIRS
    )
    return together("digit_pairs", tasks, parts)


def _name(low: int, high: int) -> str:
    return f"{low} or {high}"
