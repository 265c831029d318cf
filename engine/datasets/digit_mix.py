"""Digit mix: a classification, a regression and a denoising of handwritten digits, each on images of its own.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

import numpy as np

from engine.datasets.dataset import Dataset, Samples, randomly, standardised, together
from engine.datasets.digit_images import digit_images, scaled
from engine.datasets.settings import DataSettings
from engine.tasks import Task

NOISE = 0.25  # deviation of what is added to a pixel in 0 … 1

TASKS = (
    Task("digit", "cross_entropy", 10, "which digit, on 897 images"),
    Task("centre", "squared_error", 2, "where the ink's centre lies, from the top and from the left, on 450 others"),
    Task("clean", "squared_error", 1, "the image without the noise, on the 450 that are left", dense=True),
)
SHARES = (897, 450, 450)


def load(_: DataSettings) -> Dataset:
    """The data set; each task's images, which no other task has, are split 60/20/20. Inputs ``[samples, 1, 8, 8]``."""
    images, shown = digit_images()
    random = np.random.default_rng(0)
    for_digit, for_centre, for_clean = np.split(random.permutation(len(images)), np.cumsum(SHARES)[:-1])
    noisy = images[for_clean] + random.normal(0, NOISE, images[for_clean].shape)

    splits = [randomly(samples) for samples in SHARES]
    centre = standardised(_centre(images[for_centre]), splits[1][0], each=True)
    parts = (
        Samples(scaled(images[for_digit]), {"digit": shown[for_digit]}),
        Samples(scaled(images[for_centre]), {"centre": centre}),
        Samples(scaled(noisy), {"clean": scaled(images[for_clean])[:, 0]}),
    )
    return together("digit_mix", TASKS, list(zip(parts, splits, strict=True)))


def _centre(images: np.ndarray) -> np.ndarray:
    """``[samples, 2]``: the mean row and column of the ink."""
    places = np.mgrid[: images.shape[1], : images.shape[2]]
    ink = images.sum((1, 2))
    return np.stack([(images * place).sum((1, 2)) / ink for place in places], 1)
