"""Samples and labels that are images, as pixels to show."""

import colorsys

import numpy as np

from engine.datasets.dataset import NO_CLASS, known
from engine.tasks import Task

GOLDEN = 0.618034  # of a turn between the hues of two classes: no two of few are alike


def enlarged(pixels: np.ndarray, least: int) -> np.ndarray:
    """The picture with every pixel a whole number of times as large, which keeps it sharp where it is shown.

    >>> enlarged(np.zeros((8, 6, 3), np.uint8), 50).shape
    (56, 42, 3)

    Args:
        pixels: ``[rows, columns, …]``.
        least: pixels that its longer side has then, at least.
    """
    times = max(1, -(-least // max(pixels.shape[:2])))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def limits(values: np.ndarray) -> tuple[float, float]:
    """What black and white stand for: the least and the greatest of the known values, apart from each other."""
    there = values[known(values)]
    if not len(there):
        return 0.0, 1.0
    low, high = float(there.min()), float(there.max())
    return (low, high) if low < high else (low - 1, low + 1)


def photograph(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """An input that is an image, ``[rows, columns, 3]``, uint8.

    Args:
        values: ``[channels, rows, columns]``: three are red, green and blue; of any other number the first is grey.
        low, high: what black and white stand for.
    """
    channels = values if len(values) == 3 else values[:1].repeat(3, axis=0)
    scaled = np.clip((np.moveaxis(channels, 0, -1) - low) / (high - low), 0, 1)
    return np.rint(255 * np.nan_to_num(scaled)).astype(np.uint8)


def map_picture(task: Task, values: np.ndarray, low: float, high: float) -> np.ndarray:
    """A dense label, ``[rows, columns, 4]``, uint8: red, green, blue, and 0 for transparent where it is not known.

    Classes have colours of their own; three numbers a pixel are red, green and blue; of any other number their mean is
    grey.

    Args:
        values: ``[rows, columns]``, or ``[outputs, rows, columns]`` where it has several numbers a pixel.
        low, high: what black and white stand for.
    """
    if task.loss == "cross_entropy":
        there = values != NO_CLASS
        colours = class_colours(task.outputs)[np.where(there, values, 0)]
    else:
        each = values if values.ndim == 3 else values[None]
        there = known(each).all(0)
        colours = photograph(each if len(each) == 3 else each.mean(0, keepdims=True), low, high)
    return np.concatenate([colours, np.where(there, 255, 0).astype(np.uint8)[..., None]], -1)


def class_colours(classes: int) -> np.ndarray:
    """``[classes, 3]``, uint8: colours that tell neighbours in the numbering apart by hue, every other one darker."""
    colours = [colorsys.hls_to_rgb(place * GOLDEN % 1, 0.4 if place % 2 else 0.62, 0.6) for place in range(classes)]
    return np.rint(255 * np.array(colours)).astype(np.uint8)
