"""The 8×8 images of handwritten digits, as the data sets of several parts share them out.

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
