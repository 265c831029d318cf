"""Cross-stitch: separate towers where the units are identities, and weighted means of features elsewhere."""

import pytest
import torch

from tests.engine.architectures.networks import batch, network, scattered


@pytest.mark.parametrize("kind", ["vectors", "images", "pyramid"])
def test_with_identities_the_towers_are_separate(kind):
    model = network("cross_stitch", 3, kind, own_share=1.0)
    kept = model.alpha.detach().clone()
    scattered(model)
    model.alpha.data = kept
    inputs, _ = batch(model.tasks, kind)
    for features, tower in zip(model.features(inputs, range(len(model.tasks))), model.shared, strict=True):
        torch.testing.assert_close(features, tower(inputs))


def test_units_begin_with_the_own_share_and_the_rest_even():
    model = network("cross_stitch", 5, own_share=0.8)
    for unit in model.alpha:
        torch.testing.assert_close(unit, torch.full((5, 5), 0.05) + 0.75 * torch.eye(5))
        torch.testing.assert_close(unit.sum(1), torch.ones(5))


def test_equal_towers_give_what_one_tower_gives():
    model = network("cross_stitch", 4, own_share=0.6)
    inputs, _ = batch(model.tasks)
    for features in model.features(inputs, range(len(model.tasks))):
        torch.testing.assert_close(features, model.shared[0](inputs))


def test_each_stage_is_given_the_mix_of_the_stage_before():
    model = scattered(network("cross_stitch", 3))
    inputs, _ = batch(model.tasks)
    features = [inputs] * 3
    for place in range(2):
        outputs = [model.shared[task].stages[place](features[task]) for task in range(3)]
        features = [sum(model.alpha[place, t, s] * outputs[s] for s in range(3)) for t in range(3)]
    for mine, expected in zip(model.features(inputs, range(len(model.tasks))), features, strict=True):
        torch.testing.assert_close(mine, expected)


def test_the_reading_is_by_source_then_target():
    model = network("cross_stitch", 3, own_share=1.0)
    with torch.no_grad():
        model.alpha[0, 2, 1] = 0.5  # into task 2, from task 1, after the first of two stages
    matrix = model.readings()["mixing"]
    assert matrix[1, 2] == 0.25 and matrix[2, 1] == 0

    inputs, _ = batch(model.tasks)
    features = model.features(inputs, range(len(model.tasks)))
    source = list(model.shared[1].stages[0].parameters())
    assert any(each.any() for each in torch.autograd.grad(features[2].sum(), source, retain_graph=True))
    found = torch.autograd.grad(features[1].sum(), list(model.shared[2].parameters()), allow_unused=True)
    assert not any(each is not None and each.any() for each in found)
