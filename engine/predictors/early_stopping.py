"""ESA, the early-stopping approximation: networks rank after a short training as they will after a long one.

Source: Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020, who choose by the
early losses themselves; so does this while nothing is measured. What is measured brings every task to its final level.
"""

import numpy as np

from engine.predictors.scaling import PULL, USUAL
from engine.studies.prediction import Prediction, with_measured
from engine.studies.study import EARLY_STOPPED, VALIDATION, Study


def predict(study: Study) -> Prediction:
    """The early loss times the task's mean ratio of final to early losses; as uncertain as that ratio varies."""
    known = study.losses[VALIDATION]
    early = study.losses.get(EARLY_STOPPED, np.full(known.shape, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = known / early
    seen = np.isfinite(ratio)
    count = seen.sum(axis=0)
    level = np.where(count, np.sum(ratio, axis=0, where=seen) / count.clip(1), 1.0)
    off = (ratio / level - 1)[seen]
    free = max(len(off) - np.count_nonzero(count), 0)
    spread = np.sqrt((np.sum(np.square(off)) + PULL * USUAL**2) / (free + PULL))
    return with_measured(study, early * level, spread * np.abs(early * level))
