"""NYU Depth v2 is read as its official files have it; normals are those of the surface; damage is named."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from engine.datasets import nyuv2
from engine.datasets.dataset import NO_CLASS, SPLITS
from engine.datasets.nyuv2 import CAMERA, CENTRE, FOCAL, normals_of
from engine.datasets.settings import DataSettings
from engine.errors import KindredError

FRAMES, COLUMNS, ROWS = 12, 24, 16
SCENES = [f"kitchen_{number // 2:04d}" for number in range(FRAMES)]
TRAIN, TEST = np.array([1, 2, 3, 4, 5, 6, 9, 10]), np.array([7, 8, 11, 12])  # counted from 1
LABELS = 60
MATLAB, SPLIT_FILE = "nyu_depth_v2_labeled.mat", "splits.mat"


def labels():
    """Label 1 + 3k in the upper half of frame k, 2 below, one column unlabelled; ``[frames, rows, columns]``."""
    values = np.full((FRAMES, ROWS, COLUMNS), 2, np.uint16)
    values[:, : ROWS // 2] = (1 + 3 * np.arange(FRAMES))[:, None, None]
    values[:, :, 4] = 0  # the first column of the centre square
    return values


def depths():
    """Frame k is a wall k + 1 metres away, with a hole in the second row."""
    values = np.ones((FRAMES, ROWS, COLUMNS), np.float32) * np.arange(1, FRAMES + 1)[:, None, None]
    values[:, 1] = 0
    return values


def images():
    values = np.zeros((FRAMES, ROWS, COLUMNS, 3), np.uint8)
    values[..., 0] = 10 * np.arange(FRAMES)[:, None, None]
    values[..., 1] = np.arange(ROWS)[:, None]
    values[..., 2] = np.arange(COLUMNS)
    return values


def write_texts(file, name, texts):
    dtype = h5py.special_dtype(ref=h5py.Reference)
    cell = file.create_dataset(name, (1, len(texts)), dtype)
    for number, text in enumerate(texts):
        letters = file.create_dataset(f"#refs#/{name}{number}", data=np.array([[ord(c)] for c in text], np.uint16))
        cell[0, number] = letters.ref


def write(folder, **changes):
    with h5py.File(folder / MATLAB, "w") as file:
        contents = {"images": images().transpose(0, 3, 2, 1), "depths": depths().transpose(0, 2, 1)}
        contents |= {"labels": labels().transpose(0, 2, 1)} | changes
        for name, values in contents.items():
            if values is not None and name not in ("names", "scenes"):
                file.create_dataset(name, data=values, compression="gzip")
        write_texts(file, "names", changes.get("names", [f"thing {number}" for number in range(1, LABELS + 1)]))
        if changes.get("scenes", SCENES) is not None:
            write_texts(file, "scenes", changes.get("scenes", SCENES))
    write_splits(folder)


def write_splits(folder, train=TRAIN, test=TEST):
    savemat(folder / SPLIT_FILE, {"trainNdxs": train[:, None], "testNdxs": test[:, None]})


def write_forty(folder, name="classMapping40.mat", most=40):
    classes = (np.arange(LABELS) % most + 1).astype(np.uint8)
    savemat(folder / name, {"mapClass": classes[None], "className": np.array([["x"] * most], object)})
    return classes


@pytest.fixture
def folder(tmp_path):
    write(tmp_path)
    return tmp_path


def load(folder, size=ROWS):
    return nyuv2.load(DataSettings("nyuv2", folder=str(folder), image_size=size))


def everything(samples):
    return samples.take(np.arange(len(samples)))


def refused(folder, message):
    with pytest.raises(KindredError, match=message) as caught:
        load(folder)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def frames_of(samples):
    """The numbers of frames, counted from 0, which their colour tells."""
    red = everything(samples).inputs[:, 0, 0, 0]
    return np.rint((red + 1) * 12.75).astype(int)


def test_tasks_shapes_and_types_are_as_the_contract_has_them(folder):
    dataset = load(folder)
    assert [(task.name, task.loss, task.dense) for task in dataset.tasks] == [
        ("semantic", "cross_entropy", True),
        ("depth", "absolute_error", True),
        ("normals", "absolute_error", True),
    ]
    for split in SPLITS:
        (part,) = getattr(dataset, split)
        held = everything(part)
        assert held.inputs.shape == part.inputs.shape == (len(part), 3, ROWS, ROWS)
        for name, several in (("semantic", ()), ("depth", ()), ("normals", (3,))):
            for values in (part.labels[name], held.labels[name]):
                assert values.shape == (len(part), *several, ROWS, ROWS)
                assert values.dtype == (np.int64 if name == "semantic" else np.float32)


def test_the_test_split_is_the_official_one_and_validation_is_whole_scenes_of_training(folder):
    dataset = load(folder)
    train, validation, test = (frames_of(getattr(dataset, split)[0]) for split in SPLITS)
    np.testing.assert_array_equal(test, TEST - 1)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), TRAIN - 1)
    assert len(validation) == 2 and SCENES[validation[0]] == SCENES[validation[1]]
    np.testing.assert_array_equal(frames_of(load(folder).validation[0]), validation)


def test_without_scenes_frames_are_cut_off_one_by_one(tmp_path):
    write(tmp_path, scenes=None)
    assert [len(getattr(load(tmp_path), split)[0]) for split in SPLITS] == [6, 2, 4]


def test_a_frame_is_turned_upright_and_cut_to_its_middle(folder):
    held = everything(load(folder).test[0])
    middle = images()[TEST - 1][:, :, 4:20].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(held.inputs, middle / 127.5 - 1, atol=1e-6)
    middle = depths()[TEST - 1][:, :, 4:20]
    np.testing.assert_array_equal(held.labels["depth"], np.where(middle > 0, middle, np.nan))


def test_a_wall_straight_ahead_faces_the_camera_except_at_the_hole(folder):
    normals = everything(load(folder).test[0]).labels["normals"]
    unknown = np.isnan(normals).any(1)
    assert unknown[:, :3].all() and not unknown[:, 3:].any()  # the hole's row and its neighbours
    expected = np.broadcast_to(np.array([0, 0, -1.0])[:, None, None], normals[0, :, 3:].shape)
    for frame in normals:
        np.testing.assert_allclose(frame[:, 3:], expected, atol=1e-4)


@pytest.mark.parametrize(
    "normal", [(0, 0, -1), (0.6, 0, -0.8), (0, -0.6, -0.8), (0.36, 0.48, -0.8), (-0.48, -0.6, -0.64)]
)
@pytest.mark.parametrize("size", [8, 12, 48])
def test_the_normals_of_a_plane_are_the_planes(normal, size):
    # n·P = −2 with P = Z · (x ray, y ray, 1)
    x, y = (np.arange(CAMERA[axis]) + 1 - CENTRE[axis] for axis in (0, 1))
    x, y = x / FOCAL[0], y[:, None] / FOCAL[1]
    depth = -2 / (normal[0] * x + normal[1] * y + normal[2])
    depth[(depth < 0) | (depth > 10)] = np.nan
    depth[200:260, 300:330] = np.nan
    found = normals_of(depth, size)
    known = ~np.isnan(found[0])
    assert known.mean() > 0.5
    np.testing.assert_allclose(found[:, known], np.broadcast_to(np.array(normal)[:, None], (3, known.sum())), atol=2e-4)


@pytest.mark.parametrize("indices", [np.array([5, 0, 0, -1]), np.array([True, False] * 3), np.array([], int)])
def test_lazy_rows_are_those_of_the_whole(folder, indices):
    (part,) = load(folder, 8).train
    held = everything(part)
    np.testing.assert_array_equal(part.inputs[indices], held.inputs[indices])
    for name, values in part.labels.items():
        np.testing.assert_array_equal(values[indices], held.labels[name][indices])


def shown(dataset):
    """Classes of the test frames, and the labels that they come from."""
    return everything(dataset.test[0]).labels["semantic"], labels()[TEST - 1][:, :, 4:20].astype(int)


def test_with_forty_classes_each_label_has_its_class(folder):
    classes = write_forty(folder)
    dataset = load(folder)
    assert dataset.tasks[0].outputs == 40
    found, original = shown(dataset)
    np.testing.assert_array_equal(found, np.append(NO_CLASS, classes.astype(int) - 1)[original])
    assert (found[:, :, 0] == NO_CLASS).all()


def test_thirteen_classes_are_had_from_forty_or_directly(folder, tmp_path):
    forty = write_forty(folder).astype(int)
    thirteen = (np.arange(40) % 13 + 1).astype(np.uint8)
    savemat(folder / "class13Mapping.mat", {"classMapping13": {"labels13": thirteen[None], "class13Names": ["x"] * 13}})
    dataset = load(folder)
    found, original = shown(dataset)
    assert dataset.tasks[0].outputs == 13
    np.testing.assert_array_equal(found, np.append(NO_CLASS, thirteen[forty - 1].astype(int) - 1)[original])

    direct = write_forty(folder, "classMapping13.mat", 13)
    found, _ = shown(load(folder))
    np.testing.assert_array_equal(found, np.append(NO_CLASS, direct.astype(int) - 1)[original])


def test_without_a_mapping_the_most_frequent_labels_are_the_classes(folder, monkeypatch):
    monkeypatch.setattr(nyuv2, "MOST_FREQUENT", 3)
    dataset = load(folder)
    assert dataset.tasks[0].outputs == 3
    (train,) = dataset.train
    first_two = 1 + 3 * frames_of(train)[:2]  # label 2 is in every frame, of the others each in one
    table = np.full(LABELS + 1, NO_CLASS)
    table[[2, *first_two]] = 0, 1, 2
    np.testing.assert_array_equal(everything(train).labels["semantic"], table[labels()[frames_of(train)][:, :, 4:20]])


def test_no_more_classes_than_labels_that_are_there(folder):
    assert load(folder).tasks[0].outputs == 1 + len(load(folder).train[0])


@pytest.mark.parametrize("name", [MATLAB, SPLIT_FILE])
def test_a_file_that_is_not_there_is_named_with_its_site(folder, name):
    (folder / name).unlink()
    refused(folder, rf"^{name} is not in .*; get it from https://cs\.nyu\.edu.*--folder")


@pytest.mark.parametrize("name", [MATLAB, SPLIT_FILE, "classMapping40.mat"])
@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_a_damaged_file_is_named(folder, name, damage):
    write_forty(folder)
    good = (folder / name).read_bytes()
    (folder / name).write_bytes({"cut": good[: len(good) // 2], "empty": b"", "text": b"<html>" * 100}[damage])
    refused(folder, rf"{name} (is damaged|has no|does not)")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"depths": None}, "depths missing"),
        ({"depths": np.ones((FRAMES, COLUMNS, ROWS - 1), np.float32)}, r"depths \(12, 24, 15\)"),
        ({"labels": np.ones((FRAMES - 1, COLUMNS, ROWS), np.uint16)}, r"labels \(11, 24, 16\)"),
        ({"labels": np.ones((FRAMES, COLUMNS, ROWS))}, r"labels .* float64"),
        ({"images": np.ones((FRAMES, COLUMNS, ROWS, 3), np.uint8)}, r"images \(12, 24, 16, 3\)"),
    ],
)
def test_arrays_that_do_not_belong_together_are_named(tmp_path, changes, found):
    write(tmp_path, **changes)
    refused(tmp_path, rf"{MATLAB} has .*{found}.*; it must have .* take the original")


def test_scenes_of_other_frames_are_refused(tmp_path):
    write(tmp_path, scenes=SCENES[:-1])
    refused(tmp_path, "names the scenes of 11 frames, but has 12")


def test_training_frames_of_one_scene_are_refused(tmp_path):
    write(tmp_path, scenes=["attic"] * FRAMES)
    refused(tmp_path, "All 8 training frames show the scene attic")


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (np.array([0, 1]), TEST, "no trainNdxs with numbers from 1 to 12"),
        (np.array([1, 13]), TEST, "no trainNdxs with numbers from 1 to 12"),
        (TRAIN, np.array([], int), "no testNdxs"),
        (TRAIN, np.append(TEST, 3), "1 frames for both training and testing, the first of them 3"),
    ],
)
def test_splits_that_are_not_of_these_frames_are_refused(folder, train, test, message):
    write_splits(folder, train, test)
    refused(folder, message)


def test_a_mapping_of_other_labels_is_refused(folder):
    savemat(folder / "classMapping40.mat", {"mapClass": np.arange(1, 40)[None]})
    refused(folder, r"classMapping40\.mat does not give a class, 1 to 40, for each of 60 labels")


def test_thirteen_classes_without_the_forty_are_refused(folder):
    savemat(folder / "class13Mapping.mat", {"classMapping13": {"labels13": np.ones((1, 40))}})
    refused(folder, r"maps from 40 classes; get classMapping40\.mat too")


def test_a_label_without_a_name_is_refused(tmp_path):
    write(tmp_path, names=["one", "two"])
    refused(tmp_path, "has the label [0-9]+, but only 2 names")
    savemat(tmp_path / "classMapping40.mat", {"mapClass": np.ones((1, 2))})
    with pytest.raises(KindredError, match="has the label 31, but only 2 names"):
        load(tmp_path).test[0].labels["semantic"][np.array([2])]


def test_damage_that_shows_only_when_a_frame_is_read_is_named(folder):
    write_forty(folder)
    dataset = load(folder)
    content = (folder / MATLAB).read_bytes()
    with h5py.File(folder / MATLAB) as file:
        chunk = file["depths"].id.get_chunk_info(0)
    before, after = content[: chunk.byte_offset], content[chunk.byte_offset + chunk.size :]
    (folder / MATLAB).write_bytes(before + b"\0" * chunk.size + after)
    with pytest.raises(KindredError, match=rf"{MATLAB} is damaged"):
        everything(dataset.train[0])
