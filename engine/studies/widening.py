"""A study with more networks to choose from than were listed when it began."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from engine.studies.study import Study, StudyNetwork


def widened(study: Study, networks: Iterable[StudyNetwork]) -> Study:
    """The study with these networks, too, behind its own; of those that it has not, nothing is known.

    Args:
        networks: their tasks in any order.
    """
    new = {}
    for network in networks:
        ordered = tuple(task for task in study.tasks if task in network.tasks)
        if study.place(network.tasks, network.cost) is None:
            new[StudyNetwork(ordered, network.cost)] = None
    if not new:
        return study

    def padded(values: np.ndarray | None) -> np.ndarray | None:
        """With NaN for the new networks."""
        if values is None:
            return None
        return np.concatenate([values, np.full((len(new), *values.shape[1:]), np.nan)])

    arrays = {
        name: {split: padded(values) for split, values in getattr(study, name).items()}
        for name in ("losses", "spread", "metrics")
    }
    return replace(
        study,
        networks=(*study.networks, *new),
        linearised=padded(study.linearised),
        epochs=padded(study.epochs),
        **arrays,
    )
