"""Tasks to learn, every method with a setting, and what each minimises, written down a second time and slowly."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from scipy.optimize import brentq

from engine.regularized.clustered import Clustered
from engine.regularized.graph_laplacian import GraphLaplacian
from engine.regularized.independent import Independent
from engine.regularized.joint_features import JointFeatures
from engine.regularized.linear import LinearModel
from engine.regularized.mean_regularized import MeanRegularized
from engine.regularized.pooled import Pooled
from engine.regularized.task_covariance import TaskCovariance
from engine.regularized.trace_norm import TraceNorm

LOSSES = ("squared", "logistic")
METHODS: dict[str, Callable[..., LinearModel]] = {
    "independent": lambda tasks, **settings: Independent(**settings),
    "pooled": lambda tasks, **settings: Pooled(**settings),
    "mean_regularized": lambda tasks, **settings: MeanRegularized(ridge=0.02, **settings),
    "graph_laplacian": lambda tasks, **settings: GraphLaplacian(relation=relation(tasks), ridge=0.02, **settings),
    "trace_norm": lambda tasks, **settings: TraceNorm(**settings),
    "joint_features": lambda tasks, **settings: JointFeatures(ridge=0.01, **settings),
    "task_covariance": lambda tasks, **settings: TaskCovariance(ridge=0.01, **settings),
    "clustered": lambda tasks, **settings: Clustered(clusters=min(2, tasks), ridge=0.05, **settings),
}
Samples = tuple[list[np.ndarray], list[np.ndarray]]


def relation(tasks: int, seed: int = 0) -> np.ndarray:
    """A signed, asymmetric affinity, NaN on its diagonal as affinities of our own may be."""
    affinity = np.random.default_rng(seed).normal(0.3, 1, size=(tasks, tasks))
    np.fill_diagonal(affinity, np.nan)
    return affinity


def samples(
    coefficients: np.ndarray, loss: str, sizes: int | list[int], seed: int = 0, noise: float = 0.5, shift: float = 0.5
) -> Samples:
    """Inputs away from 0 and targets from linear models with intercepts; labels of 0 and 1 for ``logistic``."""
    random = np.random.default_rng(seed)
    sizes = [sizes] * len(coefficients) if isinstance(sizes, int) else sizes
    inputs = [random.normal(shift, 1, size=(size, coefficients.shape[1])) for size in sizes]
    targets = [x @ w + 1 + noise * random.normal(size=len(x)) for x, w in zip(inputs, coefficients, strict=True)]
    if loss == "logistic":
        targets = [(y > np.median(y)).astype(float) for y in targets]
    return inputs, targets


def problem(loss: str, tasks: int = 4, features: int = 6, seed: int = 0) -> Samples:
    """Tasks of different sizes, some smaller than the number of features."""
    random = np.random.default_rng(100 + seed)
    coefficients = random.normal(size=features) + 0.5 * random.normal(size=(tasks, features))
    return samples(coefficients, loss, [5 + 7 * (task % 3) for task in range(tasks)], seed)


def objective(model: LinearModel, data: Samples, w: np.ndarray, b: np.ndarray) -> float:
    """What a fitted model says to minimise, at w and b."""
    total = 0.0
    for x, y, coefficients, intercept in zip(*data, w, b, strict=True):
        z = x @ coefficients + intercept
        if model.loss == "squared":
            total += np.mean((z - y) ** 2) / 2
        else:
            total += np.mean(np.where(y == 1, np.log1p(np.exp(-z)), np.log1p(np.exp(z))))
    return total + penalty(model, data, w)


def penalty(model: LinearModel, data: Samples, w: np.ndarray) -> float:
    strength, tasks = model.strength, len(w)
    drawn = getattr(model, "ridge", 0) / 2 * (w**2).sum()
    singular = np.linalg.svd(w)[1]
    match model:
        case Independent() | Pooled():
            return strength / 2 * (w**2).sum()
        case MeanRegularized():
            return strength / 2 * ((w - w.mean(axis=0)) ** 2).sum() + drawn
        case GraphLaplacian():
            pairs = combinations(range(tasks), 2)
            tied = sum(model.relation_[s, t] * ((w[s] - w[t]) ** 2).sum() for s, t in pairs)
            return strength / 2 * tied + drawn
        case TraceNorm():
            return strength * singular.sum() + drawn
        case JointFeatures():
            return strength * np.sqrt((w**2).sum(axis=0)).sum() + drawn
        case TaskCovariance():
            padded = np.zeros(tasks)
            padded[: len(singular)] = singular
            epsilon = smoothed(model, data)
            constant = model.ridge / 2 * tasks * epsilon
            return strength / (2 * tasks) * np.sqrt(padded**2 + epsilon).sum() ** 2 + drawn + constant
        case Clustered():
            eta = model.ridge / strength
            return strength / 2 * eta * (1 + eta) * clustered(singular, tasks, model.clusters, eta)
    raise AssertionError(f"no penalty for {model}")


def smoothed(model: TaskCovariance, data: Samples) -> float:
    """ε."""
    alone = Independent(loss=model.loss, strength=model.strength + model.ridge).fit(*data)
    return model.smoothing**2 * (alone.coefficients_**2).sum() / len(alone.coefficients_)


def clustered(singular: np.ndarray, tasks: int, clusters: int, eta: float) -> float:
    """The least Σ σ² / (η + m) over m from 0 to 1 of the sum k."""
    singular = singular[singular > 1e-12]
    if len(singular) <= clusters:
        return float((singular**2).sum() / (eta + 1))

    def shares(log: float) -> np.ndarray:
        return np.clip(np.exp(log) * singular - eta, 0, 1)

    log = brentq(lambda log: shares(log).sum() - clusters, -60, 60, xtol=1e-14)
    return float((singular**2 / (eta + shares(log))).sum())
