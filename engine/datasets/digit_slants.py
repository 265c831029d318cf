"""Digit slants: every task predicts how far one digit leans, on images of that digit: different inputs, same loss.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

import numpy as np

from engine.datasets.dataset import Dataset, Samples, prepared, randomly, together
from engine.datasets.digit_images import digit_images, scaled, stroke_attributes
from engine.datasets.settings import DataSettings
from engine.tasks import Task

TASKS = tuple(
    Task(f"slant of {digit}", "squared_error", summary=f"how far the strokes of a {digit} lean") for digit in range(10)
)


def load(_: DataSettings) -> Dataset:
    """The data set; each digit's images are split 60/20/20. Inputs are images ``[samples, 1, 8, 8]``.

    Slants are standardised for each digit by itself.
    """
    images, shown = digit_images()
    slants = stroke_attributes(images)["slant"]
    parts = []
    for digit, task in enumerate(TASKS):
        chosen = np.flatnonzero(shown == digit)
        splits = randomly(len(chosen))
        labels = {task.name: prepared(task, slants[chosen], splits[0])}
        parts.append((Samples(scaled(images[chosen]), labels), splits))
    return together("digit_slants", TASKS, parts)
