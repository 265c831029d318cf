"""Matrices of numbers in files of MATLAB 5 to 7, read without trust in what a file says of itself.

Texts and cells are passed over. (SciPy's reader, written in C, can be made to crash by a damaged file.)

Source: "MAT-File Format", The MathWorks, chapter 1.
"""

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_STRUCTURE, _NUMERIC = 2, range(6, 16)  # classes of matrices
_COMPLEX = 0x0800
_HEADER = 128
_MOST = 2**28  # bytes of a variable


def numeric_variables(content: bytes) -> dict[str, np.ndarray]:
    """The real matrices of a file by their names; those within a structure by ``name.field``.

    Raises:
        ValueError: if it is no such file, or damaged.
    """
    try:
        return _variables(content)
    except (RecursionError, StopIteration, struct.error, zlib.error) as error:
        raise ValueError(str(error) or "a part is missing") from error


def _variables(content: bytes) -> dict[str, np.ndarray]:
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise ValueError("its header is none of MATLAB 5 to 7")
    found = {}
    for kind, data in _elements(content[_HEADER:], order):
        if kind == _COMPRESSED:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(data, _MOST)
            if not unpacker.eof:
                raise ValueError("a variable is cut off, or too large")
            ((kind, data),) = _elements(data, order)
        if kind == _MATRIX:
            found |= _matrix(data, order)
    return found


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """What follows each other, each with its kind."""
    place = 0
    while place < len(data):
        (kind,) = struct.unpack_from(f"{order}I", data, place)
        if kind >> 16:  # a short one, within its own tag
            start, length, following = place + 4, kind >> 16, place + 8
            kind &= 0xFFFF
        else:
            (length,) = struct.unpack_from(f"{order}I", data, place + 4)
            start = place + 8
            following = start + length + (-length % 8 if kind != _COMPRESSED else 0)
        if start + length > len(data) or (start == place + 4 and length > 4):
            raise ValueError("a part is longer than the file")
        yield kind, data[start : start + length]
        place = following


def _matrix(data: bytes, order: str) -> dict[str, np.ndarray]:
    """The variable, if it is a real matrix of numbers; of one structure, those among its fields, by ``name.field``."""
    parts = _elements(data, order)
    (_, flags), (_, sizes), (_, letters) = next(parts), next(parts), next(parts)
    (told,) = struct.unpack_from(f"{order}I", flags)
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    name = letters.decode("ascii", "replace")
    if told & 0xFF == _STRUCTURE and shape == (1, 1):
        (_, width), (_, letters) = next(parts), next(parts)
        (width,) = struct.unpack(f"{order}i", width)
        fields = [letters[place : place + width] for place in range(0, len(letters), max(width, 1))]
        found = {}
        for field, (kind, inner) in zip(fields, parts, strict=True):
            if kind != _MATRIX:
                raise ValueError("a field of a structure is no matrix")
            spoken = field.rstrip(b"\0").decode("ascii", "replace")
            found |= {f"{name}.{spoken}": values for values in _matrix(inner, order).values()}
        return found
    if told & 0xFF not in _NUMERIC or told & _COMPLEX:
        return {}
    kind, values = next(parts)
    if kind not in _NUMBERS or min(shape, default=-1) < 0:
        raise ValueError("a matrix has no numbers")
    numbers = np.frombuffer(values, order + _NUMBERS[kind])
    if len(numbers) != math.prod(shape):
        raise ValueError("a matrix has not as many numbers as it says")
    return {name: numbers.reshape(shape, order="F")}
