from dataclasses import replace

import numpy as np
import pytest

from engine.predictors.early_stopping import predict
from engine.studies.study import EARLY_STOPPED, VALIDATION
from tests.engine.studies.made import PUBLISHED, additive


def test_while_nothing_is_measured_the_early_losses_are_the_prediction():
    study = PUBLISHED["setting2"]
    nothing = np.zeros(len(study.networks), dtype=bool)
    assert np.array_equal(predict(study.with_known(nothing)).mean, study.losses[EARLY_STOPPED], equal_nan=True)


def test_one_measured_network_of_each_task_tells_all_where_the_ratio_is_the_same():
    study, *_ = additive(early=True)
    together = np.array([len(network.tasks) == 4 for network in study.networks])
    found = predict(study.with_known(together)).mean
    assert found[study.holds] == pytest.approx(study.losses[VALIDATION][study.holds], rel=1e-12)


def test_a_network_without_an_early_loss_is_not_foretold():
    study = PUBLISHED["setting4"]  # whose pair alt_2+alt_3 has none
    nothing = np.zeros(len(study.networks), dtype=bool)
    missing = study.place(("alt_2", "alt_3"))
    assert np.isnan(predict(study.with_known(nothing)).mean[missing]).all()
    without = replace(study, losses={VALIDATION: study.losses[VALIDATION]})
    assert np.isnan(predict(without.with_known(nothing)).mean).all()
