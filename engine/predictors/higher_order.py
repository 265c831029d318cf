"""HOA, the higher-order approximation: a task does in a network as it does, on average, with each partner alone.

Source: Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020. As in the authors'
code the mean is over the pairs that were measured, where one is missing.
"""

import numpy as np

from engine.predictors.scaling import PULL, USUAL
from engine.studies.prediction import Prediction, reference, with_measured
from engine.studies.study import VALIDATION, Study


def mean_of_pairs(study: Study) -> np.ndarray:
    """``[networks, tasks]``: in full-size networks of three and more tasks, the mean of each task's measured losses in
    the pairs with another member; NaN where no such pair is known, and in smaller networks."""
    known, tasks = study.losses[VALIDATION], study.tasks
    in_pair = np.full((len(tasks), len(tasks)), np.nan)  # [partner, task]
    for one, first in enumerate(tasks):
        for other, second in enumerate(tasks):
            place = study.place((first, second)) if one != other else None
            if place is not None:
                in_pair[one, other] = known[place, other]
    found = np.full(study.holds.shape, np.nan)
    for number, (network, held) in enumerate(zip(study.networks, study.holds, strict=True)):
        if network.cost == 1 and len(network.tasks) > 2:
            for task in np.flatnonzero(held):
                pairs = in_pair[held, task]
                if np.isfinite(pairs).any():
                    found[number, task] = np.nanmean(pairs)
    return found


def predict(study: Study) -> Prediction:
    """The mean of pairs; as uncertain as it was wrong in the networks of three and more that were measured."""
    mean, scale = mean_of_pairs(study), reference(study)
    error = ((mean - study.losses[VALIDATION]) / scale)[np.isfinite(mean) & np.isfinite(study.losses[VALIDATION])]
    spread = np.sqrt((np.sum(np.square(error)) + PULL * USUAL**2) / (len(error) + PULL))
    return with_measured(study, mean, np.broadcast_to(spread * np.abs(scale), mean.shape))
