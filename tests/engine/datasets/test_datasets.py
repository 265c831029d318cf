import numpy as np
import pytest
import torch

from engine import catalog
from engine.datasets.dataset import epoch_order
from engine.datasets.digits import stroke_attributes

NAMES = [entry.name for entry in catalog.entries("dataset")]


@pytest.fixture(scope="module", params=NAMES)
def dataset(request):
    return catalog.load("dataset", request.param)()


def test_splits_are_whole_finite_and_of_the_shape_the_tasks_need(dataset):
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.inputs.isfinite().all()
        for task in dataset.tasks:
            labels = split.labels[task.name]
            assert labels.shape == (len(split),)
            if task.loss == "cross_entropy":
                assert labels.dtype == torch.int64 and labels.min() >= 0 and labels.max() < task.outputs
            elif task.loss == "binary_cross_entropy":
                assert set(labels.unique().tolist()) == {0, 1}
            else:
                assert labels.isfinite().all()


def test_real_labels_are_standardised_on_training(dataset):
    for task in dataset.tasks:
        if task.loss == "squared_error":
            labels = dataset.train.labels[task.name]
            assert abs(labels.mean()) < 1e-5 and abs(labels.std(correction=0) - 1) < 1e-4


def test_no_sample_is_in_two_splits(dataset):
    rows = [
        set(map(bytes, split.inputs.flatten(1).numpy())) for split in (dataset.train, dataset.validation, dataset.test)
    ]
    shared = sum(len(one & other) for one, other in ((rows[0], rows[1]), (rows[0], rows[2]), (rows[1], rows[2])))
    assert shared <= 2  # the source itself may hold equal samples


def test_the_data_sets_have_the_tasks_they_promise():
    assert len(catalog.load("dataset", "yeast")().tasks) == 14
    digits = catalog.load("dataset", "digits")().tasks
    assert len(digits) >= 9
    assert {task.loss for task in digits} == {"cross_entropy", "binary_cross_entropy", "squared_error"}


def test_stroke_attributes_of_drawn_shapes():
    upright = np.zeros((8, 8))
    upright[:, 4] = 1
    leaning = np.fliplr(np.eye(8))
    both = stroke_attributes(np.stack([upright, leaning, np.fliplr(leaning)]))
    assert both["slant"][0] == pytest.approx(0)
    assert both["slant"][1] == pytest.approx(-both["slant"][2])
    assert both["width"][0] == pytest.approx(0)
    assert both["ink"].tolist() == pytest.approx([1 / 8] * 3)
    assert both["strokes_crossed"].tolist() == [1, 1, 1]
    mirrored = np.zeros((1, 8, 8))
    mirrored[0, :, [2, 5]] = 1
    assert stroke_attributes(mirrored)["symmetry"][0] == pytest.approx(1)
    assert stroke_attributes(mirrored)["strokes_crossed"][0] == 2


def test_the_order_of_an_epoch_depends_on_seed_and_epoch_alone():
    torch.manual_seed(1)
    first = epoch_order(50, seed=3, epoch=2)
    torch.manual_seed(2)
    assert torch.equal(first, epoch_order(50, seed=3, epoch=2))
    assert not torch.equal(first, epoch_order(50, seed=3, epoch=3))
    assert not torch.equal(first, epoch_order(50, seed=4, epoch=2))
    assert sorted(first.tolist()) == list(range(50))
