"""Runs of linear models and of federated ones, with numbers of their own, in a test's store."""

from typing import Any

import numpy as np

from engine import catalog
from engine.affinity.series import Window
from engine.runs.configs import FederatedConfig, LinearConfig
from engine.runs.store import Store

TASKS = ("a", "b", "c", "d", "e")
# How many errors a method makes: with many samples, and how many more with few.
_LINEAR = {
    "independent": (0.16, 1.2),
    "pooled": (0.29, 0.35),
    "mean_regularized": (0.18, 0.7),
    "graph_laplacian": (0.17, 0.62),
    "trace_norm": (0.165, 0.85),
    "joint_features": (0.163, 1.05),
    "task_covariance": (0.155, 0.6),
    "clustered": (0.17, 0.68),
}


def curves(
    sizes: tuple[int | None, ...] = (10, 20, 40, None),
    seeds: int = 5,
    tasks: tuple[str, ...] = TASKS,
    methods: tuple[str, ...] = tuple(_LINEAR),
    loss: str = "logistic",
    most: int = 160,
    rows: int | None = None,
) -> dict[str, Any]:
    """What a comparison of linear methods stores; the first ``rows`` of it."""
    found = []
    hard = np.random.default_rng(1).normal(0, 0.02, len(tasks))
    for seed in range(seeds):
        drawn = np.random.default_rng(10 + seed)
        for size in sizes:
            if size is None:  # nothing is drawn
                drawn = np.random.default_rng(2)
            luck = drawn.normal(0, 0.02)
            for method in methods:
                least, more = _LINEAR[method]
                errors = least + more / (size or most) + hard + luck + drawn.normal(0, 0.008, len(tasks))
                row = {"method": method, "size": size, "seed": seed, "errors": errors.clip(0.01).tolist()}
                found.append(row | {"strength": 0.1})
    counts = [[size or most + place for place in range(len(tasks))] for size in sizes]
    about = {"loss": loss, "methods": list(methods), "sizes": list(sizes), "counts": counts}
    about |= {"available": [most + place for place in range(len(tasks))]}
    return about | {"seeds": list(range(seeds)), "tasks": list(tasks), "rows": found[:rows]}


def relations(
    tasks: tuple[str, ...] = TASKS, windows: int = 5, each: int = 1, names: tuple[str, ...] = ("task_covariance",)
) -> dict[str, list[Window]]:
    """Windows of correlations about one matrix for each name, ``each`` steps long."""
    found = {}
    for number, name in enumerate(names):
        drawn = np.random.default_rng(number)
        features = drawn.normal(0, 1, (len(tasks), 3))
        found[name] = []
        for window in range(windows):
            correlation = np.corrcoef(features + drawn.normal(0, 0.3, features.shape))
            if name in ("task_clusters", "regulariser_graph"):
                correlation = correlation.clip(0)
            np.fill_diagonal(correlation, 1)
            state = correlation.astype(np.float32)
            found[name].append(Window(each * window, each * (window + 1), 1, state, state**2))
    return found


def linear(
    store: Store,
    status: str = "finished",
    content: dict[str, Any] | None = None,
    names: tuple[str, ...] = ("task_covariance", "task_clusters"),
    error: str = "",
    **settings: object,
) -> str:
    """A comparison of linear methods; without ``content`` it has stored nothing but its tasks."""
    given = {"dataset": "yeast", "methods": "independent,pooled,task_covariance,clustered", "sizes": "10,20,40,all"}
    run_id = store.create(LinearConfig(**(given | settings)), "linear models")
    tasks = tuple(content["tasks"]) if content else TASKS
    return _begun(
        store,
        run_id,
        {"learning curves": content} if content else {},
        relations(tasks, len(content["seeds"]), names=names) if content else {},
        tasks,
        status=status,
        error=error,
        step=len(content["rows"]) if content else 0,
        steps=160,
    )


def rounds(
    clients: tuple[str, ...] = TASKS,
    count: int = 60,
    methods: tuple[str, ...] = tuple(entry.name for entry in catalog.entries("federated")),
    drop: float = 0.2,
    per_round: float = 0.8,
) -> dict[str, Any]:
    """What a federated run stores, of ``count`` rounds; a gap is ``per_round`` times the one before."""
    drawn = np.random.default_rng(0)
    numbers = np.arange(1, count + 1)
    present = (drawn.random((count, len(clients))) >= drop).sum(1)
    hard = drawn.normal(0, 0.03, len(clients))
    found = {}
    for method in methods:
        level = {"mocha": 0.18, "fedavg": 0.24, "local": 0.22}[method]
        fall = 0.25 * 0.9**numbers
        errors = level + fall[:, None] + hard + drawn.normal(0, 0.004, (count, len(clients)))
        silent = method == "local"
        sent = np.zeros(count, int) if silent else np.cumsum(present * 832)
        found[method] = {
            "round": numbers.tolist(),
            "gap": (per_round**numbers).tolist() if method == "mocha" else [None] * count,
            "up": sent.tolist(),
            "down": (2 * sent).tolist() if method == "mocha" else sent.tolist(),
            "present": [len(clients)] * count if silent else present.tolist(),
            "losses": (errors * 2).tolist(),
            "errors": errors.tolist(),
        }
    samples = [40 + 7 * place for place in range(len(clients))]
    return {"loss": "logistic", "clients": list(clients), "samples": samples, "methods": found}


def federated(
    store: Store,
    status: str = "finished",
    content: dict[str, Any] | None = None,
    error: str = "",
    related: bool = True,
    **settings: object,
) -> str:
    """A federated run; without ``content`` it has stored nothing but its tasks."""
    given = {"dataset": "yeast", "relation": "learned", "drop": 0.2, "rounds": 60}
    run_id = store.create(FederatedConfig(**(given | settings)), "federated models")
    tasks = tuple(content["clients"]) if content else TASKS
    names = ("federated_relation",)
    return _begun(
        store,
        run_id,
        {"rounds": content} if content else {},
        relations(tasks, 6, 10, names) if content and related else {},
        tasks,
        status=status,
        error=error,
        step=60 if content else 0,
        steps=180,
    )


def _begun(
    store: Store,
    run_id: str,
    artifacts: dict[str, Any],
    readings: dict[str, list[Window]],
    tasks: tuple[str, ...],
    **columns: object,
) -> str:
    if columns["status"] == "queued":
        return run_id
    token = store.claim(run_id)
    columns |= {"tasks": list(tasks), "metrics": ["accuracy"] * len(tasks), "quantity": "correlation of linear models"}
    store.write(run_id, token, readings=readings, artifacts=artifacts, **columns)
    return run_id
