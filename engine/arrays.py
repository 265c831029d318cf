"""NumPy arrays as files, read without pickle and without trust in what they say of their size."""

import io
import math

import numpy as np

from engine.errors import KindredError

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_LARGEST_HEADER = 10_000  # bytes


def array_of(data: bytes, what: str) -> np.ndarray:
    """The array that ``numpy.save`` wrote; it takes no more memory than the file, and cannot be written to.

    Args:
        what: it is, for the message.

    Raises:
        KindredError: if it holds Python objects, or not as many bytes as its shape says, or is of another version.
        ValueError: among others, if its header is damaged.
    """
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise KindredError(f"{what} is of the version {version} of NumPy's format; save it as a plain array.")
    shape, by_columns, dtype = _HEADERS[version](file, max_header_size=_LARGEST_HEADER)
    if dtype.hasobject:
        raise KindredError(f"{what} holds Python objects, which are never unpickled; save numbers or texts.")
    if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise KindredError(f"{what} is damaged: it is not as long as it says; save it anew.")
    flat = np.frombuffer(data, dtype, offset=file.tell()) if len(data) > file.tell() else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if by_columns else "C")
