"""The files of NYU Depth v2: opened with an error that helps, and checked against each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from engine.datasets.matlab import numeric_variables
from engine.errors import KindredError

SITE = "https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html"
ORIGINAL = f"take the original from {SITE}"


def find_file(folder: Path, name: str) -> Path:
    """The file in the folder.

    Raises:
        KindredError: if it is not there.
    """
    if not (folder / name).is_file():
        raise KindredError(
            f"{name} is not in {folder}; get it from {SITE} and put it there, or name another folder with --folder."
        )
    return folder / name


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """A MATLAB 7.3 file, to read from.

    Raises:
        KindredError: if it is damaged, also where that shows only while it is read.
    """
    try:
        with h5py.File(path, "r") as file:
            yield file
    except KindredError:
        raise
    except Exception as error:  # h5py raises nearly anything on damaged files
        raise KindredError(
            f"{path} is damaged, or not a MATLAB 7.3 file ({error}); copy it again, or {ORIGINAL}."
        ) from error


def read_matlab(path: Path) -> dict[str, np.ndarray]:
    """The matrices of numbers in an older MATLAB file.

    Raises:
        KindredError: if it cannot be read.
    """
    try:
        return numeric_variables(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KindredError(f"{path} is damaged, or not a MATLAB file ({error}); copy it again.") from error


def whole_numbers(values: Any, least: int, most: int) -> np.ndarray | None:
    """The values in a row, int64, if they are numbers from ``least`` to ``most``; otherwise None."""
    numbers = np.asarray(() if values is None else values).ravel()
    right = len(numbers) and numbers.dtype.kind in "iuf" and least <= numbers.min() <= numbers.max() <= most
    return numbers.astype(np.int64) if right else None


def check_frames(file: h5py.File) -> None:
    """See that the frames' images, depths and labels are there, and of the same frames.

    Raises:
        KindredError: naming what there is.
    """
    shapes = {name: getattr(file.get(name), "shape", None) for name in ("images", "depths", "labels")}
    images, depths, labels = shapes.values()
    right = images and len(images) == 4 and images[1] == 3 and (images[0], *images[2:]) == depths == labels
    right = right and file["images"].dtype == np.uint8 and file["labels"].dtype.kind in "iu"
    if not right or "names" not in file:
        found = ", ".join(
            f"{name} {shape} {file[name].dtype}" if shape else f"{name} missing" for name, shape in shapes.items()
        )
        found += "" if "names" in file else ", names missing"
        raise KindredError(
            f"{file.filename} has {found}; it must have images (frames, 3, columns, rows) uint8, depths and labels "
            f"(frames, columns, rows), labels in whole numbers, and their names, so {ORIGINAL}."
        )


def read_splits(path: Path, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the training frames and of the test frames, sorted, counted from 0.

    Args:
        frames: how many there are.

    Raises:
        KindredError: if they are not numbers of frames, or overlap.
    """
    file = read_matlab(path)
    splits = []
    for name in ("trainNdxs", "testNdxs"):
        numbers = whole_numbers(file.get(name), 1, frames)
        if numbers is None:
            raise KindredError(
                f"{path} has no {name} with numbers from 1 to {frames:,}, the number of frames; take both files from "
                f"{SITE}."
            )
        splits.append(np.unique(numbers) - 1)
    both = np.intersect1d(*splits)
    if len(both):
        raise KindredError(
            f"{path} has {len(both):,} frames for both training and testing, the first of them {both[0] + 1}; "
            f"{ORIGINAL}."
        )
    return splits[0], splits[1]


def read_scenes(file: h5py.File) -> list[str]:
    """The scene of every frame; empty if the file does not say.

    Raises:
        KindredError: if there are more or fewer than frames.
    """
    if "scenes" not in file:
        return []
    scenes = [
        "".join(map(chr, np.asarray(file[reference]).ravel())) for reference in np.asarray(file["scenes"]).ravel()
    ]
    if len(scenes) != len(file["images"]):
        raise KindredError(
            f"{file.filename} names the scenes of {len(scenes)} frames, but has {len(file['images'])}; {ORIGINAL}."
        )
    return scenes
