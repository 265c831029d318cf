"""NDDR: a cross-stitch network where its blocks are multiples of the identity."""

import pytest
import torch

from tests.engine.architectures.networks import batch, network, scattered


@pytest.mark.parametrize("kind", ["vectors", "images", "pyramid"])
def test_with_blocks_that_are_multiples_of_the_identity_it_is_a_cross_stitch_network(kind):
    stitched, model = scattered(network("cross_stitch", 3, kind)), network("nddr", 3, kind)
    model.shared.load_state_dict(stitched.shared.state_dict())
    model.heads.load_state_dict(stitched.heads.state_dict())
    with torch.no_grad():
        for alpha, mix in zip(stitched.alpha, model.mixes, strict=True):
            mix.weight.copy_(torch.kron(alpha, torch.eye(len(mix.weight) // 3)).view_as(mix.weight))
    inputs, _ = batch(model.tasks, kind)
    outputs = stitched(inputs)
    for name, output in model(inputs).items():
        torch.testing.assert_close(output, outputs[name])
    torch.testing.assert_close(model.readings()["mixing"], stitched.alpha.abs().mean(0).T)


@pytest.mark.parametrize("kind", ["vectors", "images"])
def test_it_begins_where_cross_stitch_begins(kind):
    stitched, model = network("cross_stitch", 4, kind, own_share=0.7), network("nddr", 4, kind, own_share=0.7)
    inputs, _ = batch(model.tasks, kind)
    torch.testing.assert_close(
        model.features(inputs, range(len(model.tasks))), stitched.features(inputs, range(len(stitched.tasks)))
    )
    torch.testing.assert_close(model.readings(), stitched.readings())


def test_each_task_takes_all_channels_of_all_towers():
    model = scattered(network("nddr", 3, "images"))
    inputs, _ = batch(model.tasks, "images")
    features = [inputs] * 3
    for place, mix in enumerate(model.mixes):
        outputs = [model.shared[task].stages[place](features[task]) for task in range(3)]
        blocks = mix.weight.view(3, 4, 3, 4)
        features = [sum(torch.einsum("cd,bdhw->bchw", blocks[t, :, s], outputs[s]) for s in range(3)) for t in range(3)]
    torch.testing.assert_close(model.features(inputs, range(len(model.tasks))), features)


def test_the_reading_is_by_source_then_target():
    model = network("nddr", 3, own_share=1.0)
    with torch.no_grad():
        block = model.mixes[0].weight.view(3, 5, 3, 5)[2, :, 1]  # into task 2, from task 1
        block[0, 4] = 3.0
        block[1, 2] = 4.0
    matrix = model.readings()["mixing"]
    torch.testing.assert_close(matrix[1, 2], torch.tensor(5 / 5**0.5 / 2))  # ‖block‖ / √C, over two stages
    assert matrix[2, 1] == 0

    inputs, _ = batch(model.tasks)
    features = model.features(inputs, range(len(model.tasks)))
    source = list(model.shared[1].stages[0].parameters())
    assert any(each.any() for each in torch.autograd.grad(features[2].sum(), source, retain_graph=True))
    found = torch.autograd.grad(features[1].sum(), list(model.shared[2].parameters()))
    assert not any(each.any() for each in found)
