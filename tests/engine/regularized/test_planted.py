"""Where tasks are related as a method supposes, and samples are few, it predicts better than tasks learned alone."""

import numpy as np
import pytest

from engine.regularized.choosing import choose, errors
from engine.regularized.clustered import Clustered
from engine.regularized.graph_laplacian import GraphLaplacian
from engine.regularized.independent import Independent
from engine.regularized.joint_features import JointFeatures
from engine.regularized.mean_regularized import MeanRegularized
from engine.regularized.pooled import Pooled
from engine.regularized.task_covariance import TaskCovariance
from engine.regularized.trace_norm import TraceNorm
from tests.engine.regularized.problems import LOSSES, samples

TASKS, FEATURES, NOISE = 12, 30, 2.0
GRID = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
CLUSTERS = np.arange(TASKS) % 3
SAME = (CLUSTERS[:, None] == CLUSTERS).astype(float)


def planted(kind: str, random: np.random.Generator) -> np.ndarray:
    own = 0.3 * random.normal(size=(TASKS, FEATURES))
    match kind:
        case "mean":
            return random.normal(size=FEATURES) + own
        case "clusters":
            return random.normal(size=(3, FEATURES))[CLUSTERS] + own
        case "opposed":
            return random.normal(size=FEATURES) * np.where(np.arange(TASKS) % 2, 1, -1)[:, None] + own
        case "low rank":
            return random.normal(size=(TASKS, 2)) @ random.normal(size=(2, FEATURES))
        case "features":
            coefficients = np.zeros((TASKS, FEATURES))
            coefficients[:, random.permutation(FEATURES)[:5]] = 2.4 * random.normal(size=(TASKS, 5))
            return coefficients
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("mean", lambda loss, strength: Pooled(loss=loss, strength=strength)),
        ("mean", lambda loss, strength: MeanRegularized(loss=loss, strength=strength, ridge=0.03)),
        ("clusters", lambda loss, strength: GraphLaplacian(loss=loss, relation=SAME, strength=strength, ridge=0.03)),
        ("clusters", lambda loss, strength: Clustered(loss=loss, clusters=3, strength=strength, ridge=0.1)),
        ("opposed", lambda loss, strength: TaskCovariance(loss=loss, strength=strength, tolerance=1e-4)),
        ("low rank", lambda loss, strength: TraceNorm(loss=loss, strength=strength, tolerance=1e-4)),
        ("features", lambda loss, strength: JointFeatures(loss=loss, strength=strength, tolerance=1e-4)),
    ],
)
@pytest.mark.parametrize("loss", LOSSES)
def test_related_tasks_are_predicted_better_together(kind, make, loss):
    coefficients = planted(kind, np.random.default_rng(0))
    training, validation, test = (
        samples(coefficients, loss, size, seed, NOISE, shift=0) for seed, size in enumerate((20, 40, 300), start=1)
    )
    alone, _ = choose(lambda strength: Independent(loss=loss, strength=strength), GRID, training, validation)
    together, _ = choose(lambda strength: make(loss, strength), GRID, training, validation)
    factor = 0.8 if loss == "squared" else 0.95
    assert errors(together, *test).mean() < factor * errors(alone, *test).mean()
