import pytest
import torch

from engine.datasets.dataset import NO_CLASS
from engine.tasks import METRICS, Task
from engine.training.losses import Tally, task_losses, task_metrics

TASKS = (
    Task("yes", "binary_cross_entropy"),
    Task("kind", "cross_entropy", 3),
    Task("blend", "soft_cross_entropy", 2),
    Task("size", "squared_error"),
    Task("length", "absolute_error"),
)
LABELS = {
    "yes": torch.tensor([1.0, 0.0, 1.0, 0.0]),
    "kind": torch.tensor([0, 1, 2, 1]),
    "blend": torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]),
    "size": torch.tensor([1.0, 2.0, 3.0, 6.0]),
    "length": torch.tensor([1.0, 2.0, 3.0, 6.0]),
}


def test_every_loss_a_task_can_name_has_a_metric_and_works():
    assert {task.loss for task in TASKS} == set(METRICS)


def test_perfect_outputs_score_one():
    outputs = {
        "yes": (LABELS["yes"] * 40 - 20)[:, None],
        "kind": torch.nn.functional.one_hot(LABELS["kind"], 3) * 40.0,
        "blend": LABELS["blend"] * 40,
        "size": LABELS["size"][:, None],
        "length": LABELS["length"][:, None],
    }
    assert list(task_metrics(TASKS, outputs, LABELS).values()) == [1, 1, 1, 1, 1]
    assert all(value < 1e-6 for value in task_losses(TASKS, outputs, LABELS).values())


def test_ignorant_outputs_have_the_losses_of_the_closed_forms():
    outputs = {
        "yes": torch.zeros(4, 1),
        "kind": torch.zeros(4, 3),
        "blend": torch.zeros(4, 2),
        "size": torch.full((4, 1), 3.0),
        "length": torch.full((4, 1), 3.0),
    }
    losses = task_losses(TASKS, outputs, LABELS)
    assert losses["yes"].item() == pytest.approx(torch.tensor(2.0).log().item())
    assert losses["kind"].item() == pytest.approx(torch.tensor(3.0).log().item())
    assert losses["blend"].item() == pytest.approx(torch.tensor(2.0).log().item() / 4)  # the factor (1 − ½)²
    assert losses["size"].item() == pytest.approx(3.5)  # the labels' variance about their mean 3
    assert losses["length"].item() == pytest.approx(1.5)
    assert task_metrics(TASKS, outputs, LABELS)["size"] == pytest.approx(0)


def test_a_soft_label_weighs_the_focal_losses_of_its_classes():
    output = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 0.0]], dtype=torch.float64)
    label = torch.tensor([[0.2, 0.0, 0.8], [1.0, 0.0, 0.0]], dtype=torch.float64)
    chances = torch.exp(output) / torch.exp(output).sum(1, keepdim=True)
    by_class = -((1 - chances) ** 2) * chances.log()
    expected = (0.2 * by_class[0, 0] + 0.8 * by_class[0, 2] + by_class[1, 0]) / 2
    blend = TASKS[2:3]
    assert task_losses(blend, {"blend": output}, {"blend": label})["blend"].item() == pytest.approx(expected.item())


def test_a_soft_label_is_met_where_the_likeliest_classes_agree():
    output = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 0.0]])
    blend = TASKS[2:3]
    for label, share in (([[0.6, 0.0, 0.4], [0.3, 0.4, 0.3]], 1), ([[0.4, 0.0, 0.6], [0.3, 0.4, 0.3]], 0.5)):
        assert task_metrics(blend, {"blend": output}, {"blend": torch.tensor(label)})["blend"] == share


def test_a_soft_cross_entropy_is_finite_for_extreme_outputs():
    output = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = task_losses(TASKS[2:3], {"blend": output}, {"blend": torch.tensor([[0.0, 1.0]])})["blend"]
    loss.backward()
    assert loss.isfinite() and output.grad.isfinite().all()


DENSE = (
    Task("kinds", "cross_entropy", 3, dense=True),
    Task("edge", "binary_cross_entropy", dense=True),
    Task("depth", "absolute_error", dense=True),
    Task("normals", "squared_error", 3, dense=True),
    Task("place", "squared_error", 2),
)


def dense_problem(samples=6):
    random = torch.Generator().manual_seed(0)
    outputs = {
        task.name: torch.randn(samples, task.outputs, *((4, 5) if task.dense else ()), generator=random)
        for task in DENSE
    }
    labels = {
        "kinds": torch.randint(3, (samples, 4, 5), generator=random),
        "edge": (torch.rand(samples, 4, 5, generator=random) > 0.5).float(),
        "depth": torch.randn(samples, 4, 5, generator=random),
        "normals": torch.randn(samples, 3, 4, 5, generator=random),
        "place": torch.randn(samples, 2, generator=random),
    }
    return outputs, labels


def masked(labels, share):
    random = torch.Generator().manual_seed(1)
    hidden = {}
    for name, label in labels.items():
        gone = torch.rand(label.shape, generator=random) < share
        hidden[name] = torch.where(gone, NO_CLASS if label.dtype == torch.int64 else torch.nan, label)
    return hidden


EVERY = [task.name for task in DENSE]


def test_with_every_label_there_a_mask_changes_nothing():
    outputs, labels = dense_problem()
    plain, through_a_mask = task_losses(DENSE, outputs, labels), task_losses(DENSE, outputs, labels, EVERY)
    for task in DENSE:
        torch.testing.assert_close(plain[task.name], through_a_mask[task.name])
    assert task_metrics(DENSE, outputs, labels, EVERY) == pytest.approx(task_metrics(DENSE, outputs, labels))


@pytest.mark.parametrize("share", [0.1, 0.6, 0.97])
def test_missing_labels_are_as_if_their_places_were_not_there(share):
    outputs, labels = dense_problem()
    hidden = masked(labels, share)
    for outputs_of in outputs.values():
        outputs_of.requires_grad_()
    losses = task_losses(DENSE, outputs, hidden, EVERY)
    sum(losses.values()).backward()
    for task in DENSE:
        output, label = outputs[task.name], hidden[task.name]
        gone = (label == NO_CLASS) if task.loss == "cross_entropy" else label.isnan()
        if task.name not in losses:
            assert gone.all() and output.grad is None
            continue
        assert output.grad.isfinite().all()
        at_each = gone[:, None].expand_as(output) if gone.shape != output.shape else gone
        assert not output.grad[at_each].any() and output.grad[~at_each].any()


def test_an_absurd_output_where_no_label_is_makes_no_gradient_nan():
    for task in DENSE:
        outputs, labels = dense_problem()
        output = outputs[task.name]
        label = labels[task.name]
        label[0] = NO_CLASS if label.dtype == torch.int64 else torch.nan
        output[0] = torch.inf
        output.requires_grad_()
        task_losses((task,), outputs, labels, EVERY)[task.name].backward()
        assert output.grad.isfinite().all() and not output.grad[0].any()


def test_a_task_without_any_label_is_left_out():
    outputs, labels = dense_problem()
    assert task_losses(DENSE, outputs, masked(labels, 1.1), EVERY) == {}
    assert all(value != value for value in task_metrics(DENSE, outputs, masked(labels, 1.1), EVERY).values())


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_tally_of_pieces_is_that_of_the_whole(share):
    outputs, labels = dense_problem(12)
    hidden = masked(labels, share)
    whole, metrics = task_losses(DENSE, outputs, hidden, EVERY), task_metrics(DENSE, outputs, hidden, EVERY)
    for task in DENSE:
        tally = Tally(task)
        for piece in (slice(0, 5), slice(5, 6), slice(6, 12)):
            tally.add(outputs[task.name][piece], hidden[task.name][piece], True)
        assert tally.loss == pytest.approx(whole[task.name].item(), rel=1e-5)
        assert tally.metric == pytest.approx(metrics[task.name], rel=1e-6)


def test_r_squared_takes_every_outputs_own_mean():
    label = torch.tensor([[0.0, 10.0], [2.0, 14.0]])
    output = torch.tensor([[1.0, 12.0], [1.0, 12.0]])
    assert task_metrics(DENSE[-1:], {"place": output}, {"place": label})["place"] == pytest.approx(0)
    blank = task_metrics(DENSE[-1:], {"place": output}, {"place": torch.ones(2, 2)})["place"]
    assert blank != blank  # labels that do not differ explain nothing
