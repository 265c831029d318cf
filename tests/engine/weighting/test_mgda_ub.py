from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import KindredError
from engine.weighting.min_norm import min_norm
from tests.engine.weighting.problems import Training, given, gradients, make


def test_the_trunk_follows_the_nearest_point_of_the_gradients_on_the_representation():
    training = Training("mgda_ub", 3)
    joint = training.joint()
    seen = [torch.autograd.grad(loss, joint.features[0], retain_graph=True)[0] for loss in joint.losses.values()]
    rows = torch.stack([each.flatten() for each in seen]).double().numpy()
    weights = 3 * min_norm(rows)
    plain = [torch.autograd.grad(loss, joint.shared, retain_graph=True) for loss in joint.losses.values()]
    weighed = training.method.backward(joint)
    np.testing.assert_allclose(weighed.weights, weights, rtol=1e-6)
    for place, parameter in enumerate(joint.shared):
        expected = sum(weight * grads[place] for weight, grads in zip(weights, plain, strict=True))
        torch.testing.assert_close(parameter.grad, expected.float(), rtol=1e-4, atol=1e-6)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(weighed.cosines, units @ units.T, atol=1e-6)


def test_heads_get_the_plain_gradients():
    training, plain = Training("mgda_ub", 3), Training("equal", 3)
    training.method.backward(training.joint())
    plain.method.backward(plain.joint())
    for one, other in zip(training.heads.parameters(), plain.heads.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_different_features_are_refused_with_the_way_out():
    joint = given(gradients(2))
    with pytest.raises(KindredError, match="choose the architecture hard_sharing, or the weighting mgda"):
        make("mgda_ub", 2).backward(replace(joint, features=[joint.features[0], joint.features[0] * 1]))
