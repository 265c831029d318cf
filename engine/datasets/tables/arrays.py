"""NPZ: NumPy arrays by name in a zip file, read without pickle and without trust in what they say of their size."""

import io
import zipfile

import numpy as np
import pandas as pd

from engine.arrays import array_of
from engine.datasets.tables.limits import MOST_COLUMNS, check_cells, check_shape, check_unpacked, column_names
from engine.errors import KindredError

PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes; others unpack without bound
KINDS = "biufUSM"  # truth values, numbers, texts and times


def read_arrays(content: bytes, name: str) -> pd.DataFrame:
    """Arrays ``[rows]`` as columns, and those of ``[rows, n]`` as n columns with their numbers, from 0, appended.

    Raises:
        KindredError: if it is too large, or an array is no column: of objects, of no or three dimensions, or of another
            length than the first.
        zipfile.BadZipFile: among others, if it is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > MOST_COLUMNS:
            raise KindredError(
                f"{name} has {len(members):,} arrays, but at most {MOST_COLUMNS:,} are read; leave some out."
            )
        check_unpacked(name, sum(member.file_size for member in members))
        arrays = [(_checked(member, name), _array(archive, member, name)) for member in members]
    if not arrays:
        raise KindredError(f"{name} has no arrays; save some by numpy.savez(file, age=…, price=…).")
    first, rows = arrays[0][0], len(arrays[0][1])
    for each, array in arrays:
        if len(array) != rows:
            raise KindredError(
                f"The array {each!r} of {name} has {len(array):,} rows, but {first!r} has {rows:,}; give all the same "
                "number."
            )
    columns = [
        (each, array) if array.ndim == 1 else (f"{each}_{place}", array[:, place])
        for each, array in arrays
        for place in range(1 if array.ndim == 1 else array.shape[1])
    ]
    check_shape(name, rows, len(columns))
    names = column_names(name, [each for each, _ in columns])
    return pd.DataFrame({each: _column(array) for each, (_, array) in zip(names, columns, strict=True)}, copy=False)


def _checked(member: zipfile.ZipInfo, name: str) -> str:
    """The array's name."""
    if not member.filename.endswith(".npy") or member.compress_type not in PACKED or member.flag_bits & 1:
        raise KindredError(
            f"{name} contains {member.filename[:40]!r}, which numpy.savez did not write so; save the arrays by "
            "numpy.savez or numpy.savez_compressed."
        )
    return member.filename.removesuffix(".npy")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> np.ndarray:
    what = f"The array {member.filename!r} of {name}"
    array = array_of(archive.read(member), what)
    check_cells(name, array.dtype.itemsize)
    if array.dtype.kind not in KINDS or array.ndim not in (1, 2):
        raise KindredError(
            f"{what} holds {str(array.dtype)[:40]} in the shape {array.shape}; give numbers, truth values, texts or "
            "times, [rows] or [rows, columns]."
        )
    return array


def _check_letters(array: np.ndarray) -> None:
    """See that every letter is one of Unicode's.

    Raises:
        ValueError: if one is none, which Arrow would take for damaged text later.
    """
    native = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    letters = native.view(np.uint32) if native.itemsize else np.empty(0, np.uint32)
    if ((letters > 0x10FFFF) | ((letters >= 0xD800) & (letters < 0xE000))).any():
        raise ValueError("it holds letters that are none")


def _column(array: np.ndarray) -> pd.Series:
    if array.dtype.kind == "S":
        array = np.strings.decode(array, "utf-8")
    if array.dtype.kind == "U":
        _check_letters(array)
        return pd.Series(array.tolist(), dtype="str")
    if array.dtype.kind == "M":
        return pd.Series(array.astype("datetime64[us]"))
    return pd.Series(array.astype(array.dtype.newbyteorder("=")))
