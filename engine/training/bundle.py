"""A model bundle: the networks of a grouping in a folder, with all it takes to predict with them.

``bundle.json`` (``kindred.bundle/1``) says for every network which file holds its weights, how it is built, the tasks
that it was trained on and those that it serves, and how well it was measured to do; the weights are safetensors files.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.architectures.cost import build
from engine.architectures.network import Blueprint, Network
from engine.architectures.settings import NetworkSettings
from engine.datasets.dataset import Dataset
from engine.errors import KindredError
from engine.runs.checkpoint import write_whole
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Measurement
from engine.tasks import Task
from engine.training.feed import CHUNK
from engine.training.measuring import session_of
from engine.training.weights import load_weights, save_weights

FORMAT = "kindred.bundle/1"
FILE = "bundle.json"


@dataclass(frozen=True)
class Served:
    """A network of a bundle.

    Attributes:
        measurement: of the network, as it was trained.
        serves: the tasks that are taken from it.
    """

    measurement: Measurement
    serves: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Bundle:
    """Networks that serve tasks.

    Attributes:
        content: what ``bundle.json`` says.
        networks: in its order, in evaluation mode.
    """

    content: Mapping[str, Any]
    networks: tuple[Network, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that are served."""
        return tuple(task for network in self.content["networks"] for task in network["serves"])

    @torch.no_grad()
    def predict(self, inputs: np.ndarray, tasks: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Every task's output, from the network that serves it.

        Args:
            inputs: ``[samples, …]``, as the data set gives them: standardised where it does so.
            tasks: some of those served; all where left out.

        Returns:
            task → ``[samples, outputs, …]``: logits of binary tasks (above 0: yes) and of classes, or real numbers as
            the data set scales them.

        Raises:
            KindredError: if a task is not served, or the inputs have another shape.
        """
        wanted = self.tasks if tasks is None else tuple(tasks)
        for task in wanted:
            if task not in self.tasks:
                raise KindredError(f"The bundle serves no task {task!r}; it serves {', '.join(self.tasks)}.")
        shape = tuple(self.content["input_shape"])
        if tuple(np.shape(inputs)[1:]) != shape:
            raise KindredError(f"One input has the shape {np.shape(inputs)[1:]}; the networks take {shape}.")
        found: dict[str, list[np.ndarray]] = {task: [] for task in wanted}
        for part in torch.from_numpy(np.ascontiguousarray(inputs, np.float32)).split(CHUNK):
            for network, told in zip(self.networks, self.content["networks"], strict=True):
                mine = [task for task in network.tasks if task.name in wanted and task.name in told["serves"]]
                outputs = network(part, mine) if mine else {}
                for task in mine:
                    found[task.name].append(outputs[task.name].numpy())
        return {task: np.concatenate(parts) for task, parts in found.items()}


def write_bundle(
    folder: Path, served: Sequence[Served], config: StudyConfig, dataset: Dataset, kept: Path, about: Mapping[str, Any]
) -> Path:
    """Write the networks of a grouping as a bundle.

    Args:
        folder: to write to; made if it does not exist.
        served: the networks.
        config: how they were trained.
        dataset: with all their tasks.
        kept: the folder of the weights of measured networks.
        about: where the grouping comes from, as JSON.

    Returns:
        The path of ``bundle.json``.

    Raises:
        KindredError: if weights are missing or damaged; StoreError: if the folder cannot be written to.
    """
    networks = []
    for number, each in enumerate(served):
        measurement = each.measurement
        session = session_of(config, dataset, measurement.order)
        file = f"network-{number + 1}.safetensors"
        own = {"tasks": "+".join(measurement.tasks), "serves": "+".join(each.serves)}
        save_weights(folder / file, load_weights(kept / f"{measurement.key}.safetensors"), own)
        networks.append(
            {
                "file": file,
                "tasks": [asdict(task) for task in session.tasks],
                "serves": list(each.serves),
                "cost": measurement.cost,
                "parameters": measurement.parameters,
                "seed": measurement.seed,
                "epochs": measurement.best_epoch,
                "settings": {field.name: getattr(session.config, field.name) for field in fields(NetworkSettings)},
                "progress": measurement.best_epoch / config.epochs,
                "losses": _by_task(measurement, measurement.losses),
                "metrics": _by_task(measurement, measurement.metrics),
            }
        )
    content = {
        "format": FORMAT,
        "dataset": config.dataset,
        "input_shape": list(dataset.input_shape),
        "training": config.decisive,
        "networks": networks,
        "load": "from engine.training.bundle import load_bundle; load_bundle(folder).predict(inputs)",
        "about": dict(about),
    }
    path = folder / FILE
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode(), "bundle")
    return path


def load_bundle(folder: Path | str) -> Bundle:
    """Read a bundle; nothing of it is run but the trunk or heads of one's own that it may name.

    Raises:
        KindredError: if the folder holds none, or it is damaged.
    """
    path = Path(folder) / FILE
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KindredError(f"There is no bundle in {str(folder)!r} ({error}); give the folder of a {FILE}.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise KindredError(f"{path} is no bundle that this Kindred reads: its format must be {FORMAT}.")
    try:
        networks = tuple(_network(Path(folder), told, content["input_shape"]) for told in content["networks"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise KindredError(f"The bundle {path} is damaged ({error!r}); write it again.") from error
    return Bundle(content, networks)


def _network(folder: Path, told: Mapping[str, Any], input_shape: Sequence[int]) -> Network:
    file = told["file"]
    if Path(file).name != file:
        raise KindredError(f"The bundle names the file {file!r}; it must be one in the bundle's own folder.")
    tasks = tuple(Task(**task) for task in told["tasks"])
    network = build(Blueprint(tasks, tuple(input_shape), NetworkSettings(**told["settings"])))
    network.load_state_dict(load_weights(folder / file))
    network.begin_step(told["progress"])
    return network.eval()


def _by_task(measurement: Measurement, values: Mapping[str, np.ndarray]) -> dict[str, dict[str, float | None]]:
    """split → task → number; None where it has no meaning."""
    return {
        split: {
            task: float(number) if np.isfinite(number) else None
            for task, number in zip(measurement.tasks, numbers, strict=True)
        }
        for split, numbers in values.items()
    }
