"""Random grouping problems of several kinds, for the benchmark."""

from pathlib import Path

import numpy as np

from engine.grouping.losses import read_losses
from engine.grouping.problem import LOWER, GroupingProblem

PUBLISHED = Path(__file__).parents[2] / "data" / "published" / "standley2020_network_losses.csv"


def _clusters(rng: np.random.Generator, tasks: int) -> np.ndarray:
    """Tasks of one cluster help, others hurt each other."""
    cluster = rng.integers(0, max(3, tasks // 6), tasks)
    same = cluster[:, None] == cluster[None, :]
    return np.where(same, 1.0, -0.5) * rng.uniform(0.5, 1.5, (tasks, tasks)) + 0.3 * rng.normal(size=(tasks, tasks))


def _low_rank(rng: np.random.Generator, tasks: int) -> np.ndarray:
    """Tasks share four hidden directions."""
    gives = rng.normal(size=(tasks, 4))
    takes = gives + 0.5 * rng.normal(size=(tasks, 4))
    return gives @ takes.T / 2 + 0.3 * rng.normal(size=(tasks, tasks))


def _celeba(rng: np.random.Generator, tasks: int) -> np.ndarray:
    """All negative; each target has a scale of its own, from which some sources spare it, as in TAG's CelebA matrix."""
    scale = np.exp(0.6 * rng.normal(size=tasks))
    spared = np.clip(rng.gamma(0.5, 0.1, size=(tasks, tasks)), 0, 0.95)
    return -100 * scale[None, :] * (1 - spared)


def _positive(rng: np.random.Generator, tasks: int) -> np.ndarray:
    """All positive, of five hidden directions, as in TAG's Taskonomy matrix."""
    gives, takes = np.abs(rng.normal(size=(2, tasks, 5)))
    return gives @ takes.T + 0.2 * rng.random((tasks, tasks))


def _gaussian(rng: np.random.Generator, tasks: int) -> np.ndarray:
    """Noise without any structure."""
    return rng.normal(size=(tasks, tasks))


KINDS = {
    "clusters": _clusters,
    "low rank": _low_rank,
    "celeba": _celeba,
    "positive": _positive,
    "gaussian": _gaussian,
}
STRUCTURED = ("clusters", "low rank", "celeba", "positive")


def problem_of(kind: str, serving: int, tasks: int, seed: int) -> GroupingProblem:
    """``tasks`` tasks of which the first ``serving`` are served."""
    names = tuple(f"t{number}" for number in range(tasks))
    return GroupingProblem(names, KINDS[kind](np.random.default_rng(seed), tasks), names[:serving])


def standley() -> GroupingProblem:
    """Setting 1 of Standley et al.: five tasks, 36 measured networks, five of them of half the size."""
    table = read_losses(PUBLISHED.read_bytes(), PUBLISHED.name)
    candidates, _ = table.candidates("setting1", "validation")
    return GroupingProblem(table.tasks("setting1"), candidates=candidates, direction=LOWER)
