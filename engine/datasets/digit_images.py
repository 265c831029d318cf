"""The 8×8 images of handwritten digits, as the data sets of several parts share them out, and what is measured on them.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

import numpy as np
from sklearn.datasets import load_digits

MEAN, DEVIATION = 0.305, 0.376  # of all pixels


def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """``[1797, 8, 8]``, float32, brightness in 0 … 1, and which digit each shows."""
    digits = load_digits()
    return (digits.images / 16).astype(np.float32), digits.target.astype(np.int64)


def scaled(images: np.ndarray) -> np.ndarray:
    """``[samples, 1, 8, 8]``, float32, of about mean 0 and deviation 1."""
    return ((images - MEAN) / DEVIATION).astype(np.float32)[:, None]


def stroke_attributes(images: np.ndarray) -> dict[str, np.ndarray]:
    """Attributes measured on the image itself, not on its label.

    Args:
        images: ``[samples, rows, columns]``, brightness of the ink in 0 … 1; no image is blank.
    """
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]]
    ink = images.sum((1, 2))

    def mean(values: np.ndarray) -> np.ndarray:
        return (images * values).sum((1, 2)) / ink

    row, column = mean(rows), mean(columns)
    from_row = rows - row[:, None, None]
    from_column = columns - column[:, None, None]
    mirrored = images[:, :, ::-1]
    dark = images > 0.5
    return {
        "ink": images.mean((1, 2)),
        "height_of_centre": row,
        "width": np.sqrt(mean(from_column**2)),
        "slant": mean(from_row * from_column) / mean(from_row**2),
        "symmetry": (images * mirrored).sum((1, 2)) / (images**2).sum((1, 2)),
        "strokes_crossed": (np.diff(dark, axis=2, prepend=False) & dark).sum((1, 2)) / images.shape[1],
    }
