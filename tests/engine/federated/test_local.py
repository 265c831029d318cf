import numpy as np
import pytest

from engine.federated.local import Local
from engine.federated.mocha import Mocha
from tests.engine.federated.problems import LOSSES, clients_of, joint_minimum, joint_ridge, learn, settings, weights_of


def test_every_client_finds_its_own_ridge_regression():
    data = clients_of()
    _, reports = learn(Local(settings(passes=5.0)), data, 40)
    np.testing.assert_allclose(weights_of(reports[-1]), joint_ridge(data, np.eye(4), 0.2), atol=1e-7)
    assert reports[-1].relative_gap < 1e-12


@pytest.mark.parametrize("loss", LOSSES)
def test_clients_know_nothing_of_each_other(loss):
    data = clients_of(binary=loss != "squared")
    _, together = learn(Local(settings(loss=loss)), data, 5)
    _, alone = learn(Local(settings(loss=loss)), data[2:3], 5, names=["2"])
    np.testing.assert_array_equal(weights_of(together[-1])[2:3], weights_of(alone[-1]))
    assert together[-1].losses[2] == alone[-1].losses[0]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gap_falls_to_the_true_minimum(loss):
    data = clients_of(binary=loss != "squared")
    _, reports = learn(Local(settings(loss=loss)), data, 60)
    gaps = [report.gap for report in reports]
    assert (np.diff(gaps) <= 1e-14).all() and gaps[-1] < 1e-6
    least = joint_minimum(data, np.eye(4), 0.2, loss)
    assert all(report.dual - 1e-8 <= least <= report.primal + 1e-8 for report in reports)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_tie_of_zero_is_mocha_without_relation(loss):
    data = clients_of(binary=loss != "squared")
    _, alone = learn(Local(settings(loss=loss, passes=3.0)), data, 40)
    for relation in ("independent", "mean", "learned"):
        _, tied = learn(Mocha(settings(loss=loss, relation=relation, tie=0.0, passes=3.0)), data, 40)
        np.testing.assert_allclose(weights_of(tied[-1]), weights_of(alone[-1]), atol=1e-6)
        assert tied[-1].primal == pytest.approx(alone[-1].primal, abs=1e-9)


def test_drops_do_not_matter():
    _, plain = learn(Local(settings()), clients_of(), 3)
    _, unsteady = learn(Local(settings(drop=0.9, stragglers=1.0)), clients_of(), 3)
    np.testing.assert_array_equal(plain[-1].coefficients, unsteady[-1].coefficients)
