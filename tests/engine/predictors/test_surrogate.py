import numpy as np
import pytest

from engine.predictors.surrogate import predict
from engine.studies.study import VALIDATION
from tests.engine.studies.made import additive


def test_what_is_a_sum_over_partners_is_foretold_from_few_networks():
    study, *_ = additive(("a", "b", "c", "d", "e"))
    keep = np.array([network.cost < 1 or len(network.tasks) in (1, 2, 5) for network in study.networks])
    found, truth = predict(study.with_known(keep)), study.losses[VALIDATION]
    unseen = study.holds & ~keep[:, None]
    assert found.mean[unseen] == pytest.approx(truth[unseen], rel=0.02)


def test_with_too_few_networks_the_level_is_all_that_is_told():
    study, *_ = additive()
    keep = study.costs < 1
    found = predict(study.with_known(keep)).mean
    level = study.losses[VALIDATION][: len(study.tasks)].diagonal()
    assert found[study.holds] == pytest.approx(np.broadcast_to(level, found.shape)[study.holds])
