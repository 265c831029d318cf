"""CelebA: 40 attributes of 202,599 portraits, read from the official files.

They are ``img_align_celeba/000001.jpg`` … (218 rows, 178 columns), ``list_attr_celeba.txt`` and
``list_eval_partition.txt``, side by side or in ``Img/``, ``Anno/`` and ``Eval/`` as in the official download.

Source: Liu et al., "Deep Learning Face Attributes in the Wild", ICCV 2015.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.datasets.dataset import Dataset, Samples
from engine.datasets.image_files import check_whole, find_folder, photographs
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.tasks import Task

SITE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
IMAGES, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"
COUNT = 40  # attributes


def load(settings: DataSettings) -> Dataset:
    """The data set with the official splits; one task an attribute, named as in the list: 1 where it is present.

    Inputs are ``[samples, 3, size, size]`` with the settings' image size, float32 in −1 … 1: the middle 178 rows, made
    smaller, and decoded when asked for. Labels are in memory.

    Raises:
        KindredError: if a list or an image is missing or damaged, or the lists do not agree.
    """
    folder = find_folder(settings, "celeba", SITE)
    attributes, files, labels = read_attributes(_find(folder, "Anno", ATTRIBUTES))
    split_of = read_partition(_find(folder, "Eval", PARTITION), files)
    images = _find(folder, "Img", IMAGES)
    _check_images(images, files)

    tasks = tuple(Task(name, "binary_cross_entropy", summary=_spoken(name)) for name in attributes)
    splits = []
    for number in range(3):
        chosen = np.flatnonzero(split_of == number)
        inputs = photographs([str(images / files[place]) for place in chosen], settings.image_size)
        of_task = {task.name: labels[chosen, column] for column, task in enumerate(tasks)}
        splits.append((Samples(inputs, of_task),))
    return Dataset("celeba", tasks, *splits)


def read_attributes(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """The list of attributes: how many images, the names, then of every image its file and −1 or 1 for each name.

    Returns:
        Names of the attributes, names of the files, and labels ``[files, attributes]``, float32, 0 for −1.

    Raises:
        KindredError: naming the line that is not so.
    """
    lines = _lines(path)
    names = lines[1].split() if len(lines) > 1 else []
    if len(names) != COUNT or len(set(names)) < COUNT:
        raise KindredError(
            f"Line 2 of {path} has {len(set(names))} different names of attributes; it must have {COUNT}, so take the "
            f"original file from {SITE}."
        )
    rows = lines[2:]
    if lines[0].strip() != str(len(rows)):
        raise KindredError(
            f"Line 1 of {path} announces {lines[0].strip()[:20]!r} images, but {len(rows):,} follow; copy the file "
            f"again, or take the original from {SITE}."
        )
    files, labels = [], np.empty((len(rows), COUNT), np.float32)
    for number, row in enumerate(rows):
        file, *values = row.split() or [""]
        if len(values) != COUNT or not set(values) <= {"-1", "1"}:
            wrong = next((value for value in values if value not in ("-1", "1")), None)
            found = f"{len(values)} values" if wrong is None or len(values) != COUNT else f"the value {wrong!r}"
            raise KindredError(
                f"Line {number + 3} of {path} has {found}; it must be a file and {COUNT} values, each −1 or 1, so "
                "copy the file again."
            )
        files.append(file)
        labels[number] = [value == "1" for value in values]
    if len(set(files)) < len(files):
        raise KindredError(f"{path} names {len(files) - len(set(files)):,} images twice; copy the file again.")
    return names, files, labels


def read_partition(path: Path, files: Sequence[str]) -> np.ndarray:
    """Which split each of the files is in, ``[files]``: 0 training, 1 validation, 2 test.

    Raises:
        KindredError: if a line is not a file and one of these numbers, or a file has no line.
    """
    split_of = {}
    for number, line in enumerate(_lines(path), 1):
        file, *rest = line.split() or [""]
        if rest not in (["0"], ["1"], ["2"]):
            raise KindredError(
                f"Line {number} of {path} is {line.strip()[:60]!r}; it must be a file and 0, 1 or 2, so copy the file "
                "again."
            )
        split_of[file] = int(rest[0])
    _check_none_missing(path, [file for file in files if file not in split_of], len(files))
    return np.array([split_of[file] for file in files])


def _find(folder: Path, subfolder: str, name: str) -> Path:
    for path in (folder / name, folder / subfolder / name):
        if path.exists():
            return path
    raise KindredError(
        f"{name} is neither in {folder} nor in {folder / subfolder}; get it from {SITE}, unpack it and put it there, "
        "or name another folder with --folder."
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KindredError(f"{path} cannot be read as text ({error}); take the original from {SITE}.") from error


def _check_images(folder: Path, files: Sequence[str]) -> None:
    there = set(os.listdir(folder)) if folder.is_dir() else set()
    _check_none_missing(folder, [file for file in files if file not in there], len(files))
    check_whole(f"{folder}/{file}" for file in files)


def _check_none_missing(where: Path, missing: Sequence[str], count: int) -> None:
    if missing:
        raise KindredError(
            f"{len(missing):,} of the {count:,} images of {ATTRIBUTES} are not in {where}, the first of them "
            f"{missing[0]}; copy {where.name} again, whole."
        )


def _spoken(attribute: str) -> str:
    return f"the portrait has the attribute {attribute.replace('_', ' ')}"
