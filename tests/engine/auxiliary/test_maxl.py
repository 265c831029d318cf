import copy
import io
import json
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine import catalog
from engine.architectures.cost import build
from engine.architectures.network import Blueprint
from engine.auxiliary.maxl import Maxl, collapse, generated_task, masked_softmax
from engine.datasets.dataset import Samples
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Task
from engine.training.feed import Batch, Part
from engine.training.losses import task_losses

CPU = torch.device("cpu")
THIRD = Task("third", "cross_entropy", 3)
SIGN = Task("sign", "binary_cross_entropy")
OTHER = Task("other", "squared_error")
LEARNING_RATE = 0.1


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more only wait for each other on layers this small
    yield
    torch.set_num_threads(threads)


def make(primary=THIRD, shape=(6,), others=(), seed=0, **settings):
    """A network, in training mode, and the MAXL beside it."""
    given = {"width": 8, "depth": 2, "subclasses": 4, "primary": primary.name, "auxiliary": "maxl", "affinity": "none"}
    config = RunConfig("digits", **{**given, **settings})
    blueprint = Blueprint((*others, primary, generated_task(primary, config.subclasses)), shape, config)
    torch.manual_seed(seed)
    return build(blueprint), Maxl(blueprint, config, CPU)


def samples(number=24, shape=(6,), seed=0):
    """A batch whose two classifications can be learned."""
    inputs = torch.randn(number, *shape, generator=torch.Generator().manual_seed(seed))
    flat = inputs.flatten(1)
    labels = {"third": flat[:, :3].argmax(1), "sign": (flat[:, 0] > 0).float(), "other": flat[:, 1]}
    return Batch((THIRD, SIGN, OTHER), inputs, labels, frozenset())


def part(data):
    """The batch as a part of a split."""
    labels = {name: values.numpy() for name, values in data.labels.items()}
    return Part(data.tasks, Samples(data.inputs.numpy(), labels), CPU)


def bits(values):
    return {name: value.clone() for name, value in values.items()}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert torch.equal(value, expected[name]), name


# The task


def test_the_generated_task_cuts_every_class():
    assert (generated_task(THIRD, 4).outputs, generated_task(SIGN, 4).outputs) == (12, 8)
    assert generated_task(THIRD, 4).name == "third (generated)"


@pytest.mark.parametrize("primary", [OTHER, Task("map", "cross_entropy", 3, dense=True)])
def test_a_primary_task_without_one_class_a_sample_is_refused_with_the_way_out(primary):
    with pytest.raises(KindredError, match=f"{primary.name}.*classification.*auxiliary to none"):
        generated_task(primary, 4)


# Labels


def test_the_masked_softmax_is_the_softmax_over_the_own_classes_outputs():
    logits = torch.randn(5, 12, generator=torch.Generator().manual_seed(0)) * 30
    classes = torch.tensor([2, 0, 1, 1, 0])
    labels = masked_softmax(logits, classes, 4)
    for sample, own in enumerate(classes.tolist()):
        block = slice(4 * own, 4 * own + 4)
        torch.testing.assert_close(labels[sample, block], logits[sample, block].softmax(0))
        assert labels[sample].count_nonzero() == labels[sample, block].count_nonzero()
    torch.testing.assert_close(labels.sum(1), torch.ones(5))


@pytest.mark.parametrize("primary", [THIRD, SIGN])
def test_labels_are_distributions_within_the_primary_class(primary):
    _, maxl = make(primary)
    data = samples()
    labels = maxl.labels(data.inputs, data.labels).view(24, -1, 4)
    own = labels[torch.arange(24), data.labels[primary.name].long()]
    torch.testing.assert_close(own.sum(1), torch.ones(24))
    assert labels.count_nonzero() == own.count_nonzero() and not labels.requires_grad


def test_a_label_depends_on_its_sample_alone_and_making_it_moves_nothing():
    model, maxl = make(batch_norm=True, dropout=0.5)
    data = samples()
    maxl.meta_step(model, data.inputs, data.labels, LEARNING_RATE)
    before, drawn = bits(maxl.generator.state_dict()), torch.get_rng_state()
    together = maxl.labels(data.inputs, data.labels)
    alone = [maxl.labels(each.inputs, each.labels) for each in (part(data).batch(torch.tensor([n])) for n in range(24))]
    torch.testing.assert_close(together, torch.cat(alone))
    assert_same(maxl.generator.state_dict(), before)
    assert torch.equal(torch.get_rng_state(), drawn)


def test_the_generators_batch_norm_follows_the_batches_it_is_trained_on():
    model, maxl = make(batch_norm=True)
    data = samples(200)
    for _ in range(60):
        maxl.meta_step(model, data.inputs, data.labels, 0.0)
    _, linear, norm, _ = maxl.generator.backbone.stages[0]
    torch.testing.assert_close(norm.running_mean, linear(data.inputs).mean(0), atol=0.05, rtol=0.05)


# The entropy term


def test_the_entropy_term_is_nothing_for_even_use_and_log_of_the_subclasses_for_a_collapse():
    even = F.one_hot(torch.arange(12), 12).double()
    collapsed = F.one_hot(torch.tensor([0, 0, 4, 8, 8, 8]), 12).double()
    assert collapse(even, 4).item() == pytest.approx(0, abs=1e-12)
    assert collapse(collapsed, 4).item() == pytest.approx(math.log(4))
    half = F.one_hot(torch.tensor([0, 1, 2, 3, 4, 4, 4, 4]), 12).double()
    assert collapse(half, 4).item() == pytest.approx(math.log(4) / 2)


def test_the_entropy_terms_gradient_is_that_of_the_papers():
    logits = torch.randn(10, 12, dtype=torch.float64, requires_grad=True)
    labels = masked_softmax(logits, torch.arange(10) % 3, 4)
    mean = labels.mean(0)
    (paper,) = torch.autograd.grad((mean * mean.log()).sum(), logits, retain_graph=True)
    (ours,) = torch.autograd.grad(collapse(labels, 4), logits)
    torch.testing.assert_close(ours, paper)


def test_the_entropy_terms_gradient_is_finite_where_a_class_is_absent_from_the_batch():
    logits = torch.tensor([[300.0, 0.0, 0.0, 0.0], [0.0, -300.0, 0.0, 0.0]], requires_grad=True)
    collapse(masked_softmax(logits, torch.tensor([0, 0]), 2), 2).backward()
    assert logits.grad.isfinite().all()


def test_the_entropy_term_brings_a_collapsed_generator_back_to_all_subclasses():
    data = samples(60)
    use = {}
    for weight in (0.0, 1.0):
        model, maxl = make(label_entropy=weight, label_rate=0.05)
        with torch.no_grad():
            maxl.generator.heads.layers[0].bias[::4] += 4
        before = collapse(maxl.labels(data.inputs, data.labels), 4).item()
        for _ in range(60):
            maxl.meta_step(model, data.inputs, data.labels, LEARNING_RATE)
        use[weight] = collapse(maxl.labels(data.inputs, data.labels), 4).item() / before
    assert use[1.0] < 0.05 and use[0.0] > 0.8


# The second-order update


def explicit_meta_loss(model, maxl, data, primary, entropy_weight):
    """The meta loss, from the paper's formulas: a copy of the network takes the step."""
    outputs = model(data.inputs)
    classes = data.labels[primary.name].long()
    logits = maxl.generator(data.inputs).detach()
    generated = torch.zeros_like(logits)
    for sample, own in enumerate(classes.tolist()):
        block = slice(4 * own, 4 * own + 4)
        generated[sample, block] = torch.exp(logits[sample, block]) / torch.exp(logits[sample, block]).sum()
    mean = generated.mean(0)
    entropy = sum(m * math.log(m) for m in mean.tolist())

    def of_primary(outputs):
        if primary.loss == "cross_entropy":
            return F.cross_entropy(outputs[primary.name], classes)
        return F.binary_cross_entropy_with_logits(outputs[primary.name][:, 0], data.labels[primary.name])

    chances = outputs[maxl.task.name].softmax(1)
    focal = -(generated * (1 - chances) ** 2 * chances.log()).sum() / len(data.inputs)
    model.zero_grad()
    (of_primary(outputs) + focal).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= LEARNING_RATE * parameter.grad
        return (of_primary(model(data.inputs)) + entropy_weight * entropy).item()


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("primary", [THIRD, SIGN])
def test_the_meta_gradient_agrees_with_finite_differences(primary, batch_norm):
    model, maxl = make(primary, others=(OTHER,), batch_norm=batch_norm, label_entropy=0.01)
    model.double(), maxl.generator.double()
    data = samples()
    data = Batch(data.tasks, data.inputs.double(), {name: of.double() for name, of in data.labels.items()}, data.sparse)
    data.labels["third"] = data.labels["third"].long()
    parameters = list(maxl.generator.parameters())
    found = torch.autograd.grad(maxl.meta_loss(model, data.inputs, data.labels, LEARNING_RATE), parameters)

    def explicit():
        return explicit_meta_loss(copy.deepcopy(model), maxl, data, primary, 0.01)

    width = 1e-5
    for parameter, gradient in zip(parameters, found, strict=True):
        for place in gradient.abs().flatten().topk(min(3, gradient.numel())).indices.tolist():
            numbers = parameter.data.view(-1)
            numbers[place] += width
            above = explicit()
            numbers[place] -= 2 * width
            below = explicit()
            numbers[place] += width
            assert gradient.view(-1)[place].item() == pytest.approx((above - below) / (2 * width), rel=1e-4, abs=1e-9)


def test_the_meta_gradient_without_the_entropy_term_comes_through_the_step_alone():
    model, maxl = make(label_entropy=0.0)
    data = samples()
    parameters = list(maxl.generator.parameters())
    for rate, moves in ((0.0, False), (LEARNING_RATE, True)):
        found = torch.autograd.grad(maxl.meta_loss(model, data.inputs, data.labels, rate), parameters)
        assert any(gradient.any() for gradient in found) == moves


def test_meta_steps_bring_the_meta_loss_down():
    model, maxl = make(label_entropy=0.0, label_rate=0.01)
    data = samples()
    path = []
    for _ in range(30):
        path.append(maxl.meta_loss(model, data.inputs, data.labels, LEARNING_RATE).item())
        maxl.meta_step(model, data.inputs, data.labels, LEARNING_RATE)
    assert all(later < earlier for earlier, later in zip(path, path[1:], strict=False))


@pytest.mark.parametrize("design", [entry.name for entry in catalog.entries("architecture")])
@pytest.mark.parametrize("progress", [0.3, 1.0])  # a design that searches: before and after it has settled
def test_a_meta_step_leaves_every_design_as_it_was_and_moves_the_generator(design, progress):
    shape = (1, 6, 6)
    given = {"trunk": "convolutional", "batch_norm": True, "dropout": 0.2, "width": 4}
    model, maxl = make(shape=shape, others=(OTHER,), architecture=design, **given)
    data = samples(shape=shape)
    model.begin_step(progress)
    labels = data.labels | {maxl.task.name: maxl.labels(data.inputs, data.labels)}
    sum(task_losses(model.tasks, model(data.inputs), labels).values()).backward()
    kept = bits(model.state_dict())
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    values = bits({name: gradient for name, gradient in gradients.items() if gradient is not None})
    generator = bits(maxl.generator.state_dict())

    maxl.meta_step(model, data.inputs, labels, LEARNING_RATE)

    assert_same(model.state_dict(), kept)
    assert all(parameter.grad is gradients[name] for name, parameter in model.named_parameters())
    assert_same({name: gradients[name] for name in values}, values)
    assert model.training and not maxl.generator.training
    assert all(parameter.grad is None for parameter in maxl.generator.parameters())
    moved = [name for name, value in maxl.generator.state_dict().items() if not torch.equal(value, generator[name])]
    assert {"backbone.stages.0.0.weight", "heads.layers.0.weight"} <= set(moved)


def test_labels_generated_before_have_no_part_in_a_meta_step():
    data = samples()
    states = []
    for stale in ({}, {"third (generated)": torch.full((24, 12), torch.nan)}):
        model, maxl = make()
        maxl.meta_step(model, data.inputs, data.labels | stale, LEARNING_RATE)
        states.append(maxl.generator.state_dict())
    assert_same(*states)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, tokens):
        return self.mix(tokens, tokens, tokens, need_weights=False)[0].mean(1)


def attention_trunk(shape):
    return [nn.Linear(shape[1], 4), Attention()]


def test_a_trunk_of_ones_own_may_use_attention():
    model, maxl = make(shape=(5, 3), trunk="tests.engine.auxiliary.test_maxl:attention_trunk")
    data = samples(shape=(5, 3))
    before = maxl.labels(data.inputs, data.labels)
    maxl.meta_step(model, data.inputs, data.labels, LEARNING_RATE)
    assert not torch.equal(maxl.labels(data.inputs, data.labels), before)


# Training


def train(model, maxl, data, steps):
    tasks = (maxl.primary, maxl.task)
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE)
    for _ in range(steps):
        labels = data.labels | {maxl.task.name: maxl.labels(data.inputs, data.labels)}
        optimizer.zero_grad()
        sum(task_losses(tasks, model(data.inputs), labels).values()).backward()
        optimizer.step()
        maxl.meta_step(model, data.inputs, labels, LEARNING_RATE)


@pytest.mark.parametrize("primary", [THIRD, SIGN])
def test_training_with_maxl_learns_the_primary_task_and_changes_the_labels(primary):
    model, maxl = make(primary, label_entropy=0.01)
    data = samples(90)

    def loss():
        return task_losses((primary,), model(data.inputs), data.labels)[primary.name].item()

    before, labels = loss(), maxl.labels(data.inputs, data.labels)
    train(model, maxl, data, 120)
    assert loss() < before / 2
    assert (maxl.labels(data.inputs, data.labels) - labels).abs().sum(1).mean() > 0.05


def test_a_state_taken_up_goes_on_bit_for_bit():
    data = samples()
    model, maxl = make(batch_norm=True)
    train(model, maxl, data, 3)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "maxl": maxl.state()}, file)
    file.seek(0)
    train(model, maxl, data, 3)

    again, resumed = make(batch_norm=True, seed=1)
    state = torch.load(file, weights_only=True)
    again.load_state_dict(state["model"])
    resumed.load_state(state["maxl"])
    train(again, resumed, data, 3)
    assert_same(resumed.generator.state_dict(), maxl.generator.state_dict())
    assert_same(again.state_dict(), model.state_dict())


# Examples


def test_the_examples_tell_what_the_labels_are():
    _, maxl = make(shape=(1, 2, 3))
    data = samples(100, (1, 2, 3))
    found = maxl.examples(part(data))
    labels = maxl.labels(data.inputs, data.labels)
    assert (found["primary"], found["classes"], found["subclasses"], found["samples"]) == ("third", 3, 4, 100)
    assert [(group["class"], group["subclass"]) for group in found["groups"]] == [
        (of, place) for of in range(3) for place in range(4)
    ]
    certain = labels.max(1)
    low, high = data.inputs.min(), data.inputs.max()
    for place, group in enumerate(found["groups"]):
        members = (certain.indices == place).nonzero()[:, 0].tolist()
        assert group["count"] == len(members)
        assert group["share"] == pytest.approx(len(members) / (data.labels["third"] == place // 4).sum().item())
        by_certainty = sorted(members, key=lambda index: -certain.values[index].item())
        assert [example["index"] for example in group["examples"]] == by_certainty[:8]
        for example in group["examples"]:
            assert example["probability"] == certain.values[example["index"]].item()
            image = (data.inputs[example["index"], 0] - low) / (high - low) * 255
            assert example["thumbnail"] == image.round().int().tolist()
    assert max(group["count"] for group in found["groups"]) > 8  # or the limit was not tested
    assert found["certainty"] == pytest.approx(certain.values.mean().item())
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_examples_entropy_tells_a_collapse():
    _, maxl = make()
    data = samples(100)
    assert 0.05 < maxl.examples(part(data))["entropy"] <= 1
    with torch.no_grad():
        maxl.generator.heads.layers[0].bias[::4] += 100
    assert maxl.examples(part(data))["entropy"] == 0
    assert [group["share"] for group in maxl.examples(part(data))["groups"]] == [1, 0, 0, 0] * 3


def test_only_the_first_2000_samples_are_looked_at():
    _, maxl = make()
    data = samples(2500)
    found = maxl.examples(part(data))
    assert sum(group["count"] for group in found["groups"]) == found["samples"] == 2000


@pytest.mark.parametrize(
    ("shape", "size"),
    [((3, 4, 5), (4, 5, 3)), ((1, 32, 32), (32, 32)), ((1, 33, 32), None), ((2, 4, 4), None), ((6,), None)],
)
def test_thumbnails_are_made_of_small_images_only(shape, size):
    _, maxl = make(shape=shape)
    (shown, *_) = [each for group in maxl.examples(part(samples(shape=shape)))["groups"] for each in group["examples"]]
    assert (shown["thumbnail"] is None) == (size is None)
    assert size is None or torch.tensor(shown["thumbnail"]).shape == size


def test_examples_can_be_written_as_json_whatever_became_of_the_generator():
    _, maxl = make(SIGN, shape=(1, 2, 3))
    data = samples(10, (1, 2, 3))
    blank = Batch(data.tasks, torch.zeros_like(data.inputs), data.labels, data.sparse)
    with torch.no_grad():
        maxl.generator.heads.layers[0].bias.fill_(torch.nan)
    json.dumps(maxl.examples(part(blank)), allow_nan=False)
