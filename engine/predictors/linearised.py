"""Grad-TAG: every network's losses estimated from the gradients of one network of all tasks, without training it.

Source: Li, Sharma and Zhang, "Scalable Multitask Learning Using Gradient-based Estimation of Task Affinity", KDD 2024.
The estimates themselves are made by `engine.training.linearised`; here the measured networks bring them to scale.
"""

import numpy as np

from engine.predictors.scaling import scaled
from engine.studies.estimates import relative_to_mean
from engine.studies.prediction import Prediction
from engine.studies.study import Study


def predict(study: Study) -> Prediction:
    """The loss grows with the linearised one, at a rate that the measured networks tell."""
    estimate = relative_to_mean(study.linearised)
    return scaled(study, np.full(study.holds.shape, np.nan) if estimate is None else estimate)
