"""Runs whose tasks change sides while they train, so that the best grouping does."""

import numpy as np

from engine.affinity.series import Window
from engine.runs.config import RunConfig
from engine.runs.store import Store
from engine.tasks import Evaluation

STEPS = 10  # of a window


def drifting(store: Store, tasks: int = 6, windows: int = 20, losses: bool = True, status: str = "finished") -> str:
    """A run of tasks in two camps, whose members help each other and hurt the others; half-way the first goes over.

    Returns:
        its id.
    """
    names = [f"task {number}" for number in range(tasks)]
    generator = np.random.default_rng(0)
    camp = np.where(np.arange(tasks) < tasks / 2, 1.0, -1.0)
    run_id = store.create(RunConfig("yeast"), f"drifting {tasks}")
    token = store.claim(run_id)
    found, evaluations = [], []
    for window in range(windows):
        if window == windows // 2:
            camp[0] = -6.0  # by far, so that the mean over the whole run soon says so too
        total = STEPS * (np.outer(camp, camp) + generator.normal(0, 0.2, (tasks, tasks)))
        first = window * STEPS
        found.append(Window(first, first + STEPS, STEPS, total.astype(np.float32), (total**2).astype(np.float32)))
        loss = ((np.arange(tasks) + 1) / (window + 2)).astype(np.float32)
        evaluations.append(Evaluation(first + STEPS, "validation", loss, 1 - loss))
    end = {
        "tasks": names,
        "metrics": ["acc"] * tasks,
        "status": status,
        "step": windows * STEPS,
        "steps": windows * STEPS,
    }
    store.write(run_id, token, found, evaluations if losses else (), **end)
    return run_id
