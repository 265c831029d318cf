"""MTAN: hard sharing where every mask is 1; elsewhere each task has its part of the shared features."""

import numpy as np
import pytest
import torch

from tests.engine.architectures.networks import batch, network, scattered


def force(module, logit):
    """Make an attention module give sigmoid(logit) everywhere."""
    with torch.no_grad():
        module[3].weight.zero_()
        module[3].bias.fill_(logit)


@pytest.mark.parametrize("kind", ["vectors", "images", "dense", "pyramid"])
def test_with_masks_of_one_it_is_hard_sharing(kind):
    model, hard = network("mtan", 3, kind), network("hard_sharing", 3, kind)
    hard.load_state_dict({name: each for name, each in model.state_dict().items() if not name.startswith("attention")})
    for of_stage in model.attention:
        for module in of_stage:
            force(module, 100.0)
    inputs, _ = batch(model.tasks, kind)
    outputs = hard(inputs)
    for name, output in model(inputs).items():
        torch.testing.assert_close(output, outputs[name])


def test_a_closed_last_mask_leaves_its_task_nothing_and_the_others_all():
    model = network("mtan", 3)
    inputs, _ = batch(model.tasks)
    before = model.features(inputs, range(len(model.tasks)))
    force(model.attention[-1][1], -200.0)
    after = model.features(inputs, range(len(model.tasks)))
    assert not after[1].any() and before[1].any()
    assert torch.equal(after[0], before[0]) and torch.equal(after[2], before[2])


def test_masks_follow_the_paper():
    model = scattered(network("mtan", 2))
    inputs, _ = batch(model.tasks)
    first = model.shared.stages[0](inputs)
    second = model.shared.stages[1](first)
    for task, features in enumerate(model.features(inputs, range(len(model.tasks)))):
        g, h = model.attention[0][task][0], model.attention[0][task][3]
        attended = torch.sigmoid(h(torch.relu(g(first)))) * first
        g, h = model.attention[1][task][0], model.attention[1][task][3]
        expected = torch.sigmoid(h(torch.relu(g(torch.cat([second, attended], 1))))) * second
        torch.testing.assert_close(features, expected)


def test_attended_maps_are_averaged_to_the_size_of_the_next_stage():
    model = scattered(network("mtan", 2, "pyramid"))
    seen = []
    model.attention[2][0].register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    inputs, _ = batch(model.tasks, "pyramid")
    shared = [model.shared.stages[0](inputs)]
    for stage in model.shared.stages[1:]:
        shared.append(stage(shared[-1]))
    model.features(inputs, range(len(model.tasks)))
    first = model.attention[0][0](shared[0]) * shared[0]
    attended = model.attention[1][0](torch.cat([shared[1], first], 1)) * shared[1]
    means = attended.unfold(2, 2, 2).unfold(3, 2, 2).mean((-1, -2))
    torch.testing.assert_close(seen[0], torch.cat([shared[2], means], 1))


@pytest.mark.parametrize("kind", ["vectors", "images"])
def test_the_reading_is_the_mean_of_the_stages_correlations(kind):
    model = scattered(network("mtan", 3, kind))
    masks = [[] for _ in model.attention]
    for place, of_stage in enumerate(model.attention):
        for module in of_stage:
            module.register_forward_hook(
                lambda _module, _given, mask, of=masks[place]: of.append(mask.detach().numpy())
            )
    inputs, _ = batch(model.tasks, kind)
    model(inputs)
    expected = np.mean([np.corrcoef([mask.ravel() for mask in of_stage]) for of_stage in masks], axis=0)
    np.testing.assert_allclose(model.readings()["attention"], expected, rtol=1e-4, atol=1e-5)


def test_tasks_with_the_same_attention_correlate_fully_and_a_constant_mask_with_none():
    model = scattered(network("mtan", 3))
    for of_stage in model.attention:
        of_stage[1].load_state_dict(of_stage[0].state_dict())
        force(of_stage[2], 0.0)
    inputs, _ = batch(model.tasks)
    model(inputs)
    expected = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 0]])
    torch.testing.assert_close(model.readings()["attention"], expected)


def test_only_training_batches_are_read():
    model = scattered(network("mtan", 2))
    inputs, _ = batch(model.tasks)
    assert model.readings() == {}
    with torch.no_grad():
        model(inputs)
    model.eval()(inputs)
    assert model.readings() == {}
    model.train()(inputs)
    read = model.readings()["attention"]
    with torch.no_grad():
        model(-inputs)
    assert torch.equal(model.readings()["attention"], read)
