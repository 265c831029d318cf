"""Studies as files: ``kindred.study/1``, JSON that holds all of a study to the last bit; and CSV of its losses."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.checks import check_number, is_finite
from engine.errors import KindredError
from engine.spreadsheets import inert
from engine.studies.study import Study, StudyNetwork

FORMAT = "kindred.study/1"
ORIENTATION = "source,target"
COLUMNS = ("setting", "split", "network", "cost_snt", "task", "loss", "spread")
_BY_SPLIT = ("losses", "spread", "metrics")
_MATRICES = ("affinity", "transfer")
_NEEDED = {"name": str, "tasks": list, "networks": list}


def to_json(study: Study) -> str:
    """The text of a study's file: one line a network, its numbers in the order of its own tasks, null for NaN."""
    head = {
        "format": FORMAT,
        "name": study.name,
        "source": study.source,
        "tasks": list(study.tasks),
        "weights": study.weights.tolist(),
        "early_share": study.early_share if math.isfinite(study.early_share) else None,
        "orientation": ORIENTATION,
        **{name: None if (each := getattr(study, name)) is None else _plain(each) for name in _MATRICES},
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value, allow_nan=False)}," for name, value in head.items()]
    networks = [f"  {json.dumps(_network(study, row), allow_nan=False)}" for row in range(len(study.networks))]
    return "\n".join(["{", *lines, ' "networks": [', ",\n".join(networks), " ]", "}", ""])


def from_json(content: bytes | str, name: str = "The file of the study") -> Study:
    """Read what ``to_json`` wrote.

    Args:
        name: of the file, for messages.

    Raises:
        KindredError: naming the first thing that is wrong, and where.
    """
    document = _parsed(content, name)
    tasks = tuple(document["tasks"])
    networks = document["networks"]
    read: dict[str, dict[str, np.ndarray]] = {kind: {} for kind in _BY_SPLIT}
    linearised = np.full((len(networks), len(tasks)), np.nan)
    epochs = np.full(len(networks), np.nan)
    members = []
    for row, network in enumerate(networks):
        where = f"{name}, network {row + 1}"
        member = _member(network, tasks, where)
        members.append(member)
        places = [tasks.index(task) for task in member.tasks]
        for kind in _BY_SPLIT:
            for split, values in _mapping(network.get(kind, {}), where, kind).items():
                table = read[kind].setdefault(split, np.full((len(networks), len(tasks)), np.nan))
                table[row, places] = _numbers(values, len(places), f"{where}, {kind}, {split}")
        if network.get("linearised") is not None:
            linearised[row, places] = _numbers(network["linearised"], len(places), f"{where}, linearised")
        if network.get("epochs") is not None:
            epochs[row] = check_number(f"{where}: the number of epochs", network["epochs"], least=0)
    weights = document.get("weights")
    if isinstance(weights, list) and None in weights:
        raise KindredError(f"{name}, weights, is {_short(weights)}; every task has a weight, which is a finite number.")
    return Study(
        document["name"],
        tasks,
        tuple(members),
        losses=read["losses"],
        spread=read["spread"],
        metrics=read["metrics"],
        weights=None if weights is None else _numbers(weights, len(tasks), f"{name}, weights"),
        linearised=None if np.isnan(linearised).all() else linearised,
        epochs=None if np.isnan(epochs).all() else epochs,
        early_share=_share(document.get("early_share"), name),
        source=str(document.get("source", "")),
        **{each: _matrix(document.get(each), len(tasks), f"{name}, {each}") for each in _MATRICES},
    )


def to_csv(study: Study) -> str:
    """The losses that are known, one row a network, split and task, as ``engine.grouping.losses.read_losses`` reads
    them; ``spread``, the deviation over seeds, is empty where there are not several.

    Raises:
        KindredError: if the name of a task holds a +, which separates tasks there.
    """
    awkward = next((task for task in study.tasks if "+" in task), None)
    if awkward is not None:
        raise KindredError(
            f"The task {awkward!r} has a + in its name, which separates the tasks of a network in CSV; export the "
            "study as JSON, or rename the task."
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for split, losses in study.losses.items():
        spread = study.spread.get(split, np.full(losses.shape, np.nan))
        for row, network in enumerate(study.networks):
            for task in network.tasks:
                place = row, study.tasks.index(task)
                if np.isfinite(losses[place]):
                    told = [study.name, split, "+".join(network.tasks), repr(network.cost), task]
                    deviation = repr(float(spread[place])) if np.isfinite(spread[place]) else ""
                    writer.writerow([*map(inert, told), repr(float(losses[place])), deviation])
    return text.getvalue()


def _share(value: Any, name: str) -> float:
    return math.nan if value is None else check_number(f"{name}: `early_share`", value, least=0)


def _network(study: Study, row: int) -> dict[str, Any]:
    network = study.networks[row]
    places = [study.tasks.index(task) for task in network.tasks]
    found: dict[str, Any] = {"tasks": list(network.tasks), "cost": network.cost}
    if study.epochs is not None:
        found["epochs"] = _plain(study.epochs[row])
    for kind in _BY_SPLIT:
        if tables := getattr(study, kind):
            found[kind] = {split: _plain(table[row, places]) for split, table in tables.items()}
    if study.linearised is not None:
        found["linearised"] = _plain(study.linearised[row, places])
    return found


def _plain(values: np.ndarray) -> Any:
    values = np.asarray(values, float)
    return np.where(np.isfinite(values), values.astype(object), None).tolist()


def _parsed(content: bytes | str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8-sig") if isinstance(content, bytes) else content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise KindredError(f"{name} is not JSON in UTF-8 ({error}); export the study again.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else None
        raise KindredError(
            f'{name} is no study that this Kindred reads: its "format" is {found!r}, and must be "{FORMAT}"; export '
            "the study again."
        )
    for field, kind in _NEEDED.items():
        if not isinstance(document.get(field), kind):
            what = "a text" if kind is str else "a list"
            raise KindredError(f"{name}: `{field}` is {_short(document.get(field))}; it must be {what}.")
    if document.get("orientation", ORIENTATION) != ORIENTATION:
        raise KindredError(
            f"{name}: `orientation` is {_short(document['orientation'])}; matrices must be {ORIENTATION!r}, rows = "
            "source, so transpose them."
        )
    return document


def _member(network: Any, tasks: tuple[str, ...], where: str) -> StudyNetwork:
    if not isinstance(network, dict) or not isinstance(network.get("tasks"), list) or not network["tasks"]:
        raise KindredError(f"{where} is {_short(network)}; it must be an object with a list `tasks` and a `cost`.")
    for task in network["tasks"]:
        if task not in tasks or network["tasks"].count(task) > 1:
            raise KindredError(
                f"{where} holds {_short(task)}; it must be different ones of the study's tasks, "
                f"{', '.join(map(str, tasks))}."
            )
    cost = check_number(f"{where}: `cost`", network.get("cost"), least=0, above=True)
    return StudyNetwork(tuple(task for task in tasks if task in network["tasks"]), cost)


def _mapping(value: Any, where: str, field: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise KindredError(f"{where}: `{field}` is {_short(value)}; it must be an object of splits.")
    return value


def _numbers(values: Any, count: int, where: str) -> np.ndarray:
    """``[count]``, NaN for null."""
    good = isinstance(values, list) and len(values) == count and all(each is None or is_finite(each) for each in values)
    if not good:
        raise KindredError(f"{where}, is {_short(values)}; it must be a list of {count} finite numbers, or null.")
    return np.array([math.nan if each is None else each for each in values], float)


def _matrix(rows: Any, count: int, where: str) -> np.ndarray | None:
    if rows is None:
        return None
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) != count:
        raise KindredError(f"{where}, is {_short(rows)}; it must be a list of {count} rows, one a source task.")
    return np.array([_numbers(row, count, f"{where}, row {place + 1}") for place, row in enumerate(rows)])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
