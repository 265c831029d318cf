"""Runs with numbers of their own in a test's store."""

import numpy as np

from engine.affinity.series import Window
from engine.runs.config import RunConfig
from engine.runs.store import Store

TASKS = ["a", "b", "c", "d", "e"]
NEVER = ("a", "c")  # the pair that runs with `skipped` never observed


def windows(seed: int, count: int = 12, noise: float = 0.1, skipped: bool = False) -> list[Window]:
    """Windows of ten updates about one matrix, the same for every seed but for noise."""
    truth = np.random.default_rng(7).normal(0, 1, (5, 5))
    generator = np.random.default_rng(seed)
    found = []
    for window in range(count):
        updates = truth + generator.normal(0, noise, (10, 5, 5))
        counts = None
        if skipped:
            counts = np.full((5, 5), 10)
            counts[0, 2] = counts[2, 0] = 0
            updates[:, 0, 2] = updates[:, 2, 0] = 0
        sums = updates.sum(0).astype(np.float32), (updates**2).sum(0).astype(np.float32)
        found.append(Window(10 * window, 10 * window + 10, 10, *sums, counts))
    return found


def trained(store: Store, count: int = 12, **also: object) -> str:
    """A finished run; ``also`` goes to ``windows``."""
    run_id = store.create(RunConfig("yeast"), "mine")
    _finish(store, run_id, windows(0, count, **also))
    return run_id


def seeds(store: Store, number: int = 3, noise: float = 0.1) -> list[str]:
    """A group of finished runs."""
    ids = store.create_seeds(RunConfig("yeast"), "yeast", number)
    for seed, run_id in enumerate(ids):
        _finish(store, run_id, windows(seed, noise=noise))
    return ids


def tracked(store: Store, status: str = "running", error: str = "", skipped: bool = False, step: int = 120) -> str:
    """A run that someone's own loop writes, which does not know how long it will be."""
    run_id, token = store.create_tracked("my run", TASKS, {"affinity": "auto"}, "affinity per unit of step size")
    note = "auto chose last_layer, every 2nd update"
    store.write(run_id, token, windows(3, skipped=skipped), step=step, status=status, error=error, note=note)
    return run_id


def _finish(store: Store, run_id: str, found: list[Window]) -> None:
    token = store.claim(run_id)
    steps = found[-1].step_to
    store.write(run_id, token, found, tasks=TASKS, metrics=["acc"] * 5, step=steps, steps=steps, status="finished")
