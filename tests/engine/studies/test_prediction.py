import numpy as np
import pytest

from engine.predictors.combination import predict
from engine.studies.prediction import NINETY, Prediction, calibration, reference, without_each
from engine.studies.study import VALIDATION
from tests.engine.studies.made import PUBLISHED, additive


def test_draws_have_the_mean_and_covariance_that_is_foretold():
    study = PUBLISHED["setting1"]
    found = predict(study.with_known(study.costs < 1))
    drawn = found.draws(study.holds, 20_000, np.random.default_rng(0))[:, *np.nonzero(study.holds)]
    deviation = found.deviation[study.holds]
    known = deviation == 0
    assert np.array_equal(drawn[:, known], np.broadcast_to(found.mean[study.holds][known], drawn[:, known].shape))
    off = (drawn.mean(axis=0) - found.mean[study.holds])[~known] / deviation[~known]
    assert np.abs(off).max() < 0.05
    by = np.outer(deviation, deviation)[np.ix_(~known, ~known)]
    assert np.cov(drawn[:, ~known].T) / by == pytest.approx(found.covariance[np.ix_(~known, ~known)] / by, abs=0.05)


def test_without_a_covariance_entries_are_drawn_independently():
    study = PUBLISHED["setting1"]
    shape = study.holds.shape
    found = Prediction(np.where(study.holds, 2.0, np.nan), np.where(study.holds, 0.5, np.nan))
    drawn = found.draws(study.holds, 20_000, np.random.default_rng(0))
    assert np.isnan(drawn[:, ~study.holds]).all() and drawn.shape == (20_000, *shape)
    inside = np.corrcoef(drawn[:, *np.nonzero(study.holds)][:, :10].T)
    assert np.abs(inside - np.eye(10)).max() < 0.05


def test_calibration_counts_what_lies_within_the_intervals():
    measured = np.array([[1.0, 2.0], [1.0, np.nan], [3.0, 3.0]])
    mean = np.array([[1.1, 2.0], [1.0, 5.0], [0.0, 0.0]])
    deviation = np.array([[0.1 / NINETY * 0.99, 0.1], [0.1, 0.1], [0.1, 0.1]])
    found = calibration(Prediction(mean, deviation), measured, np.array([True, True, False]), np.ones(2))
    assert found.count == 3 and found.covered == pytest.approx(2 / 3)
    assert found.error == pytest.approx(np.sqrt(0.01 / 3))
    assert calibration(Prediction(mean, deviation), measured, np.zeros(3, dtype=bool), np.ones(2)).count == 0


def test_without_each_foretells_every_known_network_from_the_others():
    study, *_ = additive(("a", "b", "c", "d"), noise=0.01)
    keep = np.arange(len(study.networks)) < 14
    found = without_each(study.with_known(keep), predict)
    there = study.holds & keep[:, None]
    assert (np.isfinite(found.mean) == there).all()
    others = keep.copy()
    others[9] = False
    assert np.array_equal(found.mean[9], predict(study.with_known(others)).mean[9], equal_nan=True)


def test_the_reference_is_the_task_alone_at_half_size_else_at_full_else_the_mean():
    study = PUBLISHED["setting1"]
    losses = study.losses[VALIDATION]
    assert np.array_equal(reference(study), losses[:5].diagonal())
    keep = study.costs == 1
    alone = [losses[study.place((task,)), number] for number, task in enumerate(study.tasks)]
    assert np.array_equal(reference(study.with_known(keep)), alone)
    pairs = np.array([len(network.tasks) == 2 for network in study.networks])
    assert reference(study.with_known(pairs)) == pytest.approx(np.nanmean(losses[pairs], axis=0))
