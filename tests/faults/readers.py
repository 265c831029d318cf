"""Every reader of files, documents and addresses: sound inputs to damage, and how each is read."""

import io
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app import state
from engine.affinity.matrix import AffinityMatrix, read_affinity
from engine.datasets import celeba, nyuv2, taskonomy
from engine.datasets.settings import DataSettings
from engine.datasets.table import of_frame
from engine.datasets.tables.columns import describe_table, listed
from engine.datasets.tables.reading import read_table
from engine.errors import KindredError
from engine.grouping.export import from_file, to_json
from engine.grouping.losses import read_losses
from engine.grouping.problem import GroupingProblem
from engine.grouping.solving import solve
from engine.studies import files as study_files
from tests.engine.datasets import test_celeba, test_nyuv2, test_taskonomy
from tests.engine.datasets.tables.made import as_csv, as_npz, as_parquet, houses
from tests.faults import mutations, of_runs
from tests.faults.mutations import Damage
from tests.faults.reader import Reader, sentence


def readers(folder: Path, names: tuple[str, ...] = ()) -> dict[str, Reader]:
    """Those of these names; all where empty.

    Args:
        folder: for what sound inputs are made of.
    """
    made = {
        "table, CSV": lambda: _table(".csv", as_csv, mutations.of_text),
        "table, Parquet": lambda: _table(".parquet", as_parquet, mutations.of_bytes),
        "table, NPZ": lambda: _table(".npz", as_npz, mutations.of_zip),
        "grouping": _grouping,
        "affinity, CSV": lambda: _affinity("m.csv", mutations.of_text),
        "affinity, JSON": lambda: _affinity("m.json", mutations.of_json),
        "affinity, NPY": lambda: _affinity("m.npy", mutations.of_bytes),
        "study, JSON": _study,
        "losses, CSV": _losses,
        "checkpoint, PT": lambda: of_runs.checkpoint(folder, ".pt", mutations.of_zip),
        "checkpoint, NPZ": lambda: of_runs.checkpoint(folder, ".npz", mutations.of_zip),
        "weights": lambda: of_runs.weights(folder),
        "bundle": lambda: of_runs.bundle(folder),
        "store, SQLite": lambda: of_runs.store(folder),
        "settings of a run": of_runs.settings,
        "address": _address,
        "CelebA": lambda: _celeba(folder),
        "Taskonomy": lambda: _taskonomy(folder),
        "NYUv2": lambda: _nyuv2(folder),
    }
    return {name: make() for name, make in made.items() if not names or name in names}


def _table(ending: str, write: Callable[..., bytes], damage: Damage) -> Reader:
    def read(content: bytes, name: str, _: Path) -> None:
        frame = read_table(content, name)
        columns = describe_table(frame)
        for column in columns[:2]:
            settings = DataSettings("table", table=name, targets=listed([column.name]))
            try:
                of_frame(frame, settings, name)
            except KindredError as error:
                sentence(error)

    return Reader({f"t{ending}": write(houses(60)), f"u{ending}": write(houses(25, seed=1))}, damage, read)


def _grouping() -> Reader:
    affinity = np.random.default_rng(0).normal(size=(4, 4))
    plain = solve(GroupingProblem(("a", "b", "c", "d"), affinity), 2)
    diagonal = solve(GroupingProblem(("a", "b", "c", "d"), affinity, ("a", "b"), singleton="diagonal"), 1)
    sound = {f"{place}.json": to_json(each, {"run": "x"}).encode() for place, each in enumerate((plain, diagonal))}

    def read(content: bytes, _name: str, _folder: Path) -> None:
        solution, source = from_file(content)
        to_json(solution, source)

    return Reader(sound, mutations.of_json, read)


def _affinity(name: str, damage: Damage) -> Reader:
    matrix = AffinityMatrix(("a", "b", "=c"), np.random.default_rng(0).normal(size=(3, 3)))
    file = io.BytesIO()
    np.save(file, matrix.values)
    sound = {
        "m.csv": matrix.frame().to_csv().encode(),
        "m.json": json.dumps({"tasks": list(matrix.tasks), "affinity": matrix.values.tolist()}).encode(),
        "m.npy": file.getvalue(),
    }
    tasks = matrix.tasks if name == "m.npy" else None
    return Reader({name: sound[name]}, damage, lambda content, name, _: read_affinity(content, name, tasks).frame())


def _study() -> Reader:
    folder = Path(__file__).parents[2] / "data" / "studies"
    small = min(folder.glob("*.json"), key=lambda path: path.stat().st_size).read_bytes()

    def read(content: bytes, name: str, _: Path) -> None:
        study_files.to_json(study_files.from_json(content, name))

    return Reader({"s.json": small}, mutations.of_json, read)


def _losses() -> Reader:
    rows = ["setting,split,network,cost_snt,task,loss"]
    rows += [f"s,{split},a+b,1,{task},0.{place}" for split in ("validation", "test") for place, task in enumerate("ab")]
    rows += [f"s,{split},{task},0.5,{task},0.7" for split in ("validation", "test") for task in "ab"]

    def read(content: bytes, name: str, _: Path) -> None:
        table = read_losses(content, name)
        for setting in table.settings:
            for split in table.losses[setting]:
                table.candidates(setting, split)

    return Reader({"l.csv": "\n".join(rows).encode()}, mutations.of_text, read)


def _address() -> Reader:
    sound = {
        "interval": b"0-100", "pair": b'["a","b"]', "together": b'[["a","b"],["c","d"]]', "pin": b'{"a":["a","b"]}',
        "weights": b'{"a":2}', "kinds": b'{"a":"number"}', "budget": b"2.5", "threshold": b"0.25", "max_size": b"3",
        "singleton": b"diagonal", "shown_runs": b"50", "dataset": b"yeast", "targets": b'["a"]', "run": b"yeast-1",
        "data_part": b"2", "unsure": b"plain", "samples_page": b"3", "way": b"optimal", "reading": b"affinity",
    }  # fmt: skip

    def read(content: bytes, name: str, _: Path) -> None:
        parameter = state._PARAMETERS[name]
        text = content.decode("utf-8", "replace")
        try:
            value = parameter.parse(text)
        except state.UNREADABLE:
            raise KindredError("This part of the address cannot be read, and is left out.") from None
        parameter.write(value)

    def damage(drawn: random.Random, content: bytes) -> bytes:
        return drawn.choice((mutations.of_text, mutations.of_bytes, _structured))(drawn, content)

    return Reader(sound, damage, read)


def _structured(drawn: random.Random, content: bytes) -> bytes:
    try:
        return mutations.of_json(drawn, content)
    except ValueError:
        return mutations.of_text(drawn, content)


def _folder_of_files(name: str, source: Path, load: Callable[[DataSettings], object], chosen: list[str]) -> Reader:
    """A data set in a folder, of which one file is damaged."""

    def damage(drawn: random.Random, content: bytes) -> bytes:
        text = content[:200].isascii() and not content.startswith(b"MATLAB")
        return (mutations.of_text if text else mutations.of_bytes)(drawn, content)

    def read(content: bytes, file: str, where: Path) -> None:
        shutil.copytree(source, where / "d", copy_function=_link)
        (where / "d" / file).unlink()
        (where / "d" / file).write_bytes(content)
        dataset = load(DataSettings(name, folder=str(where / "d"), image_size=16))
        for split in (dataset.train, dataset.validation, dataset.test):
            split[0].take(np.arange(min(len(split[0]), 3)))

    return Reader({file: (source / file).read_bytes() for file in chosen}, damage, read)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _celeba(folder: Path) -> Reader:
    source = folder / "celeba"
    source.mkdir()
    test_celeba.write_lists(source)
    test_celeba.write_images(source / "img_align_celeba")
    chosen = ["list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba/000001.jpg"]
    return _folder_of_files("celeba", source, celeba.load, chosen)


def _taskonomy(folder: Path) -> Reader:
    source = test_taskonomy.write(folder / "taskonomy")
    test_taskonomy.write_partition(source)
    chosen = ["splits_taskonomy/train_val_test_tiny.csv"]
    chosen += [str(path.relative_to(source)) for path in sorted(source.rglob("point_0_view_0_*.png"))[:8]]
    return _folder_of_files("taskonomy", source, taskonomy.load, chosen)


def _nyuv2(folder: Path) -> Reader:
    source = folder / "nyuv2"
    source.mkdir()
    test_nyuv2.write(source)
    test_nyuv2.write_forty(source)
    chosen = [test_nyuv2.MATLAB, test_nyuv2.SPLIT_FILE, "classMapping40.mat"]
    return _folder_of_files("nyuv2", source, nyuv2.load, chosen)
