"""Small studies for tests: published ones, and some made up."""

import numpy as np

from engine.runs.studies import published_studies
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION, Study, whole_study

PUBLISHED = {study.name: study for study in published_studies()}


def additive(tasks=("a", "b", "c", "d"), noise=0.0, seed=0, early=False):
    """A whole study in which every partner adds a fixed part to a task's loss, and every pair a little of its own."""
    random = np.random.default_rng(seed)
    networks = whole_study(tasks)
    level, effect = random.uniform(0.5, 2.0, len(tasks)), random.normal(0, 0.1, (len(tasks), len(tasks)))
    losses = np.full((len(networks), len(tasks)), np.nan)
    for row, network in enumerate(networks):
        members = [tasks.index(task) for task in network.tasks]
        for task in members:
            partners = sum(effect[other, task] for other in members if other != task)
            size = 0.05 if network.cost < 1 else 0.0
            losses[row, task] = level[task] * (1 + partners + size + noise * random.normal())
    splits = {VALIDATION: losses, TEST: losses * 1.1}
    if early:
        splits[EARLY_STOPPED] = losses * random.uniform(1.5, 3.0, len(tasks))
    return Study("made", tasks, networks, splits, weights=1 / losses[: len(tasks)].diagonal()), effect, level
