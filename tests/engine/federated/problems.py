"""Clients to learn from, and slow references."""

import numpy as np
from scipy.optimize import minimize

from engine.federated.settings import FederatedSettings

LOSSES = ("squared", "logistic", "hinge")
SIZES = (12, 30, 7, 21)


def clients_of(sizes=SIZES, d=5, seed=0, binary=False, spread=0.5, noise=0.3, common=None):
    """Labels of linear models that lie around a common one."""
    random = np.random.default_rng(seed)
    common = random.standard_normal(d) if common is None else common
    data = []
    for size in sizes:
        weights = common + spread * random.standard_normal(d)
        inputs = random.standard_normal((size, d))
        labels = inputs @ weights + 0.5 + noise * random.standard_normal(size)
        data.append((inputs, (labels > 0).astype(float) if binary else labels))
    return data


def settings(**chosen):
    return FederatedSettings(**{"strength": 0.2, **chosen})


def widened(data):
    return [(np.hstack([inputs, np.ones((len(inputs), 1))]), labels) for inputs, labels in data]


def joint_ridge(data, precision, strength):
    """``[tasks, d + 1]``: the minimum of Σ_t mean (⟨w_t, x⟩ − y)²/2 + strength/2 tr(W K Wᵀ), by one dense solve."""
    data = widened(data)
    width = data[0][0].shape[1]
    system = strength * np.kron(precision, np.eye(width))
    right = np.zeros(len(data) * width)
    for task, (inputs, labels) in enumerate(data):
        place = slice(task * width, (task + 1) * width)
        system[place, place] += inputs.T @ inputs / len(labels)
        right[place] = inputs.T @ labels / len(labels)
    return np.linalg.solve(system, right).reshape(len(data), width)


def plain_loss(loss, z, y, smoothing=0.5):
    """Mean loss and its slopes / n, written anew; y is 0 or 1 where it is binary."""
    if loss == "squared":
        return np.mean((z - y) ** 2) / 2, (z - y) / len(y)
    signs = 2 * y - 1
    margin = signs * z
    if loss == "logistic":
        return np.mean(np.logaddexp(0, -margin)), -signs / (1 + np.exp(margin)) / len(y)
    inside = np.clip(1 - margin, 0, smoothing)
    value = inside**2 / (2 * smoothing) + np.maximum(1 - margin - smoothing, 0)
    return np.mean(value), -signs * inside / smoothing / len(y)


def objective(data, precision, strength, loss, weights):
    """The joint objective and its gradient at ``[tasks, d + 1]``."""
    value, gradient = 0.0, strength * precision @ weights
    for task, (inputs, labels) in enumerate(widened(data)):
        mean, slopes = plain_loss(loss, inputs @ weights[task], labels)
        value += mean
        gradient[task] += inputs.T @ slopes
    return value + strength / 2 * np.sum((precision @ weights) * weights), gradient


def joint_minimum(data, precision, strength, loss):
    """The least value of the joint objective, by L-BFGS."""
    shape = len(data), data[0][0].shape[1] + 1

    def flat(weights):
        value, gradient = objective(data, precision, strength, loss, weights.reshape(shape))
        return value, gradient.ravel()

    found = minimize(flat, np.zeros(np.prod(shape)), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9})
    return float(found.fun)


def learn(method, data, rounds, names=None):
    state = method.begin(data, names)
    return state, [method.round(state) for _ in range(rounds)]


def weights_of(report):
    return np.hstack([report.coefficients, report.intercepts[:, None]])


def same(one, two):
    """Whether two reports are equal to the last bit."""
    return all(
        np.array_equal(getattr(one, name), getattr(two, name))
        for name in one.__dataclass_fields__
        if name != "relation"
    ) and np.array_equal(np.asarray(one.relation, dtype=float), np.asarray(two.relation, dtype=float), equal_nan=True)
