"""Digits: 11 attributes of a handwritten digit and of its strokes, from 8×8 images that ship with scikit-learn.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

import numpy as np
from sklearn.datasets import load_digits

from engine.datasets.dataset import Dataset, split_randomly
from engine.datasets.digit_images import stroke_attributes
from engine.datasets.settings import DataSettings
from engine.tasks import Task

LOOPS = {0: 1, 4: 0, 6: 1, 8: 2, 9: 1}  # closed loops of the printed digit; 0 for the others

TASKS = (
    Task("digit", "cross_entropy", 10, "which digit"),
    Task("loops", "cross_entropy", 3, "closed loops of the printed digit: 0, 1 or 2"),
    Task("odd", "binary_cross_entropy", summary="the digit is odd"),
    Task("above_four", "binary_cross_entropy", summary="the digit is above four"),
    Task("prime", "binary_cross_entropy", summary="the digit is prime"),
    Task("ink", "squared_error", summary="mean brightness of the strokes"),
    Task("height_of_centre", "squared_error", summary="where the ink's centre lies, top to bottom"),
    Task("width", "squared_error", summary="spread of the ink, left to right"),
    Task("slant", "squared_error", summary="how far the strokes lean"),
    Task("symmetry", "squared_error", summary="likeness of the image and its left-right mirror image"),
    Task("strokes_crossed", "squared_error", summary="strokes that a horizontal cut crosses, on average"),
)


def load(_: DataSettings) -> Dataset:
    """The data set, split 60/20/20; inputs are images ``[samples, 1, 8, 8]``."""
    digits = load_digits()
    images, digit = digits.images / 16, digits.target
    labels = {
        "digit": digit,
        "loops": np.array([LOOPS.get(value, 0) for value in digit]),
        "odd": digit % 2,
        "above_four": digit > 4,
        "prime": np.isin(digit, (2, 3, 5, 7)),
        **stroke_attributes(images),
    }
    return split_randomly("digits", TASKS, images[:, None], labels)
