"""NYU Depth v2: classes, depth and surface normals of 1,449 indoor photographs, read from the official files.

They are ``nyu_depth_v2_labeled.mat`` (MATLAB 7.3, that is HDF5: images ``[frames, 3, columns, rows]``, depths in metres
and labels ``[frames, columns, rows]``), ``splits.mat``, and, if its classes are wanted, ``classMapping40.mat``, alone
or with ``class13Mapping.mat``; or ``classMapping13.mat``.

Sources: Silberman et al., "Indoor Segmentation and Support Inference from RGBD Images", ECCV 2012; the 40 classes are
of Gupta et al., CVPR 2013, the 13 of Couprie et al., ICLR 2013.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from engine.datasets.dataset import NO_CLASS, Dataset, Samples
from engine.datasets.image_files import OnDemand, averaged, find_folder, nearest, small_photograph, unit_vectors
from engine.datasets.nyuv2_files import (
    ORIGINAL,
    SITE,
    check_frames,
    find_file,
    opened,
    read_matlab,
    read_scenes,
    read_splits,
    whole_numbers,
)
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.tasks import Task

MAPPINGS = ("classMapping13.mat", "class13Mapping.mat", "classMapping40.mat")  # to 13, from 40 to 13, to 40 classes
MAPPINGS_SITE = "https://github.com/ankurhanda/nyuv2-meta-data"
MOST_FREQUENT = 40  # classes, where there is no mapping
COUNTED = 100  # frames whose labels are counted to find them

# The colour camera, onto whose image depths were projected: focal lengths and centre, in pixels counted from 1, at
# 640 × 480 (camera_params.m of the authors' toolbox).
FOCAL = (518.857901, 519.469611)
CENTRE = (325.582449, 253.736166)
CAMERA = (640, 480)


def load(settings: DataSettings) -> Dataset:
    """The data set with the official test split; one in five scenes of the official training split is for validation.

    Whole scenes, because the frames of one show the same room. All is read when asked for, cut to the centre square and
    brought to the settings' image size: inputs ``[samples, 3, size, size]``, float32 in −1 … 1. Tasks:

    - ``semantic``: 13 or 40 classes where their mappings are there; otherwise the 40 of the 894 that are most frequent
      in 100 training frames. What is unlabelled, or of another class, is missing.
    - ``depth``: metres; missing where the file has 0.
    - ``normals``: as ``normals_of`` has them.

    Raises:
        KindredError: if a file is missing or damaged, or the files do not agree.
    """
    folder = find_folder(settings, "nyuv2", SITE)
    path, size = find_file(folder, "nyu_depth_v2_labeled.mat"), settings.image_size
    with opened(path) as file:
        check_frames(file)
        train, test = read_splits(find_file(folder, "splits.mat"), len(file["images"]))
        splits = *cut_validation(read_scenes(file), train), test
        table, classes = class_table(folder, file, splits[0])
    tasks = (
        Task("semantic", "cross_entropy", classes, f"one of {classes} kinds of thing", dense=True),
        Task("depth", "absolute_error", summary="distance from the camera's plane in metres", dense=True),
        Task("normals", "absolute_error", 3, "unit vector across the surface, towards the camera: x, y, z", dense=True),
    )
    return Dataset("nyuv2", tasks, *((_samples(path, frames, table, size),) for frames in splits))


def cut_validation(scenes: Sequence[str], train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Training frames, and those of one in five scenes, drawn by a fixed seed, for validation; both sorted.

    Args:
        scenes: of every frame; empty: each is a scene of its own.

    Raises:
        KindredError: if there is one scene only.
    """
    scene_of = np.asarray(scenes)[train] if len(scenes) else train
    drawn = np.random.default_rng(0).permutation(np.unique(scene_of))
    if len(drawn) < 2:
        raise KindredError(
            f"All {len(train)} training frames show the scene {drawn[0]}; validation needs another, so {ORIGINAL}."
        )
    held_out = np.isin(scene_of, drawn[: max(round(len(drawn) / 5), 1)])
    return train[~held_out], train[held_out]


def class_table(folder: Path, file: h5py.File, training: np.ndarray) -> tuple[np.ndarray, int]:
    """The class of every label from 0, ``NO_CLASS`` for 0 and those of none; and how many classes there are.

    Raises:
        KindredError: if a mapping is damaged, or the one that it builds on is missing.
    """
    labels = file["names"].size
    direct, thirteen, forty = (folder / name for name in MAPPINGS)
    if direct.is_file():
        return _mapped(direct, labels, 13), 13
    if forty.is_file():
        table = _mapped(forty, labels, 40)
        return (_mapped(thirteen, 40, 13)[table + 1], 13) if thirteen.is_file() else (table, 40)
    if thirteen.is_file():
        raise KindredError(
            f"{thirteen} maps from 40 classes; get {forty.name} too, from {MAPPINGS_SITE}, or remove it."
        )
    return _most_frequent(file, labels, training)


def _mapped(path: Path, labels: int, classes: int) -> np.ndarray:
    """From a file with the class of every label: in ``mapClass``, or in the first field of ``classMapping13``."""
    file = read_matlab(path)
    mapping = next(
        (values for name, values in file.items() if name.startswith("classMapping13.")), file.get("mapClass")
    )
    numbers = whole_numbers(mapping, 0, classes)
    if numbers is None or len(numbers) != labels:
        raise KindredError(
            f"{path} does not give a class, 1 to {classes}, for each of {labels} labels; take the original from "
            f"{MAPPINGS_SITE}."
        )
    return np.append(NO_CLASS, numbers - 1)


def _most_frequent(file: h5py.File, labels: int, training: np.ndarray) -> tuple[np.ndarray, int]:
    counts = np.zeros(labels + 1, np.int64)
    for frame in training[np.unique(np.linspace(0, len(training) - 1, COUNTED).astype(int))]:
        shown = file["labels"][frame]
        _check_label(file.filename, shown, labels)
        counts += np.bincount(shown.ravel(), minlength=labels + 1)
    counts[0] = 0
    chosen = [label for label in np.argsort(-counts, kind="stable")[:MOST_FREQUENT] if counts[label]]
    if not chosen:
        raise KindredError(f"The training frames of {file.filename} have no labels; {ORIGINAL}.")
    table = np.full(labels + 1, NO_CLASS)
    table[chosen] = np.arange(len(chosen))
    return table, len(chosen)


def _check_label(path: str, shown: np.ndarray, labels: int) -> None:
    if shown.max() > labels:
        raise KindredError(f"{path} has the label {shown.max()}, but only {labels} names; {ORIGINAL}.")


def normals_of(depth: np.ndarray, size: int) -> np.ndarray:
    """Unit vectors across the surface that a depth map shows, towards the camera: x to the right, y down, z forward.

    Each pixel is carried out along the camera's ray to the point that it shows; points are averaged over the areas of
    the small map, which takes noise away and leaves a plane a plane; a normal is the cross product of the differences
    to the neighbours below and above, right and left.

    Args:
        depth: ``[rows, columns]``, metres, NaN where not known.

    Returns:
        ``[3, size, size]``, NaN where it or a neighbour is not known.
    """
    rays = []
    for axis, (length, pixels) in enumerate(zip(depth.shape[::-1], CAMERA, strict=True)):
        places = (np.arange(length) + 0.5) * pixels / length + 0.5
        rays.append((places - CENTRE[axis]) / FOCAL[axis])
    points = np.stack([averaged(part, size) for part in (depth * rays[0], depth * rays[1][:, None], depth)])
    down, right = np.gradient(points, axis=(1, 2))
    normals = unit_vectors(np.cross(down, right, axis=0))
    return np.where(np.isnan(points[2]), np.float32(np.nan), normals).astype(np.float32)


def _samples(path: Path, frames: np.ndarray, table: np.ndarray, size: int) -> Samples:
    def values(name: str, decode: Callable[[np.ndarray], np.ndarray], dtype: type, *outputs: int) -> OnDemand:
        shape = (len(frames), *outputs, size, size)
        return OnDemand(shape, np.dtype(dtype), partial(_read, path, name, frames, decode, shape[1:], dtype))

    labels = {
        "semantic": values("labels", partial(_classes, str(path), table, size), np.int64),
        "depth": values("depths", partial(_depth, size), np.float32),
        "normals": values("depths", partial(_normals, size), np.float32, 3),
    }
    return Samples(values("images", partial(_image, size), np.float32, 3), labels)


def _read(
    path: Path,
    name: str,
    frames: np.ndarray,
    decode: Callable[[np.ndarray], np.ndarray],
    shape: tuple[int, ...],
    dtype: type,
    samples: np.ndarray,
) -> np.ndarray:
    rows = np.empty((len(samples), *shape), dtype)
    with opened(path) as file:  # anew each time: an open file does not survive a fork
        for place, sample in enumerate(samples):
            rows[place] = decode(file[name][frames[sample]])
    return rows


def _image(size: int, values: np.ndarray) -> np.ndarray:
    return small_photograph(Image.fromarray(np.ascontiguousarray(values.T)), size)


def _depth(size: int, values: np.ndarray) -> np.ndarray:
    return averaged(_metres(values), size)


def _normals(size: int, values: np.ndarray) -> np.ndarray:
    return normals_of(_metres(values), size)


def _metres(values: np.ndarray) -> np.ndarray:
    depth = values.T.astype(np.float32)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(np.nan))


def _classes(path: str, table: np.ndarray, size: int, values: np.ndarray) -> np.ndarray:
    _check_label(path, values, len(table) - 1)
    return table[nearest(values.T, size)]
