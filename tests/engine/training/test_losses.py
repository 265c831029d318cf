import pytest
import torch

from engine.tasks import METRICS, Task
from engine.training.losses import task_losses, task_metrics

TASKS = (
    Task("yes", "binary_cross_entropy"),
    Task("kind", "cross_entropy", 3),
    Task("blend", "soft_cross_entropy", 2),
    Task("size", "squared_error"),
)
LABELS = {
    "yes": torch.tensor([1.0, 0.0, 1.0, 0.0]),
    "kind": torch.tensor([0, 1, 2, 1]),
    "blend": torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]),
    "size": torch.tensor([1.0, 2.0, 3.0, 6.0]),
}


def test_every_loss_a_task_can_name_has_a_metric_and_works():
    assert {task.loss for task in TASKS} == set(METRICS)


def test_perfect_outputs_score_one():
    outputs = {
        "yes": (LABELS["yes"] * 40 - 20)[:, None],
        "kind": torch.nn.functional.one_hot(LABELS["kind"], 3) * 40.0,
        "blend": LABELS["blend"] * 40,
        "size": LABELS["size"][:, None],
    }
    assert [value.item() for value in task_metrics(TASKS, outputs, LABELS).values()] == [1, 1, 1, 1]
    assert all(value < 1e-6 for value in task_losses(TASKS, outputs, LABELS).values())


def test_ignorant_outputs_have_the_losses_of_the_closed_forms():
    outputs = {
        "yes": torch.zeros(4, 1),
        "kind": torch.zeros(4, 3),
        "blend": torch.zeros(4, 2),
        "size": torch.full((4, 1), 3.0),
    }
    losses = task_losses(TASKS, outputs, LABELS)
    assert losses["yes"].item() == pytest.approx(torch.tensor(2.0).log().item())
    assert losses["kind"].item() == pytest.approx(torch.tensor(3.0).log().item())
    assert losses["blend"].item() == pytest.approx(torch.tensor(2.0).log().item() / 4)  # the factor (1 − ½)²
    assert losses["size"].item() == pytest.approx(3.5)  # the labels' variance about their mean 3
    assert task_metrics(TASKS, outputs, LABELS)["size"].item() == pytest.approx(0)


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
        assert task_metrics(blend, {"blend": output}, {"blend": torch.tensor(label)})["blend"].item() == share


def test_a_soft_cross_entropy_is_finite_for_extreme_outputs():
    output = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = task_losses(TASKS[2:3], {"blend": output}, {"blend": torch.tensor([[0.0, 1.0]])})["blend"]
    loss.backward()
    assert loss.isfinite() and output.grad.isfinite().all()
