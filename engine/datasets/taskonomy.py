"""Taskonomy: up to nine maps of indoor views, the tasks of Standley et al., read from the official files.

There is one image a view and domain, ``point_<p>_view_<v>_domain_<domain>.png``, in folders of any one of ``LAYOUTS``:
as omnidata-tools downloads them today; by domain, as in 2018; by building; or as the archives of one building and
domain unpack. ``splits_taskonomy.zip`` of the same site, unpacked beside them, says which buildings are for training,
validation and testing.

Source: Zamir et al., "Taskonomy: Disentangling Task Transfer Learning", CVPR 2018.
"""

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.datasets.dataset import SPLITS, Dataset, Samples
from engine.datasets.image_files import OnDemand, check_whole, find_folder, one_by_one, photographs, pixels
from engine.datasets.settings import DataSettings
from engine.datasets.taskonomy_domains import DOMAINS, Domain, read_label
from engine.errors import KindredError

SITE = "https://github.com/StanfordVL/taskonomy/tree/master/data"
LAYOUTS = (
    "{domain}/taskonomy/{building}",
    "{domain}/{building}",
    "{building}_{domain}/{domain}",  # before the next, which would take "_{domain}" for a part of the name
    "{building}/{domain}",
    "{building}_{domain}",
)
IMAGE = re.compile(r"(point_(\d+)_view_(\d+))_domain_(\w+)\.png")
PARTITIONS = ("fullplus", "full", "medium", "tiny")  # the first whose file is there counts
HOLES = ("mask_valid", "depth_euclidean", "depth_zbuffer")  # what shows a view's holes; the first that is there counts
LOOKED_AT = 20_000  # files checked before training, evenly spaced among all


@dataclass(frozen=True, eq=False)
class Files:
    """The files of one domain in one split.

    Attributes:
        folders, suffixes: of each building: where its files lie, and how their names end.
        building: of each view, ``[views]``.
        stems: of each view, ``point_<p>_view_<v>``.
        there: whether a view has a file, ``[views]``.
    """

    folders: Sequence[Path]
    suffixes: Sequence[str]
    building: np.ndarray
    stems: Sequence[str]
    there: np.ndarray

    def __len__(self) -> int:
        return len(self.stems)

    def __getitem__(self, view: int) -> str:
        """The path; empty where there is no file."""
        if not self.there[view]:
            return ""
        building = self.building[view]
        return f"{self.folders[building]}/{self.stems[view]}_domain_{self.suffixes[building]}.png"


def load(settings: DataSettings) -> Dataset:
    """The data set; inputs are ``[samples, 3, size, size]`` with the settings' image size, float32 in −1 … 1.

    Every view with an ``rgb`` image is a sample. All is decoded when asked for. A domain without any file is no task;
    ``depth_zbuffer`` is one only where there is no ``depth_euclidean``. A label is missing where its file is, where a
    class is uncertain, and where maps of the geometry meet a hole of the mesh.

    Raises:
        KindredError: if buildings are not there for every split, or files are damaged or of another form.
    """
    folder = find_folder(settings, "taskonomy", SITE)
    layout, buildings = find_buildings(folder)
    split_of = split_buildings(folder, buildings)
    splits = []
    for number in range(3):
        chosen = [building for building in buildings if split_of.get(building) == number]
        splits.append(_find_files(folder, layout, chosen))
    domains = _domains_with_files(splits, folder)
    _check(domains, splits)
    samples = [_samples(domains, files, settings.image_size) for files in splits]
    return Dataset("taskonomy", tuple(domain.task for domain in domains), *((part,) for part in samples))


def find_buildings(folder: Path) -> tuple[str, list[str]]:
    """The layout of the folder, and the buildings that have ``rgb`` images.

    Raises:
        KindredError: if there are none in any layout.
    """
    for layout in LAYOUTS:
        name = re.compile(re.escape(layout.format(domain="rgb", building="@")).replace("@", "([^/]+)"))
        buildings = []
        for path in folder.glob(layout.format(domain="rgb", building="*")):
            match = name.fullmatch(path.relative_to(folder).as_posix())
            if match and _listed(path)[1]:
                buildings.append(match[1])
        if buildings:
            return layout, sorted(buildings)
    places = ", ".join(layout.format(domain="rgb", building="<building>") for layout in LAYOUTS)
    raise KindredError(
        f"{folder} has no image point_<p>_view_<v>_domain_rgb.png in any of {places}; get Taskonomy from {SITE}, or "
        "name another folder with --folder."
    )


def split_buildings(folder: Path, buildings: Sequence[str]) -> dict[str, int]:
    """Which split each building is in: 0 training, 1 validation, 2 test.

    By the official file, in which a building may be absent, as those beyond a partition are; then it is left out.
    Without one 60 % of the buildings are for training, 20 % for validation and 20 % for testing, by a fixed shuffle.

    Raises:
        KindredError: if the file is not as it must be, or a split has no building.
    """
    for partition in PARTITIONS:
        for path in (folder / "splits_taskonomy", folder):
            path = path / f"train_val_test_{partition}.csv"
            if path.is_file():
                split_of = _read_partition(path)
                _check_each_split(path, buildings, split_of)
                return split_of
    if len(buildings) < 3:
        raise KindredError(
            f"{folder} has images of {len(buildings)} building{'s' * (len(buildings) > 1)} ({', '.join(buildings)}); "
            "training, validation and testing need one each, so add more buildings."
        )
    held_out = max(round(0.2 * len(buildings)), 1)
    shuffled = np.random.default_rng(0).permutation(sorted(buildings))
    order = [1] * held_out + [2] * held_out + [0] * (len(buildings) - 2 * held_out)
    return dict(zip(shuffled.tolist(), order, strict=True))


def _read_partition(path: Path) -> dict[str, int]:
    """A file with a head line ``id,train,val,test``, then a building a line, with 1 under its split and 0 elsewhere."""
    split_of = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                marks = [row.get(column) for column in ("train", "val", "test")]
                if not row.get("id") or sorted(map(str, marks)) != ["0", "0", "1"]:
                    raise KindredError(
                        f"Line {number} of {path} is {row!r}; it must name a building under id, and have 1 under one "
                        f"of train, val and test and 0 under the others, so take the original from {SITE}."
                    )
                split_of[row["id"]] = marks.index("1")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise KindredError(f"{path} cannot be read ({error}); take the original from {SITE}.") from error
    return split_of


def _check_each_split(path: Path, buildings: Sequence[str], split_of: Mapping[str, int]) -> None:
    for number, split in enumerate(SPLITS):
        if not any(split_of.get(building) == number for building in buildings):
            raise KindredError(
                f"None of the {len(buildings)} buildings that have images is in the {split} split of {path}; add one, "
                "or remove that file to have buildings divided 60/20/20."
            )


def _listed(folder: Path) -> tuple[str, set[str]]:
    """How names end after ``domain_``, and the stems of the files of a folder; its first image decides which."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    images = [match for match in map(IMAGE.fullmatch, names) if match]
    suffix = images[0][4] if images else ""
    return suffix, {image[1] for image in images if image[4] == suffix}


def _find_files(folder: Path, layout: str, buildings: Sequence[str]) -> dict[str, Files]:
    """The files of one split by domain; views are in the order of building, point and view."""

    def place(domain: str, building: str) -> Path:
        return folder / layout.format(domain=domain, building=building)

    stems, building_of = [], []
    for number, building in enumerate(buildings):
        found = sorted(_listed(place("rgb", building))[1], key=_point_and_view)
        stems += found
        building_of += [number] * len(found)
    building_of = np.array(building_of)
    files = {}
    for domain in dict.fromkeys([*(domain.name for domain in DOMAINS), *HOLES]):
        folders = [place(domain, building) for building in buildings]
        listed = [_listed(path) for path in folders]
        there = np.array([stem in listed[building][1] for stem, building in zip(stems, building_of, strict=True)])
        files[domain] = Files(folders, [suffix for suffix, _ in listed], building_of, stems, there)
    return files


def _point_and_view(stem: str) -> tuple[int, int]:
    _, point, _, view = stem.split("_")
    return int(point), int(view)


def _domains_with_files(splits: Sequence[Mapping[str, Files]], folder: Path) -> list[Domain]:
    domains = []
    for domain in DOMAINS:
        empty = [split for split, files in zip(SPLITS, splits, strict=True) if not files[domain.name].there.any()]
        if 0 < len(empty) < len(SPLITS):
            raise KindredError(
                f"No view of the {empty[0]} split has a file of {domain.name} in {folder}, though others do; a task "
                "needs some in every split, so add the files of more buildings, or remove that domain."
            )
        if not empty:
            domains.append(domain)
    names = {domain.name for domain in domains}
    return [domain for domain in domains if domain.name != "depth_zbuffer" or "depth_euclidean" not in names]


def _check(domains: Sequence[Domain], splits: Sequence[Mapping[str, Files]]) -> None:
    """See that files are whole, and that the first of each domain has its domain's form and the image's proportions."""
    found = [files[domain.name] for domain in domains for files in splits]
    ends = np.cumsum([files.there.sum() for files in found])
    for_check = np.unique(np.linspace(0, ends[-1] - 1, min(ends[-1], LOOKED_AT)).astype(int))
    which = np.searchsorted(ends, for_check, side="right")
    paths = []
    for number, files in enumerate(found):
        views = np.flatnonzero(files.there)
        nth = for_check[which == number] - (ends[number] - len(views))
        paths += [files[view] for view in views[nth]]
    check_whole(paths)
    for domain in domains:
        files = splits[0][domain.name]
        view = int(files.there.argmax())
        image, label = pixels(splits[0]["rgb"][view]), pixels(files[view])
        if image.shape[0] * label.shape[1] != image.shape[1] * label.shape[0]:
            raise KindredError(
                f"{files[view]} has {label.shape[0]}×{label.shape[1]} pixels, its image {image.shape[0]}×"
                f"{image.shape[1]}; the images of a view must show the same, so take both from the original."
            )
        _read_view(domain, files, _holes(domain, splits[0]), 8, view)


def _holes(domain: Domain, files: Mapping[str, Files]) -> list[Files]:
    better = HOLES[: HOLES.index(domain.name)] if domain.name in HOLES else HOLES  # a depth shows its own holes
    return [files[name] for name in better] if domain.geometry else []


def _samples(domains: Sequence[Domain], files: Mapping[str, Files], size: int) -> Samples:
    labels = {domain.task.name: _labels(domain, files, size) for domain in domains}
    return Samples(photographs(files["rgb"], size), labels)


def _labels(domain: Domain, files: Mapping[str, Files], size: int) -> OnDemand:
    shape = (size, size) if domain.task.outputs == 1 or not domain.task.real else (domain.task.outputs, size, size)
    decode = partial(_read_view, domain, files[domain.name], _holes(domain, files), size)
    return one_by_one(len(files["rgb"]), shape, np.float32 if domain.task.real else np.int64, decode)


def _read_view(domain: Domain, files: Files, holes: Sequence[Files], size: int, view: int) -> np.ndarray:
    path = files[view]
    if not path:
        return np.asarray(domain.missing)
    return read_label(domain, path, next((other[view] for other in holes if other.there[view]), ""), size)
