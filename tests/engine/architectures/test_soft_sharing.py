"""Soft sharing: without a tie it is single-task training; with one the towers draw near each other."""

from dataclasses import replace
from itertools import combinations

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from engine.architectures.cost import build
from engine.training.losses import task_losses
from tests.engine.architectures.networks import batch, blueprint, network, scattered, total_loss, train


def lengths_of(model):
    return torch.stack([parameters_to_vector(tower.parameters()) for tower in model.own])


@pytest.mark.parametrize("tie", ["l2", "trace_norm"])
def test_without_a_tie_it_is_single_task_training_to_the_last_digit(tie):
    plan = blueprint("soft_sharing", 3, tie=tie, tie_strength=0.0)
    model = network("soft_sharing", 3, tie=tie, tie_strength=0.0)
    assert model.regularizer() is None
    hard = replace(plan.settings, architecture="hard_sharing")
    alone = [build(replace(plan, tasks=(task,), settings=hard)) for task in plan.tasks]
    for place, each in enumerate(alone):
        each.shared.load_state_dict(model.own[place].state_dict())
        each.heads.layers[0].load_state_dict(model.heads.layers[place].state_dict())
    inputs, labels = batch(model.tasks)
    for each in (model, *alone):
        optimizer = torch.optim.SGD(each.parameters(), lr=0.1, momentum=0.9)
        for _ in range(5):
            optimizer.zero_grad()
            total_loss(each, inputs, labels).backward()
            optimizer.step()
            each.after_step(0.1)
    for task, each in zip(model.tasks, alone, strict=True):
        assert torch.equal(model(inputs)[task.name], each(inputs)[task.name])


def test_the_regularizer_is_the_sum_over_pairs_divided_by_the_tasks():
    model = scattered(network("soft_sharing", 4, tie_strength=0.3))
    towers = lengths_of(model)
    expected = 0.3 * sum((towers[s] - towers[t]).square().sum() for s, t in combinations(range(4), 2)) / 4
    torch.testing.assert_close(model.regularizer(), expected)


def test_equal_towers_feel_no_pull():
    model = network("soft_sharing", 3, tie_strength=10.0)
    assert model.regularizer() < 1e-10
    model.regularizer().backward()
    assert all(each.grad.abs().max() < 1e-5 for each in model.own.parameters())


@pytest.mark.parametrize("tie", ["l2", "trace_norm"])
def test_a_stronger_tie_leaves_the_towers_nearer(tie):
    distances = []
    for strength in (0.0, 0.1, 1.0):
        model = network("soft_sharing", 3, tie=tie, tie_strength=strength)
        inputs, labels = batch(model.tasks, samples=16)
        train(model, inputs, labels, 60)
        distances.append(-model.readings()["tower_distance"].sum().item())
    assert distances[0] > distances[1] > distances[2]


def test_no_loss_depends_on_another_tasks_tower():
    model = scattered(network("soft_sharing", 3))
    inputs, labels = batch(model.tasks)
    losses = task_losses(model.tasks, model(inputs), labels)
    for place, loss in enumerate(losses.values()):
        for other, tower in enumerate(model.own):
            found = torch.autograd.grad(loss, list(tower.parameters()), retain_graph=True, allow_unused=True)
            assert all(each is None for each in found) == (other != place)


def test_the_proximal_step_lowers_every_singular_value_by_the_threshold():
    model = scattered(network("soft_sharing", 4, tie="trace_norm", tie_strength=4.0))
    before = [torch.stack([each.detach().flatten().clone() for each in same]) for same in model._same()]
    assert model.regularizer() is None
    model.after_step(0.5)
    shrunk = 0
    for was, same in zip(before, model._same(), strict=True):
        now = torch.stack([each.detach().flatten() for each in same])
        if same[0].dim() == 1:
            assert torch.equal(now, was)  # a bias
            continue
        left, values, right = torch.linalg.svd(was.double(), full_matrices=False)
        expected = left @ torch.diag((values - 0.5 * 4.0).clamp_min(0)) @ right
        torch.testing.assert_close(now, expected.float(), rtol=1e-4, atol=1e-5)
        assert torch.linalg.svdvals(now).sum() < values.sum()
        shrunk += int((values < 2.0).any())
    assert shrunk  # a singular value below the threshold was among them


def test_the_proximal_step_keeps_equal_towers_equal_and_of_one_direction():
    model = network("soft_sharing", 3, tie="trace_norm", tie_strength=1.0)
    before = model.own[0].stages[1][0].weight.detach().clone()
    model.after_step(0.1)
    after = [tower.stages[1][0].weight for tower in model.own]
    for each in after:
        torch.testing.assert_close(each, after[0])
        # √3 ‖w‖ is the one singular value
        torch.testing.assert_close(each.detach(), before * (1 - 0.1 / (3**0.5 * before.norm())))


def test_a_diverged_network_is_left_as_it_is():
    model = network("soft_sharing", 2, tie="trace_norm", tie_strength=1.0)
    weight = model.own[0].stages[0][1].weight
    with torch.no_grad():
        weight[0, 0] = torch.nan
    model.after_step(0.1)
    assert weight.isnan().sum() == 1


def test_the_reading_is_minus_the_distance_relative_to_the_length():
    model = scattered(network("soft_sharing", 3))
    towers = lengths_of(model).detach()
    matrix = model.readings()["tower_distance"]
    for s in range(3):
        for t in range(3):
            expected = -(towers[s] - towers[t]).norm() / ((towers[s].norm() + towers[t].norm()) / 2)
            torch.testing.assert_close(matrix[s, t], expected)
    assert (matrix.diagonal() == 0).all()
    assert (network("soft_sharing", 3).readings()["tower_distance"] == 0).all()
