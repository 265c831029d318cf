"""TAG: a task gains in a network what the others' steps give it on average, as observed in one run of all tasks.

Source: Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021, whose groups are
ranked by this mean. Here the measured networks bring it to the scale of losses; of a task alone it says nothing, so
that such a network counts as one with no partner that helps or hurts.
"""

from engine.predictors.scaling import scaled
from engine.studies.estimates import mean_affinity
from engine.studies.prediction import Prediction
from engine.studies.study import Study


def predict(study: Study) -> Prediction:
    """The loss falls with the mean affinity, at a rate that the measured networks tell."""
    return scaled(study, mean_affinity(study))
