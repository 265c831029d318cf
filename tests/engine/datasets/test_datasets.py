import subprocess
import sys

import numpy as np
import pytest

from engine import catalog
from engine.datasets.dataset import NO_CLASS, Dataset, Samples, at_most, in_order, known, only, randomly, split_randomly
from engine.datasets.digit_images import stroke_attributes
from engine.datasets.loading import load_dataset, offers
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.tasks import Task

FROM_FILES = ("table", "celeba", "taskonomy", "nyuv2")
NAMES = [entry.name for entry in catalog.entries("dataset") if entry.name not in FROM_FILES]
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module", params=NAMES)
def dataset(request):
    return load_dataset(DataSettings(request.param, images=40, image_size=16))


def test_splits_are_whole_finite_and_of_the_shape_the_tasks_need(dataset):
    rows = dataset.input_shape[-2:]
    for split in SPLITS:
        for part in getattr(dataset, split):
            assert part.inputs.dtype == np.float32 and np.isfinite(part.inputs).all()
            for task in dataset.tasks:
                labels = part.labels.get(task.name)
                if labels is None:
                    continue
                several = (task.outputs,) if task.real and task.outputs > 1 else ()
                assert labels.shape == (len(part), *several, *(rows if task.dense else ()))
                if task.loss == "cross_entropy":
                    assert labels.dtype == np.int64 and labels.min() >= 0 and labels.max() < task.outputs
                elif task.loss == "binary_cross_entropy":
                    assert labels.dtype == np.float32 and set(np.unique(labels)) <= {0, 1}
                else:
                    assert labels.dtype == np.float32 and np.isfinite(labels).all()


def test_the_catalog_says_what_the_data_set_offers(dataset):
    assert set(offers(dataset)) == set(catalog.has("dataset", dataset.name))


def test_real_labels_of_samples_are_standardised_on_training(dataset):
    for task, part in zip(dataset.tasks, dataset.part_of, strict=True):
        if task.loss == "squared_error" and not task.dense:
            labels = dataset.train[part].labels[task.name]
            assert np.abs(labels.mean(0)).max() < 1e-4 and np.abs(labels.std(0) - 1).max() < 1e-3


def test_no_sample_is_in_two_splits_or_parts(dataset):
    rows = [set(map(bytes, part.inputs)) for split in SPLITS for part in getattr(dataset, split)]
    everything = sum(map(len, rows))
    assert everything - len(set.union(*rows)) <= 40  # the source itself may hold equal samples


def test_a_data_set_is_the_same_in_every_process():
    code = (
        "import hashlib\n"
        "from engine.datasets.loading import load_dataset\n"
        "from engine.datasets.settings import DataSettings\n"
        "from tests.engine.datasets.test_datasets import NAMES\n"
        "for name in NAMES:\n"
        "    found = load_dataset(DataSettings(name, images=40, image_size=16))\n"
        "    parts = [part for split in (found.train, found.validation, found.test) for part in split]\n"
        "    whole = [each.tobytes() for part in parts for each in (part.inputs, *part.labels.values())]\n"
        "    print(name, hashlib.sha256(b''.join(whole)).hexdigest())\n"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout.splitlines()) == len(NAMES)


def test_the_data_sets_have_the_tasks_they_promise():
    def tasks(name):
        return load_dataset(DataSettings(name)).tasks

    assert len(tasks("yeast")) == 14
    assert len(tasks("digits")) >= 9
    assert {task.loss for task in tasks("digits")} == {"cross_entropy", "binary_cross_entropy", "squared_error"}
    assert len(tasks("river_flow")) == 8
    assert len({task.loss for task in tasks("digit_pairs")}) == 1
    assert len(load_dataset(DataSettings("digit_pairs")).train) == len(tasks("digit_pairs"))
    assert [(task.loss, task.dense) for task in tasks("digit_mix")] == [
        ("cross_entropy", False),
        ("squared_error", False),
        ("squared_error", True),
    ]


def test_the_rivers_are_tested_on_the_hours_that_follow():
    river = load_dataset(DataSettings("river_flow"))
    flows = [np.concatenate([part.inputs[:, 0] for part in getattr(river, split)]) for split in SPLITS]
    joined = np.concatenate(flows)
    assert np.abs(np.diff(joined)).max() < 1  # no jump where one split ends and the next begins
    assert len(flows[0]) == pytest.approx(0.6 * len(joined), abs=1)


def test_a_digit_of_a_pair_is_the_one_that_its_label_says():
    pairs = load_dataset(DataSettings("digit_pairs"))
    for part in pairs.train:
        ((_, labels),) = part.labels.items()
        assert 0.2 < labels.mean() < 0.8


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


def test_splits_cover_all_and_share_nothing():
    for splits in (randomly(103), in_order(np.arange(103)[::-1])):
        assert sorted(np.concatenate(splits).tolist()) == list(range(103))
    assert in_order(np.array([3, 1, 2, 5, 4]))[0].tolist() == [1, 2, 0]


def test_missing_labels_stay_missing_and_move_no_mean():
    labels = np.array([1.0, np.nan, 3.0, 5.0, 2.0, np.nan, 4.0, 6.0, 1.0, 0.0])
    found = split_randomly("own", [Task("y", "squared_error")], np.arange(20.0).reshape(10, 2), {"y": labels})
    parts = [part for split in SPLITS for part in getattr(found, split)]
    assert sum((~known(part.labels["y"])).sum() for part in parts) == 2
    there = found.train[0].labels["y"][known(found.train[0].labels["y"])]
    assert there.mean() == pytest.approx(0, abs=1e-6)
    assert known(np.array([0, NO_CLASS, 2])).tolist() == [True, False, True]


def test_fewer_samples_are_drawn_by_the_seed_from_training_alone():
    pairs = load_dataset(DataSettings("digit_pairs"))
    few = at_most(pairs, 12, seed=1)
    assert [len(part) for part in few.train] == [12] * 10 and few.test is pairs.test
    assert not np.array_equal(few.train[0].inputs, at_most(pairs, 12, seed=2).train[0].inputs)
    assert np.array_equal(few.train[0].inputs, at_most(pairs, 12, seed=1).train[0].inputs)
    assert at_most(pairs, 0, seed=1) is pairs


def test_some_of_the_tasks_keep_their_parts_and_nothing_is_copied():
    pairs, yeast = load_dataset(DataSettings("digit_pairs")), load_dataset(DataSettings("yeast"))
    first, _, third = pairs.tasks[:3]
    some = only(pairs, [third.name, first.name])
    assert some.tasks == (first, third) and len(some.train) == 2
    assert some.test[1].inputs is pairs.test[2].inputs and list(some.test[1].labels) == [third.name]
    one = only(yeast, [yeast.tasks[5].name])
    assert len(one.train) == 1 and one.train[0].inputs is yeast.train[0].inputs
    assert list(one.validation[0].labels) == [yeast.tasks[5].name]


def _part(**labels):
    return Samples(np.zeros((4, 3), np.float32), {name: np.array(each) for name, each in labels.items()})


@pytest.mark.parametrize(
    ("tasks", "parts", "said"),
    [
        ([], [], "at least one"),
        ([Task("a", "squared_error")], [_part(b=[0.0] * 4)], "exactly one part"),
        ([Task("a", "squared_error")], [_part(a=[0.0] * 4), _part(a=[0.0] * 4)], "exactly one part"),
        ([Task("a", "squared_error")], [_part(a=[0.0] * 3)], "4 inputs but 3 labels"),
        ([Task("a", "squared_error")], [_part(a=[np.nan] * 4)], "No sample"),
        ([Task("a", "cross_entropy", 2)], [_part(a=[0, 1, 2, -1])], "0 to 1"),
        ([Task("a", "binary_cross_entropy")], [_part(a=[0.0, 1, 2, 0])], "0 or 1"),
    ],
)
def test_a_data_set_that_is_not_whole_is_refused_in_a_sentence(tasks, parts, said):
    with pytest.raises(KindredError, match=said):
        Dataset("own", tuple(tasks), tuple(parts), tuple(parts), tuple(parts))


def own():
    return split_randomly("mine", [Task("y", "squared_error")], np.eye(20), {"y": np.arange(20.0)})


def not_a_data_set():
    return 3


def test_a_data_set_of_ones_own_is_named_by_its_function():
    assert load_dataset(DataSettings(f"{__name__}:own")).name == "mine"
    with pytest.raises(KindredError, match="returned int"):
        load_dataset(DataSettings(f"{__name__}:not_a_data_set"))
    with pytest.raises(KindredError, match="cannot be imported"):
        load_dataset(DataSettings("no.such.module:load"))
    with pytest.raises(KindredError, match="Did you mean 'yeast'"):
        DataSettings("yeats")
