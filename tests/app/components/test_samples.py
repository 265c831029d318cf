import numpy as np
import pytest

from app.components.samples import cards, in_words, labels_of, names_in, room_cards, rows
from app.components.tasks_table import regime, split_sizes, task_rows
from engine.datasets.dataset import Dataset, Samples
from engine.datasets.image_files import OnDemand
from engine.datasets.loading import load_dataset
from engine.datasets.rendering.rendering import render
from engine.datasets.rooms import TASKS
from engine.datasets.settings import DataSettings
from engine.tasks import Task

IMAGES = np.linspace(-1, 1, 4 * 4, dtype=np.float32).reshape(4, 1, 2, 2)


def dataset(*parts, name="mine"):
    """One with the same samples in all splits; each part is tasks with their labels."""
    tasks = [task for part in parts for task in part]
    split = tuple(Samples(IMAGES, {task.name: labels for task, labels in part.items()}) for part in parts)
    return Dataset(name, tuple(tasks), split, split, split)


def floats(*values):
    return np.array(values, np.float32)


ODD = Task("odd", "binary_cross_entropy")
INK = Task("ink", "squared_error")
DIGIT = Task("digit", "cross_entropy", 3)


@pytest.mark.parametrize(
    ("task", "value", "expected"),
    [(DIGIT, np.int64(2), "2"), (DIGIT, np.int64(-1), "not known"), (ODD, np.float32(0), "no"),
     (ODD, np.float32("nan"), "not known"), (INK, np.float32(-0.5), "−0.50"), (INK, np.float32("nan"), "not known"),
     (Task("at", "squared_error", 2), floats(1, np.nan), "1.00, not known"),
     (Task("soft", "soft_cross_entropy", 3), floats(0.1, 0.7, 0.2), "1 (70%)")],
)  # fmt: skip
def test_labels_in_words(task, value, expected):
    assert in_words(task, value, {"odd": ("no", "yes")}) == expected


def test_classes_are_called_by_their_names():
    assert in_words(ODD, np.float32(1), {"odd": ("sold", "<b>kept</b>")}) == "<b>kept</b>"
    assert in_words(DIGIT, np.int64(2), {"digit": ("a", "b")}) == "2"  # one name too few


def test_names_of_the_catalog():
    pairs = load_dataset(DataSettings("digit_pairs"))
    assert names_in(pairs)["3 or 8"] == ["3", "8"]
    digits = load_dataset(DataSettings("digits"))
    assert names_in(digits)["odd"] == ("no", "yes") and "digit" not in names_in(digits)


def test_a_card_is_of_the_sample_that_it_numbers():
    mine = dataset({ODD: floats(0, 1, 0, 1), INK: floats(0, 1, 2, 3)})
    (card,) = cards(mine, "test", 0, np.array([3]), {"odd": ("no", "yes")})
    assert card.number == 3 and card.labels == (("odd", "yes"), ("ink", "3.00"))
    ((title, picture),) = card.pictures
    assert title == "input" and picture.shape == (2, 2, 3)
    assert picture.max() == 255 and picture.min() == 204  # the last quarter of −1 … 1, scaled over all samples


def test_dense_labels_are_pictures_beside_the_input():
    mix = load_dataset(DataSettings("digit_mix"))
    part = mix.part_of[[task.name for task in mix.tasks].index("clean")]
    (card,) = cards(mix, "train", part, np.array([0]), {})
    assert [title for title, _ in card.pictures] == ["input", "clean"] and not card.labels
    clean = card.pictures[1][1]
    labels = mix.train[part].labels["clean"]
    assert clean[..., 0].argmax() == labels[0].argmax()


def test_maps_in_files_are_read_for_the_samples_shown_only():
    asked = []

    def read(samples):
        asked.append(samples)
        return np.zeros((len(samples), 2, 2), np.float32)

    depth = Task("depth", "absolute_error", dense=True)
    mine = dataset({depth: OnDemand((4, 2, 2), np.dtype(np.float32), read)})
    cards(mine, "train", 0, np.array([1, 2]), {})
    assert [samples.tolist() for samples in asked] == [[1, 2]]
    many = Samples(OnDemand((9000, 1, 2, 2), np.dtype(np.float32), read), {"depth": OnDemand((9000, 2, 2), "f4", read)})
    assert len(labels_of(many, "depth")) == 24


def test_rooms_show_every_map_in_its_colours():
    maps = render(0, 2, 16)
    found = room_cards(maps, TASKS, [5, 6])
    assert [card.number for card in found] == [5, 6]
    titles = [title for title, _ in found[0].pictures]
    assert titles == ["input", *(task.name for task in TASKS)] and len(titles) == 11
    assert all(picture.shape == (16, 16, 3) and picture.dtype == np.uint8 for _, picture in found[0].pictures)
    drawn = dict(found[1].pictures)
    assert (drawn["autoencoder"] == drawn["input"]).all() and (drawn["albedo"] != drawn["input"]).any()


def test_samples_without_images_are_rows_with_their_labels_first():
    yeast = load_dataset(DataSettings("yeast"))
    table = rows(yeast, "validation", 0, np.array([0, 7]), names_in(yeast))
    assert list(table.columns[:2]) == ["Class1", "Class2"] and list(table.columns[14:16]) == ["input 1", "input 2"]
    assert table.index.tolist() == [1, 8]
    assert table["Class1"][8] == ("yes" if yeast.validation[0].labels["Class1"][7] else "no")
    assert table["input 103"][8] == yeast.validation[0].inputs[7, 102]


@pytest.mark.parametrize(
    ("name", "shared", "losses"),
    [("digits", "All tasks share their inputs.", "Their losses differ: cross-entropy, binary cross-entropy, squared"),
     ("digit_pairs", "Each task has inputs of its own.", "All have the same loss, binary cross-entropy."),
     ("digit_mix", "Each task has inputs of its own.", "Their losses differ: cross-entropy, squared error.")],
)  # fmt: skip
def test_the_regime_in_words(name, shared, losses):
    said = regime(load_dataset(DataSettings(name)))
    assert said.startswith(shared) and losses in said


def test_a_mix_of_regimes_names_who_shares():
    mine = dataset({ODD: floats(0, 1, 0, 1), INK: floats(0, 1, 2, 3)}, {DIGIT: np.array([0, 1, 2, 0])})
    assert regime(mine).startswith("Some tasks share their inputs, others do not: odd, ink · digit.")
    assert split_sizes(mine).to_dict("list") == {
        "tasks": ["odd, ink", "digit"], "training": [4, 4], "validation": [4, 4], "test": [4, 4]
    }  # fmt: skip


def test_a_single_task_shares_with_none():
    assert regime(dataset({INK: floats(0, 1, 2, 3)})) == "One task; its loss is squared error."


def test_labels_are_counted_where_they_are_known():
    digit = Task("digit", "cross_entropy", 3, "which")
    mine = dataset({ODD: floats(1, 1, 0, np.nan), INK: floats(-1, 1, np.nan, np.nan), digit: np.array([2, 2, 0, -1])})
    table = task_rows(mine, {"odd": ("no", "yes"), "digit": ("a", "b", "c")}).set_index("task")
    assert table["known"].tolist() == [75, 50, 75]
    assert table["labels"].tolist() == ["67% are yes", "mean 0.00, deviation 1.00", "3 classes, 67% are c"]
    assert table["distribution"]["digit"] == pytest.approx([1 / 3, 0, 2 / 3])
    assert sum(table["distribution"]["ink"]) == pytest.approx(1)
    assert table["summary"]["digit"] == "which" and table["outputs"]["digit"] == 3
