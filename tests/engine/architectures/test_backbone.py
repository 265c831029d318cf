"""Backbones, heads, one's own of both, and what they cost."""

import pytest
import torch
from torch import nn

from engine.architectures.backbone import Backbone, at_positions, mixing_layer
from engine.architectures.cost import cost_of
from engine.architectures.heads import Heads
from engine.architectures.network import Blueprint
from engine.architectures.settings import NetworkSettings
from engine.errors import KindredError
from engine.tasks import Task
from tests.engine.architectures.networks import HERE, batch, blueprint, network, tasks_of, tower

ME = __name__


def not_a_list(_input_shape):
    return nn.Linear(6, 4)


def of_other_inputs(_input_shape):
    return [nn.Linear(7, 4)]


def frozen_first(_input_shape):
    return [nn.Linear(6, 4).requires_grad_(False), nn.Linear(4, 4)]


def sequences(_input_shape):
    return [nn.Unflatten(1, (3, 2)), nn.Linear(2, 4)]


def two_layers(task, shape):
    return nn.Sequential(nn.Linear(shape[0], 3), nn.ReLU(), nn.Linear(3, task.outputs))


def flat(task, _shape):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(task.outputs))


def no_module(_task, _shape):
    return "head"


@pytest.mark.parametrize(
    ("trunk", "input_shape", "shapes"),
    [
        ("mlp", (6,), ((5,), (5,), (5,))),
        ("mlp", (2, 4, 3), ((5,), (5,), (5,))),
        ("convolutional", (2, 4, 3), ((5, 4, 3), (5, 4, 3), (5, 4, 3))),
        (f"{HERE}:pyramid", (2, 6, 6), ((4, 6, 6), (4, 6, 6), (6, 3, 3), (7,))),
    ],
)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_backbone_knows_the_shapes_of_its_stages(trunk, input_shape, shapes, batch_norm):
    settings = NetworkSettings(trunk=trunk, width=5, depth=3, batch_norm=batch_norm, dropout=0.2)
    backbone = Blueprint(tasks_of(2), input_shape, settings).backbone()
    assert backbone.shapes == shapes and backbone.input_shape == input_shape
    assert backbone.training
    inputs = torch.randn(4, *input_shape)
    for stage, shape in zip(backbone.stages, shapes, strict=True):
        inputs = stage(inputs)
        assert inputs.shape == (4, *shape)


def test_a_backbone_runs_its_stages_in_turn_and_finding_shapes_moves_nothing():
    norm = nn.BatchNorm1d(6)
    backbone = Backbone([norm, nn.Linear(6, 3)], (6,))
    assert norm.num_batches_tracked == 0 and not norm.running_mean.any()
    inputs = torch.randn(5, 6)
    torch.testing.assert_close(backbone.eval()(inputs), tower(backbone.stages, inputs))


def test_features_are_brought_to_the_positions_of_another_stage():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    assert at_positions(maps, (9, 4, 4)) is maps
    assert at_positions(maps, (9, 2, 2)).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    assert at_positions(maps, (9,)).tolist() == [[7.5]]
    assert at_positions(torch.tensor([[3.0]]), (9, 2, 1)).tolist() == [[[[3.0], [3.0]]]]
    assert at_positions(maps[..., :2, :2], (9, 4, 4))[0, 0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_a_mixing_layer_mixes_channels_at_each_position():
    layer = mixing_layer((3, 4, 4), 2)
    maps = torch.randn(2, 3, 4, 4)
    expected = torch.einsum("dc,bchw->bdhw", layer.weight[..., 0, 0], maps)
    torch.testing.assert_close(layer(maps), expected)
    assert isinstance(mixing_layer((3,), 2), nn.Linear)


def test_a_design_that_mixes_refuses_features_it_cannot_mix():
    with pytest.raises(KindredError, match="cannot be mixed; let every stage of the trunk give vectors"):
        network("nddr", 2, trunk=f"{ME}:sequences", heads=f"{ME}:flat")
    model = network("hard_sharing", 2, trunk=f"{ME}:sequences", heads=f"{ME}:flat")
    assert model(torch.randn(4, 6))["task 0"].shape == (4, 1)


def test_heads_pool_maps_to_two_by_two_and_enlarge_dense_ones():
    tasks = (Task("one", "squared_error"), Task("map", "cross_entropy", 3, dense=True))
    heads = Heads(tasks, (4, 6, 8), (1, 12, 16))
    features = torch.randn(5, 4, 6, 8)
    outputs = heads([features, features], [0, 1])
    quarters = torch.stack(
        [features[..., r : r + 3, c : c + 4].mean((-1, -2)) for r in (0, 3) for c in (0, 4)], dim=-1
    ).flatten(1)
    torch.testing.assert_close(outputs["one"], heads.layers[0](quarters))
    assert outputs["map"].shape == (5, 3, 12, 16)


def test_a_dense_task_needs_maps():
    with pytest.raises(KindredError, match="'task 0' is dense: it needs maps"):
        network("hard_sharing", 2, "dense", trunk="mlp")


def test_features_that_tasks_share_are_pooled_once():
    model = network("hard_sharing", 3, "images")
    pooled = []
    model.heads.pool.register_forward_hook(lambda *_: pooled.append(1))
    model(batch(model.tasks, "images")[0])
    assert len(pooled) == 1


def test_heads_of_ones_own_are_given_the_features_as_they_are():
    model = network("soft_sharing", 3, heads=f"{ME}:two_layers")
    inputs, _ = batch(model.tasks)
    outputs = model(inputs)
    for task, layer, features in zip(
        model.tasks, model.heads.layers, model.features(inputs, range(len(model.tasks))), strict=True
    ):
        torch.testing.assert_close(outputs[task.name], layer(features))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trunk": "nowhere.at_all:make"}, "cannot be imported .*; put its folder into PYTHONPATH"),
        ({"trunk": f"{ME}:absent"}, "cannot be imported"),
        ({"trunk": f"{ME}:not_a_list"}, "returned Linear; it must return a list of modules"),
        ({"trunk": f"{ME}:of_other_inputs"}, r"cannot run on an input of shape \(6,\)"),
        ({"trunk": "convolutional"}, "needs images"),
        ({"heads": f"{ME}:no_module"}, "returned str; it must return a module"),
        ({"heads": f"{ME}:absent"}, "cannot be imported"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_way_out(settings, message):
    with pytest.raises(KindredError, match=message):
        network("hard_sharing", 2, **settings)


@pytest.mark.parametrize("kind", ["vectors", "images", "dense"])
def test_hard_sharing_is_one_standard_network(kind):
    cost = cost_of(blueprint("hard_sharing", 5, kind))
    assert cost.snt == 1
    model = network("hard_sharing", 5, kind)
    assert cost.shared == sum(each.numel() for each in model.shared.parameters())


def test_towers_without_ties_cost_one_standard_network_each():
    cost = cost_of(blueprint("soft_sharing", 4, width=200, depth=3))
    assert cost.snt == pytest.approx(4, rel=0.02)
    assert cost.shared == 0


def test_multiplications_are_those_of_the_layers():
    tasks = 4
    plan = blueprint("cross_stitch", tasks, width=10, depth=2)
    trunk, heads = 6 * 10 + 10 * 10, 10 * sum(task.outputs for task in plan.tasks)
    stitches = 2 * tasks**2 * 10
    assert cost_of(plan).snt == pytest.approx((tasks * trunk + heads + stitches) / (trunk + heads))


def test_a_single_task_shares_nothing_and_what_is_frozen_is_not_trained():
    assert cost_of(blueprint("cross_stitch", 1)).shared == 0
    cost = cost_of(blueprint("hard_sharing", 3, trunk=f"{ME}:frozen_first"))
    assert cost.shared == 4 * 4 + 4
    assert cost.parameters == cost.shared + sum(5 * task.outputs for task in tasks_of(3))


def test_the_parts_that_relate_tasks_count_as_shared():
    plan = blueprint("cross_stitch", 3)
    model = network("cross_stitch", 3)
    assert cost_of(plan).shared == sum(each.numel() for each in model.shared.parameters()) + 2 * 3 * 3
