"""What a run would be, before it is launched: its tasks and what its network costs.

A process of its own, as whoever asks may not load torch: it reads a JSON list of run settings a line and answers with a
JSON list of the same length, a line.
"""

import json
import sys
from functools import lru_cache
from typing import Any

from engine.architectures.cost import cost_of
from engine.datasets.dataset import Dataset
from engine.datasets.loading import data_of, load_dataset
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.training.session import blueprint_of


def describe(config: RunConfig) -> dict[str, Any]:
    """Tasks, and the network's cost, of the run that the configuration describes.

    Raises:
        KindredError: if it cannot be built.
    """
    blueprint = blueprint_of(config, _dataset(data_of(config)))
    cost = cost_of(blueprint)
    return {
        "tasks": [{"name": task.name, "loss": task.loss, "summary": task.summary} for task in blueprint.tasks],
        "parameters": cost.parameters,
        "shared": cost.shared,
        "snt": cost.snt,
    }


@lru_cache(maxsize=8)
def _dataset(settings: DataSettings) -> Dataset:
    return load_dataset(settings)


def _answer(settings: dict[str, Any]) -> dict[str, Any]:
    try:
        return describe(RunConfig.from_json(settings))
    except KindredError as error:
        return {"error": str(error)}


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        print(json.dumps([_answer(settings) for settings in json.loads(line)]), flush=True)


if __name__ == "__main__":
    main()
