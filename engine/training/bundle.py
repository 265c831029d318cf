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

from engine.affinity.matrix import check_tasks
from engine.architectures.cost import build
from engine.architectures.network import Blueprint, Network
from engine.architectures.settings import NetworkSettings
from engine.checks import check_texts
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


def load_bundle(folder: Path | str, own_code: bool = False) -> Bundle:
    """Read a bundle; nothing that it holds is run.

    Args:
        own_code: whether it may name a trunk or heads of one's own (``module:function``), which are then imported and
            called: say so of a bundle that you trust.

    Raises:
        KindredError: if the folder holds none, it is damaged, or it names code and may not.
    """
    path = Path(folder) / FILE
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise KindredError(f"There is no bundle in {str(folder)!r} ({error}); give the folder of a {FILE}.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise KindredError(f"{path} is no bundle that this Kindred reads: its format must be {FORMAT}.")
    try:
        shape, served = (
            tuple(content["input_shape"]),
            [task for told in content["networks"] for task in told.get("serves", ())],
        )
        if len(set(served)) < len(served):
            raise KindredError(f"The bundle {path} serves a task by two networks; write it again.")
        networks = tuple(_network(Path(folder), told, shape, own_code) for told in content["networks"])
    except KindredError:
        raise
    except Exception as error:  # whatever a description does that no `write_bundle` wrote
        raise KindredError(f"The bundle {path} is damaged ({error!r}); write it again.") from error
    return Bundle(content, networks)


def _network(folder: Path, told: Mapping[str, Any], input_shape: tuple[int, ...], own_code: bool) -> Network:
    file = told["file"]
    if Path(file).name != file:
        raise KindredError(f"The bundle names the file {file!r}; it must be one in the bundle's own folder.")
    check_texts(NetworkSettings, told["settings"])
    settings = NetworkSettings(**told["settings"])
    own = next((name for name in (settings.trunk, settings.heads) if ":" in name), None)
    if own and not own_code:
        raise KindredError(
            f"The bundle names {own!r}, code that would be run; if you trust it, load the bundle with own_code=True."
        )
    tasks = tuple(Task(**task) for task in told["tasks"])
    check_tasks([task.name for task in tasks])
    if not set(told["serves"]) <= {task.name for task in tasks}:
        raise KindredError(f"The bundle serves {told['serves']!r:.80} by a network that has not all of these tasks.")
    blueprint, weights = Blueprint(tasks, input_shape, settings), load_weights(folder / file)
    if not own:
        with torch.device("meta"):  # takes no memory, whatever size the description asks for
            build(blueprint).load_state_dict(weights, assign=True)
    network = build(blueprint)
    network.load_state_dict(weights)
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
