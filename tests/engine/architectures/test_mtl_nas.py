"""MTL-NAS: separate towers where all gates are closed; elsewhere edges bring what their gates let through."""

import pytest
import torch

from engine.architectures.backbone import at_positions
from tests.engine.architectures.networks import batch, network, scattered

SEARCH, SETTLED = 0.35, 0.9
EDGES = [(target, source) for target in range(3) for source in range(3) if target != source]


def slow(model, inputs, alpha):
    """Edge by edge, as the docstring's formula has it."""
    features, given = [inputs] * 3, {}
    for j in range(len(model.shared[0].stages)):
        for task in range(3):
            given[task, j] = model.shared[task].stages[j](features[task])
        features = [given[task, j] for task in range(3)]
        for edge, (target, source) in enumerate(EDGES):
            for i in range(j + 1):
                pair = model.pairs.index((i, j))
                came = at_positions(given[source, i], given[target, j].shape[1:])
                weighed = torch.einsum("dc,bc...->bd...", model.weights[pair][edge], came)
                features[target] = features[target] + alpha[pair, edge] * weighed
    return features


@pytest.mark.parametrize("kind", ["vectors", "images", "pyramid"])
@pytest.mark.parametrize("progress", [SEARCH, SETTLED])
def test_with_all_gates_closed_the_towers_are_separate(kind, progress):
    model = scattered(network("mtl_nas", 3, kind))
    with torch.no_grad():
        model.gates.fill_(-200.0)
    inputs, _ = batch(model.tasks, kind)
    model.begin_step(progress)
    for training in (True, False):
        model.train(training)
        for features, tower in zip(model.features(inputs, range(len(model.tasks))), model.shared, strict=True):
            torch.testing.assert_close(features, tower(inputs))


@pytest.mark.parametrize("kind", ["vectors", "images", "pyramid"])
def test_gates_are_relaxed_while_searching_and_discrete_afterwards_and_in_evaluation(kind):
    model = scattered(network("mtl_nas", 3, kind), by=0.5).double()
    inputs = batch(model.tasks, kind)[0].double()
    relaxed, discrete = model.gates.sigmoid(), (model.gates > 0).double()
    assert 0 < discrete.sum() < discrete.numel()
    for progress, training, alpha in (
        (SEARCH, True, relaxed),
        (SEARCH, False, discrete),
        (SETTLED, True, discrete),
        (SETTLED, False, discrete),
    ):
        model.train(training).begin_step(progress)
        torch.testing.assert_close(model.features(inputs, range(len(model.tasks))), slow(model, inputs, alpha))


def test_in_the_warm_up_every_gate_is_half_open():
    model = network("mtl_nas", 3)
    gates = model.gates.detach().clone()
    scattered(model, by=0.5)
    model.gates.data = gates
    inputs, _ = batch(model.tasks)
    half = torch.full_like(gates, 0.5)
    for training in (True, False):
        model.train(training)
        torch.testing.assert_close(model.features(inputs, range(len(model.tasks))), slow(model, inputs, half))
    assert torch.equal(model.readings()["edges"], 0.5 + 0.5 * torch.eye(3))


def test_an_edge_carries_from_its_source_to_its_target_alone():
    model = scattered(network("mtl_nas", 3))
    with torch.no_grad():
        model.gates.fill_(-1.0)
        model.gates[model.pairs.index((0, 1)), EDGES.index((2, 1))] = 1.0  # into task 2, from task 1
    model.begin_step(SETTLED)
    matrix = model.readings()["edges"]
    torch.testing.assert_close(matrix[1, 2], torch.tensor(1 / 3))  # one of the pairs (0, 0), (0, 1), (1, 1)
    assert matrix.sum() == 3 + matrix[1, 2]
    assert model.note() == "Edges are chosen: 1 of 18 between the towers are open."

    inputs, _ = batch(model.tasks)
    features = model.features(inputs, range(len(model.tasks)))
    for target in range(3):
        for source in range(3):
            parameters = list(model.shared[source].parameters())
            found = torch.autograd.grad(features[target].sum(), parameters, retain_graph=True, allow_unused=True)
            reached = any(each is not None and each.any() for each in found)
            assert reached == (source == target or (source, target) == (1, 2))


@pytest.mark.parametrize(("progress", "trained"), [(0.05, False), (SEARCH, True), (SETTLED, False)])
def test_gates_are_trained_in_the_search_alone(progress, trained):
    model = scattered(network("mtl_nas", 3))
    model.begin_step(progress)
    inputs, _ = batch(model.tasks)
    sum(output.sum() for output in model(inputs).values()).backward()
    assert (model.gates.grad is not None and bool(model.gates.grad.all())) == trained
    assert (model.regularizer() is not None) == trained


def test_the_regularizer_is_the_gates_entropy_and_grows_with_the_search():
    model = scattered(network("mtl_nas", 3, entropy=0.8), by=1.0)
    p = model.gates.sigmoid()
    entropy = -(p * p.log() + (1 - p) * (1 - p).log()).mean()
    for progress, share in ((0.1, 0.0), (0.225, 0.25), (0.35, 0.5)):  # search is .1 to .6
        model.begin_step(progress)
        torch.testing.assert_close(model.regularizer(), 0.8 * share * entropy)


def test_entropy_alone_drives_each_gate_to_the_nearer_end():
    model = scattered(network("mtl_nas", 3, entropy=1.0), by=0.5)
    first = model.gates.detach().clone()
    optimizer = torch.optim.Adam([model.gates], lr=0.1)
    model.begin_step(0.59)
    for _ in range(100):
        optimizer.zero_grad()
        model.regularizer().backward()
        optimizer.step()
    assert torch.equal(model.gates > 0, first > 0)
    assert ((model.gates.sigmoid() - (first > 0).float()).abs() < 0.02).all()


def test_open_edges_into_a_stage_begin_with_a_tenth_of_the_others_features():
    model = network("mtl_nas", 3)
    with torch.no_grad():
        model.gates.fill_(1.0)
    model.begin_step(SETTLED)
    inputs, _ = batch(model.tasks)
    first = model.shared[0].stages[0](inputs)
    mixed = 1.1 * first  # towers are equal: the mean of the others is the same
    second = model.shared[0].stages[1](mixed)
    expected = second + 0.05 * (first + second)
    for features in model.features(inputs, range(len(model.tasks))):
        torch.testing.assert_close(features, expected)
