"""What a run stored, to compare a disturbed one with one that was left alone."""

import numpy as np

from engine.runs.config import RunConfig
from engine.runs.store import Store

# Runs whose numbers depend on their settings alone, with different kinds of state: an optimiser's, a method's own,
# masks of dropout, a probe that is taken now and then.
SETTINGS = (
    {"affinity": "lookahead", "every": 4, "dropout": 0.2},
    {"affinity": "first_order", "weighting": "gradnorm", "optimizer": "adam", "learning_rate": 0.003},
    {"affinity": "corrected", "architecture": "hard_sharing", "weighting": "dwa"},
    {"affinity": "gradient_cosine", "architecture": "cross_stitch", "weighting": "uncertainty", "learning_rate": 0.005},
)


def config(place: int, epochs: int) -> RunConfig:
    """The settings of the run in that place."""
    return RunConfig("digits", epochs=epochs, width=16, **SETTINGS[place % len(SETTINGS)])


def course(store: Store, run_id: str) -> dict[str, object]:
    """All numbers that a run stored over its steps, to the bit, but for its times."""
    series = store.series(run_id)
    return {
        "edges": series.edges.tolist(),
        "totals": series.totals.tobytes(),
        "squares": series.total_squares.tobytes(),
        "updates": series.updates.tolist(),
        "evaluations": [
            (each.split, each.step, each.losses.tobytes(), each.metrics.tobytes()) for each in store.evaluations(run_id)
        ],
        "weights": [(each.step_from, each.step_to, each.weights.tobytes()) for each in store.weights(run_id)],
        "readings": {reading: store.series(run_id, reading).totals.tobytes() for reading in store.readings(run_id)},
    }


def half_read(store: Store, run_id: str, whole: dict[str, object]) -> bool:
    """Whether what can be read now of a run at work is anything but the beginning of its whole course."""
    series = store.series(run_id)
    size = len(series.tasks) ** 2 * np.dtype("<f4").itemsize * len(series)
    return not (
        series.edges.tolist() == whole["edges"][: len(series.edges)]
        and series.totals.astype("<f4").tobytes() == whole["totals"][:size]
        and series.total_squares.astype("<f4").tobytes() == whole["squares"][:size]
    )
