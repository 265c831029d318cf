from dataclasses import replace

import numpy as np
import pytest

from engine.datasets import linear_samples as module
from engine.datasets.dataset import SPLITS, Dataset, Samples
from engine.datasets.linear_samples import linear_samples
from engine.datasets.loading import load_dataset
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.tasks import Task
from tests.engine.sinks import dataset, shared

YES = Task("yes", "binary_cross_entropy")
LONG = Task("long", "squared_error")
WIDE = Task("wide", "squared_error")
KIND = Task("kind", "cross_entropy", 3)
PLACE = Task("place", "squared_error", 2)
MAP = Task("map", "squared_error", dense=True)


def test_inputs_are_flat_and_each_task_has_those_of_its_part():
    samples = linear_samples(load_dataset(DataSettings("digit_slants")))
    assert samples.loss == "squared" and samples.names == tuple(f"slant of {digit}" for digit in range(10))
    for split in SPLITS:
        for x, y in zip(*getattr(samples, split), strict=True):
            assert x.shape == (len(y), 64) and x.dtype == y.dtype == np.float64
    means = [(labels.mean(), labels.std()) for labels in samples.train[1]]
    np.testing.assert_allclose(means, [(0, 1)] * 10, atol=1e-6)


def test_samples_without_a_label_are_left_out_of_that_task_alone():
    """Yeast, with a share of its labels hidden, keeps what is known, in its order."""
    whole = load_dataset(DataSettings("yeast"))
    random = np.random.default_rng(0)

    def hide(split):
        (part,) = split
        hidden = {
            name: np.where(random.random(len(part)) < 0.4, np.nan, labels).astype(np.float32)
            for name, labels in part.labels.items()
        }
        return (Samples(part.inputs, hidden),)

    holed = Dataset(whole.name, whole.tasks, *(hide(getattr(whole, split)) for split in SPLITS))
    samples = linear_samples(holed)
    for split in SPLITS:
        (part,), found = getattr(holed, split), getattr(samples, split)
        assert len({len(labels) for labels in found[1]}) > 3  # each task has other holes
        for task, x, y in zip(samples.tasks, *found, strict=True):
            there = ~np.isnan(part.labels[task.name])
            assert 0.5 < there.mean() < 0.7
            np.testing.assert_array_equal(x, part.inputs[there])
            np.testing.assert_array_equal(y, part.labels[task.name][there])


def test_tasks_with_the_same_inputs_and_all_labels_share_them():
    samples = linear_samples(shared([LONG, WIDE]))
    assert samples.train[0][0] is samples.train[0][1]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([YES, LONG, WIDE], "yes is binary; long, wide are a single real number. So .* such as long,wide"),
        ([YES, KIND], "yes is binary; kind is neither. So .* such as yes"),
        ([LONG, PLACE], "place is neither"),
        ([MAP], "map is neither. So choose another, like yeast or digit_pairs"),
        ([Task("a, b", "squared_error"), KIND], 'such as "a, b"'),
        ([Task("far", "absolute_error")], "far is neither"),
    ],
)
def test_tasks_that_no_linear_model_learns_are_refused_with_those_that_one_does(tasks, said):
    with pytest.raises(KindredError, match=said):
        linear_samples(shared(tasks))


def test_some_of_the_tasks_may_be_named_in_any_order():
    mixed = shared([YES, KIND, LONG, WIDE])
    assert linear_samples(mixed, ["wide", "long"]).names == ("long", "wide")
    assert linear_samples(mixed, ["yes"]).loss == "logistic"
    with pytest.raises(KindredError, match="no task 'tall' in mixed; choose of yes, kind, long, wide"):
        linear_samples(mixed, ["tall"])


@pytest.mark.parametrize("name", ["digit_mix", "digits"])
def test_data_sets_of_other_tasks_are_refused_in_one_sentence(name):
    with pytest.raises(KindredError, match="all binary, or all a single real number"):
        linear_samples(load_dataset(DataSettings(name)))


def test_labels_that_are_no_label_and_tasks_of_one_label_are_named():
    made = dataset(binary=True)
    (first, *others) = made.train
    for value, said in ((0.5, "'task 0' in made is 0.5"), (1.0, "All training labels of 'task 0' in made are 1")):
        part = replace(first, labels={"task 0": np.full(len(first), value, np.float32)})
        with pytest.raises(KindredError, match=said):
            linear_samples(Dataset("made", made.tasks, (part, *others), made.validation, made.test))


def test_inputs_that_would_fill_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    with pytest.raises(KindredError, match="choose fewer samples, or smaller images"):
        linear_samples(dataset())
