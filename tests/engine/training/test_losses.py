import pytest
import torch

from engine.tasks import METRICS, Task
from engine.training.losses import task_losses, task_metrics

TASKS = (Task("yes", "binary_cross_entropy"), Task("kind", "cross_entropy", 3), Task("size", "squared_error"))
LABELS = {
    "yes": torch.tensor([1.0, 0.0, 1.0, 0.0]),
    "kind": torch.tensor([0, 1, 2, 1]),
    "size": torch.tensor([1.0, 2.0, 3.0, 6.0]),
}


def test_every_loss_a_task_can_name_has_a_metric_and_works():
    assert {task.loss for task in TASKS} == set(METRICS)


def test_perfect_outputs_score_one():
    outputs = {
        "yes": (LABELS["yes"] * 40 - 20)[:, None],
        "kind": torch.nn.functional.one_hot(LABELS["kind"], 3) * 40.0,
        "size": LABELS["size"][:, None],
    }
    assert [value.item() for value in task_metrics(TASKS, outputs, LABELS).values()] == [1, 1, 1]
    assert all(value < 1e-6 for value in task_losses(TASKS, outputs, LABELS).values())


def test_ignorant_outputs_have_the_losses_of_the_closed_forms():
    outputs = {"yes": torch.zeros(4, 1), "kind": torch.zeros(4, 3), "size": torch.full((4, 1), 3.0)}
    losses = task_losses(TASKS, outputs, LABELS)
    assert losses["yes"].item() == pytest.approx(torch.tensor(2.0).log().item())
    assert losses["kind"].item() == pytest.approx(torch.tensor(3.0).log().item())
    assert losses["size"].item() == pytest.approx(3.5)  # the labels' variance about their mean 3
    assert task_metrics(TASKS, outputs, LABELS)["size"].item() == pytest.approx(0)
