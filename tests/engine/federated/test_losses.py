import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from engine.federated.losses import KINDS, Loss, ascend, conjugate, slope, value

ALL = [Loss(KINDS["squared"], 0.5), Loss(KINDS["logistic"], 0.5), Loss(KINDS["hinge"], 0.5), Loss(KINDS["hinge"], 0.01)]
PREDICTIONS = np.concatenate([np.linspace(-4, 4, 33), [-900.0, -40, 40, 900]])


def duals(loss, y):
    """Values of α in the conjugate's domain."""
    return np.linspace(-5, 5, 21) if loss.kind == KINDS["squared"] else y * np.linspace(0, 1, 21)


@pytest.mark.parametrize("loss", ALL)
@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_fenchel_and_young(loss, y):
    for z in PREDICTIONS:
        slack = np.array([value(loss, z, y) + conjugate(loss, alpha, y) + alpha * z for alpha in duals(loss, y)])
        assert (slack >= -1e-12 * (1 + abs(z))).all()
        touching = -slope(loss, z, y)
        assert abs(value(loss, z, y) + conjugate(loss, touching, y) + touching * z) <= 1e-12 * (1 + z**2)


@pytest.mark.parametrize("loss", ALL)
@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_the_conjugate_is_the_greatest_difference(loss, y):
    for alpha in duals(loss, y)[1:-1]:
        found = minimize_scalar(
            lambda z, alpha=alpha: value(loss, z, y) + alpha * z, bounds=(-60, 60), method="bounded"
        )
        assert conjugate(loss, alpha, y) == pytest.approx(-found.fun, abs=1e-8)


@pytest.mark.parametrize("loss", ALL[1:])
def test_the_conjugate_is_infinite_outside_its_domain(loss):
    assert conjugate(loss, 1.001, 1.0) == np.inf and conjugate(loss, 0.001, -1.0) == np.inf


@pytest.mark.parametrize("loss", ALL)
@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_the_slope_is_the_derivative(loss, y):
    z = np.linspace(-3, 3, 41) + 0.0123
    numeric = [(value(loss, each + 1e-6, y) - value(loss, each - 1e-6, y)) / 2e-6 for each in z]
    np.testing.assert_allclose([slope(loss, each, y) for each in z], numeric, atol=1e-7)


@pytest.mark.parametrize("loss", ALL)
@pytest.mark.parametrize("y", [-1.0, 1.0])
@pytest.mark.parametrize("curvature", [0.0, 0.1, 3.0, 1e6])
def test_a_coordinate_step_is_exact(loss, y, curvature):
    """At a maximum over an interval the slope is 0, or points out of it."""
    for z in PREDICTIONS:
        for alpha in duals(loss, y)[::5]:
            best = ascend(loss, alpha, y, z, curvature)

            def gain(new, alpha=alpha, z=z):
                move = new - alpha
                return -conjugate(loss, new, y) - move * z - curvature * move**2 / 2

            level = gain(best)
            tolerance = 1e-12 * (1 + abs(level) + abs(z))
            assert level >= gain(alpha) - tolerance
            assert all(level >= gain(other) - tolerance for other in duals(loss, y))
            assert all(level >= gain(best + step) - tolerance for step in (-1e-3, 1e-3, -1e-6, 1e-6))


def test_the_logistic_step_solves_its_equation():
    loss = ALL[1]
    for z in (-700.0, -5.0, 0.0, 2.0, 700.0):
        for alpha in (0.0, 1e-9, 0.3, 1.0):
            for curvature in (0.0, 1.0, 1e4):
                best = ascend(loss, alpha, 1.0, z, curvature)
                assert 0 <= best <= 1
                if 1e-12 < best < 1 - 1e-12:
                    residual = np.log(best) - np.log1p(-best) + z + curvature * (best - alpha)
                    scale = 1 / (best * (1 - best)) + curvature
                    assert abs(residual) <= 1e-14 * (scale + abs(z))
