"""What holds for every network design of the catalog."""

import math

import pytest
import torch

from engine import catalog
from engine.architectures.cost import build, cost_of
from engine.training.losses import task_losses
from tests.engine.architectures.networks import (
    ARCHITECTURES,
    KINDS,
    PHASES,
    batch,
    blueprint,
    network,
    permuted,
    scattered,
    total_loss,
    train,
)

every = pytest.mark.parametrize("architecture", ARCHITECTURES)


@every
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 3, 14])
def test_every_task_gets_an_output_of_its_shape_in_every_phase(architecture, count, kind):
    model = network(architecture, count, kind)
    inputs, _ = batch(model.tasks, kind)
    for training in (True, False):
        model.train(training)
        for progress in PHASES:
            model.begin_step(progress)
            for task, output in zip(model.tasks, model(inputs).values(), strict=True):
                assert output.shape == (8, task.outputs, *(inputs.shape[2:] if task.dense else ()))
                assert output.isfinite().all()


@pytest.mark.parametrize("architecture", [each for each in ARCHITECTURES if each != "mtan"])
def test_a_single_task_begins_as_a_plain_tower(architecture):
    model, plain = network(architecture, 1), network("hard_sharing", 1)
    inputs, _ = batch(model.tasks)
    torch.testing.assert_close(
        model.features(inputs, range(len(model.tasks)))[0], plain.features(inputs, range(len(plain.tasks)))[0]
    )


@every
@pytest.mark.parametrize("kind", ["vectors", "dense"])
def test_permuting_the_tasks_permutes_outputs_and_readings(architecture, kind):
    order = [2, 0, 3, 1]
    model = scattered(network(architecture, 4, kind))
    other = permuted(model, blueprint(architecture, 4, kind), order)
    assert [task.name for task in other.tasks] == [model.tasks[place].name for place in order]
    inputs, _ = batch(model.tasks, kind)
    for progress in PHASES:
        for each in (model, other):
            each.begin_step(progress)
            each.train()
            each(inputs)  # for readings of the last training batch
            each.eval()
        outputs, moved = model(inputs), other(inputs)
        for name in outputs:
            torch.testing.assert_close(moved[name], outputs[name])
        for name, matrix in model.readings().items():
            torch.testing.assert_close(other.readings()[name], matrix[order][:, order])


@every
@pytest.mark.parametrize("settings", [{}, {"tie": "trace_norm"}, {"batch_norm": True}], ids=["plain", "trace", "norm"])
def test_training_lowers_the_losses(architecture, settings):
    model = network(architecture, 3, **settings)
    inputs, labels = batch(model.tasks, samples=16)

    def losses():
        model.eval()
        return sum(loss.item() for loss in task_losses(model.tasks, model(inputs), labels).values())

    before = losses()
    train(model, inputs, labels, 80)
    assert losses() < 0.7 * before


@every
@pytest.mark.parametrize("kind", ["vectors", "images"])
def test_a_saved_network_goes_on_as_it_was(architecture, kind):
    model, other = network(architecture, 3, kind, batch_norm=True), network(architecture, 3, kind, 9, batch_norm=True)
    inputs, labels = batch(model.tasks, kind)
    train(model, inputs, labels, 5)
    other.load_state_dict(model.state_dict())
    for progress in PHASES:
        seen = []
        for each in (model, other):
            torch.manual_seed(3)
            each.begin_step(progress)
            each.train()
            outputs = each(inputs)
            each.eval()
            seen.append((outputs, each(inputs), each.readings()))
        for mine, its in zip(*seen, strict=True):
            assert mine.keys() == its.keys()
            assert all(torch.equal(mine[name], its[name]) for name in mine)


@every
def test_every_parameter_is_trained_in_some_phase(architecture):
    model = scattered(network(architecture, 3, width=8, depth=3))
    inputs, labels = batch(model.tasks, samples=32)
    torch.manual_seed(0)
    trained = set()
    for progress in (*PHASES, 0.59):
        model.begin_step(progress)
        model.zero_grad()
        total_loss(model, inputs, labels).backward()
        trained |= {name for name, each in model.named_parameters() if each.grad is not None and each.grad.any()}
    assert trained == {name for name, _ in model.named_parameters()}


@every
def test_readings_are_finite_matrices_of_tasks_that_the_catalog_names(architecture):
    model = scattered(network(architecture, 3))
    inputs, _ = batch(model.tasks)
    for progress in PHASES:
        model.begin_step(progress)
        model(inputs)
        for name, matrix in model.readings().items():
            catalog.find("reading", name)
            assert matrix.shape == (3, 3)
            assert matrix.isfinite().all()
            assert not matrix.requires_grad
    assert model.readings() or architecture == "hard_sharing"


@every
def test_what_relates_tasks_is_apart_from_what_they_share(architecture):
    model = network(architecture, 3)
    shared = {id(each) for each in model.shared.parameters()}
    related = {id(each) for each in model.relation_parameters()}
    assert not shared & related
    assert related <= {id(each) for each in model.parameters()}


@every
def test_tasks_share_parameters_where_the_catalog_says_so(architecture):
    model = scattered(network(architecture, 3))
    inputs, labels = batch(model.tasks, samples=32)
    parameters = list(model.shared.parameters())
    losses = task_losses(model.tasks, model(inputs), labels)
    reached = [
        {
            place
            for place, each in enumerate(torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True))
            if each is not None and each.any()
        }
        for loss in losses.values()
        if parameters
    ]
    says = catalog.SHARED in catalog.has("architecture", architecture)
    assert says == bool(reached and set.intersection(*reached))


@every
def test_the_catalog_says_whether_all_heads_are_given_the_same(architecture):
    model = scattered(network(architecture, 3))
    model.begin_step(0.35)
    inputs, _ = batch(model.tasks)
    features = model.features(inputs, range(len(model.tasks)))
    says = catalog.ONE_REPRESENTATION in catalog.has("architecture", architecture)
    assert says == all(each is features[0] for each in features)


@every
@pytest.mark.parametrize("kind", KINDS)
def test_the_cost_is_known_without_building_it(architecture, kind):
    cost, model = cost_of(blueprint(architecture, 3, kind)), network(architecture, 3, kind)
    assert cost.parameters == sum(each.numel() for each in model.parameters())
    assert cost.snt >= 1 and math.isfinite(cost.snt)


@every
def test_it_computes_in_double_precision_all_through(architecture):
    model = network(architecture, 3).double()
    inputs, labels = batch(model.tasks)
    inputs = inputs.double()
    labels = {name: each.double() if each.is_floating_point() else each for name, each in labels.items()}
    for progress in PHASES:
        model.begin_step(progress)
        loss = total_loss(model, inputs, labels)
        loss.backward()
        model.after_step(0.01)
        assert loss.dtype == torch.float64
        assert all(matrix.dtype == torch.float64 for matrix in model.readings().values())


@every
def test_the_same_draws_give_the_same_outputs(architecture):
    """A lookahead repeats a pass by setting back torch's global generator alone."""
    model = scattered(network(architecture, 3, dropout=0.3))
    inputs, _ = batch(model.tasks)
    model.begin_step(0.55)
    start = torch.get_rng_state()
    first = model(inputs)
    torch.set_rng_state(start)
    with torch.no_grad():
        again = model(inputs)
    assert all(torch.equal(first[name], again[name]) for name in first)


@every
def test_all_towers_begin_equal(architecture):
    model = network(architecture, 3)
    towers = [*model.towers, *getattr(model, "own", ())]
    first = towers[0].state_dict()
    for each in towers[1:]:
        assert all(torch.equal(values, first[name]) for name, values in each.state_dict().items())


def test_building_twice_from_one_seed_gives_the_same_network():
    for architecture in ARCHITECTURES:
        plan = blueprint(architecture, 3)
        states = []
        for _ in range(2):
            torch.manual_seed(4)
            states.append(build(plan).state_dict())
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
