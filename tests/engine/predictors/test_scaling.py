from dataclasses import replace

import numpy as np
import pytest

from engine.predictors import linearised, tag_mean
from engine.studies.estimates import mean_affinity
from engine.studies.study import VALIDATION, Study, whole_study
from tests.engine.studies.made import additive


def test_the_mean_affinity_is_over_the_partners_of_a_task():
    study, *_ = additive()
    affinity = np.arange(16.0).reshape(4, 4)
    found = mean_affinity(replace(study, affinity=affinity))
    row = study.place(("a", "b", "d"))
    assert (
        found[row, 0] == (affinity[1, 0] + affinity[3, 0]) / 2
        and found[row, 3] == (affinity[0, 3] + affinity[1, 3]) / 2
    )
    assert np.isnan(found[row, 2]) and found[study.place(("c",)), 2] == 0


def test_losses_that_are_a_line_in_the_mean_affinity_are_found():
    tasks = ("a", "b", "c", "d", "e")
    networks, affinity = whole_study(tasks), np.random.default_rng(0).normal(size=(5, 5))
    level = np.array([1.0, 2.0, 0.5, 3.0, 1.0])
    empty = Study("line", tasks, networks, {VALIDATION: np.full((len(networks), 5), np.nan)}, affinity=affinity)
    losses = level * (1 - 0.05 * mean_affinity(empty))
    keep = np.arange(len(networks)) % 2 == 0
    study = replace(empty, losses={VALIDATION: losses}).with_known(keep)
    found = tag_mean.predict(study)
    unseen = study.holds & ~keep[:, None]
    assert found.mean[unseen] == pytest.approx(losses[unseen], rel=0.02)
    off = np.abs(found.mean - losses)[unseen] / found.deviation[unseen]
    assert off.max() < 3


def test_an_estimate_that_says_nothing_gets_no_slope():
    study, *_ = additive(("a", "b", "c", "d", "e"), noise=0.05)
    noise = np.where(study.holds, np.random.default_rng(1).normal(size=study.holds.shape), np.nan)
    keep = np.arange(len(study.networks)) % 2 == 0
    found = linearised.predict(replace(study, linearised=noise).with_known(keep))
    level = np.nanmean(study.losses[VALIDATION][keep], axis=0)
    unseen = study.holds & ~keep[:, None]
    assert found.mean[unseen] == pytest.approx(np.broadcast_to(level, found.mean.shape)[unseen], rel=0.15)


@pytest.mark.parametrize("predict", [tag_mean.predict, linearised.predict])
def test_without_an_estimate_nothing_is_foretold(predict):
    study, *_ = additive()
    found = predict(study.with_known(study.costs < 1))
    assert np.isnan(found.mean[study.costs == 1]).all()
