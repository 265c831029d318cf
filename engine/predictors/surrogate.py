"""A first-order surrogate: a task's loss is a sum of what each partner adds, learned from the networks measured.

Source: Li, Nguyen and Zhang, "Identification of Negative Transfers in Multitask Learning Using Surrogate Models", TMLR
2023: linear regression on the indicators of a network's tasks, whose coefficients are relevance scores. They train
random subsets with the target in each; here whatever was measured serves, and the regression is Bayesian, as a few
networks would leave a plain one undetermined.
"""

import numpy as np
from sklearn.linear_model import BayesianRidge

from engine.predictors.scaling import USUAL
from engine.studies.prediction import Prediction, reference, with_measured
from engine.studies.study import VALIDATION, Study

LEAST = 3  # measured networks of a task, below which its level alone is known


def predict(study: Study) -> Prediction:
    """For each task a regression of its relative loss on which others are in the network, and on its size."""
    known, scale, holds = study.losses[VALIDATION], reference(study), study.holds
    smaller = (study.costs < 1).astype(float)
    mean, deviation = (np.full(holds.shape, np.nan) for _ in range(2))
    for task in range(len(study.tasks)):
        held = holds[:, task]
        rows = np.column_stack([np.delete(holds, task, axis=1).astype(float), smaller])
        seen = held & np.isfinite(known[:, task])
        relative = known[seen, task] / scale[task]
        if seen.sum() >= LEAST and relative.std() > 0:
            fitted = BayesianRidge().fit(rows[seen], relative)
            foretold, spread = fitted.predict(rows[held], return_std=True)
        elif seen.any():
            foretold, spread = relative.mean(), USUAL
        else:
            continue
        mean[held, task] = foretold * scale[task]
        deviation[held, task] = spread * abs(scale[task])
    return with_measured(study, mean, deviation)
