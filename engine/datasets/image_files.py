"""Data sets too large for memory: rows that are decoded from files when they are asked for, at one size.

Every image is cut to its centre square and brought to ``size × size``. Photographs are filtered, measurements averaged
over what is known, class numbers taken from the nearest pixel.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from engine import paths
from engine.datasets.settings import DataSettings
from engine.errors import KindredError

THREADS = min(os.cpu_count() or 1, 8)  # Pillow decodes outside Python's lock
BLOCK = 500  # files that a thread looks at in one go
TAIL = 64  # bytes at the end of a file in which its end mark must lie
END_MARKS = {".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".png": b"IEND\xaeB`\x82"}
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow raises at a bad file


class Paths(Protocol):
    """A list of files, or whatever knows the path of a sample by its number."""

    def __len__(self) -> int: ...

    def __getitem__(self, sample: int, /) -> str | Path: ...


@dataclass(frozen=True, eq=False)
class OnDemand:
    """``Values`` that are read when they are asked for.

    Attributes:
        shape: ``(samples, …)``.
        dtype: of the values.
        read: from sample numbers ``[n]``, each in 0 … samples − 1, to rows ``[n, …]``.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[np.ndarray], np.ndarray]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """What an array of this shape would give along its first axis, as a new array."""
        chosen = np.asarray(np.arange(len(self))[indices])
        return self.read(chosen.ravel()).reshape(chosen.shape + self.shape[1:])


def one_by_one(samples: int, shape: Sequence[int], dtype: type, decode: Callable[[int], np.ndarray]) -> OnDemand:
    """Values of which each row is decoded by itself, several at a time in threads.

    Args:
        shape: of one row.
        decode: from a sample's number to its row, or to one number that fills the row.
    """
    return OnDemand((samples, *shape), np.dtype(dtype), partial(_decode_rows, tuple(shape), dtype, decode))


def _decode_rows(
    shape: tuple[int, ...], dtype: type, decode: Callable[[int], np.ndarray], samples: np.ndarray
) -> np.ndarray:
    rows = np.empty((len(samples), *shape), dtype)

    def fill(place: int) -> None:
        rows[place] = decode(int(samples[place]))

    if len(samples) < 2:
        for place in range(len(samples)):
            fill(place)
        return rows
    with ThreadPoolExecutor(THREADS) as pool:  # none is kept: threads do not survive a fork
        for _ in pool.map(fill, range(len(samples))):
            pass
    return rows


def photographs(files: Paths, size: int) -> OnDemand:
    """Colour images ``[files, 3, size, size]``, float32 in −1 … 1: black is −1, white 1."""
    return one_by_one(len(files), (3, size, size), np.float32, partial(_photograph, files, size))


def _photograph(files: Paths, size: int, sample: int) -> np.ndarray:
    path = files[sample]
    try:
        with Image.open(path) as image:
            return small_photograph(image, size)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def small_photograph(image: Image.Image, size: int) -> np.ndarray:
    """The centre square, filtered (bilinear) to ``[3, size, size]``, float32 in −1 … 1.

    The scale is the same for every data set, so that none must be read through first.
    """
    left, top, side = centre_square(image.height, image.width)
    box = (left, top, left + side, top + side)
    small = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR, box)
    return np.moveaxis(np.asarray(small), 2, 0) / np.float32(127.5) - 1


def pixels(path: str | Path) -> np.ndarray:
    """An image's numbers as they are in the file: ``[rows, columns]``, or ``[rows, columns, channels]``.

    Raises:
        KindredError: if it cannot be read.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str | Path, error: Exception) -> KindredError:
    return KindredError(f"The image {path} cannot be read ({error}); copy it again from the original.")


def centre_square(rows: int, columns: int) -> tuple[int, int, int]:
    """First column, first row and side of the largest square in the middle."""
    side = min(rows, columns)
    return (columns - side) // 2, (rows - side) // 2, side


def averaged(values: np.ndarray, size: int) -> np.ndarray:
    """The centre square, each place the mean of the known values in the area that it covers.

    Args:
        values: ``[rows, columns]``, real, NaN where not known.

    Returns:
        ``[size, size]``, float32, NaN where nothing is known.
    """
    known = ~np.isnan(values)
    if known.all():
        return _area_mean(values, size)
    share = _area_mean(known, size)
    total = _area_mean(np.where(known, values, 0), size)
    return np.divide(total, share, out=np.full_like(total, np.nan), where=share > 1e-6)


def _area_mean(values: np.ndarray, size: int) -> np.ndarray:
    left, top, side = centre_square(*values.shape)
    square = np.ascontiguousarray(values[top : top + side, left : left + side], np.float32)
    return np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BOX))


def nearest(values: np.ndarray, size: int) -> np.ndarray:
    """The centre square, each place the value of the pixel at its middle; ``[rows, columns]`` → ``[size, size]``."""
    left, top, side = centre_square(*values.shape)
    middles = ((np.arange(size) + 0.5) * side / size).astype(int)
    return values[top + middles][:, left + middles]


def check_whole(files: Iterable[str | Path]) -> None:
    """See that no image is cut off, as after a copy that was interrupted: its file must end as such files do.

    An image that does not is decoded to be certain. 200,000 files take a few seconds; an error within an image is found
    only when it is read.

    Raises:
        KindredError: naming how many are damaged, and the first.
    """
    files = list(files)
    blocks = [files[start : start + BLOCK] for start in range(0, len(files), BLOCK)]
    with ThreadPoolExecutor(THREADS) as pool:
        damaged = [path for found in pool.map(_damaged, blocks) for path in found]
    if damaged:
        raise KindredError(
            f"{len(damaged):,} of {len(files):,} images cannot be read, the first of them {damaged[0]}: empty, cut off "
            "or of another kind than its name says; copy them again from the original."
        )


def _damaged(files: Sequence[str | Path]) -> list[str | Path]:
    return [path for path in files if not _ends_well(path) and not _decodes(path)]


def _ends_well(path: str | Path) -> bool:
    mark = END_MARKS.get(os.path.splitext(path)[1].lower())
    if mark is None:
        return False
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            return mark in file.read(TAIL)
    except OSError:
        return False


def _decodes(path: str | Path) -> bool:
    try:
        pixels(path)
    except KindredError:
        return False
    return True


def find_folder(settings: DataSettings, name: str, site: str) -> Path:
    """Where the files of a data set lie: the folder of the settings, or ``data/`` and its name.

    Args:
        site: where to get them.

    Raises:
        KindredError: if there is no such folder.
    """
    folder = Path(settings.folder).expanduser() if settings.folder else paths.DATA / name
    if not folder.is_dir():
        raise KindredError(
            f"There is no folder {folder} with the files of {name}; get them from {site}, and put them there or name "
            "their folder with --folder."
        )
    return folder


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Of length 1 along the first axis, ``[3, …]``; NaN where one is unknown or has no length."""
    length = np.linalg.norm(vectors, axis=0)
    return np.divide(vectors, length, out=np.full_like(vectors, np.nan), where=length > 1e-12)
