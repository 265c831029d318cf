"""Taskonomy is read in every layout that its archives come in; what a file does not know is a missing label."""

import numpy as np
import pytest
from PIL import Image

from engine.datasets import taskonomy
from engine.datasets.dataset import NO_CLASS, SPLITS
from engine.datasets.settings import DataSettings
from engine.datasets.taskonomy import LAYOUTS
from engine.errors import KindredError

SIDE = 16
VIEWS = ((0, 0), (2, 1), (10, 0))  # points and views, in their order
BUILDINGS = {"allensville": "train", "beechwood": "val", "corozal": "test", "darden": "train"}
SIXTEEN_BITS = ("depth_euclidean", "keypoints2d", "edge_texture", "edge_occlusion")
DOMAINS = ("rgb", "segment_semantic", "normal", "reshading", "principal_curvature", *SIXTEEN_BITS)


def path_of(folder, domain, building, view, layout=LAYOUTS[0]):
    suffix = "segmentsemantic" if domain == "segment_semantic" else domain
    name = f"point_{view[0]}_view_{view[1]}_domain_{suffix}.png"
    return folder / layout.format(domain=domain, building=building) / name


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def contents(domain, number):
    """What the file of the ``number``-th view of all holds."""
    if domain == "segment_semantic":
        return np.full((SIDE, SIDE), number % 17 + 1, np.uint8)
    if domain in SIXTEEN_BITS:
        return np.full((SIDE, SIDE), 512 * (number + 1), np.uint16)
    if domain == "reshading":
        return np.full((SIDE, SIDE), 10 * number, np.uint8)
    colour = (255, 128, 128) if domain == "normal" else (10 * number, 100, 200)
    return np.broadcast_to(np.uint8(colour), (SIDE, SIDE, 3)).copy()


def write(folder, layout=LAYOUTS[0], domains=DOMAINS, buildings=tuple(BUILDINGS)):
    for number, (building, view) in enumerate((building, view) for building in buildings for view in VIEWS):
        for domain in domains:
            save(path_of(folder, domain, building, view, layout), contents(domain, number))
    return folder


def write_partition(folder, name="tiny", buildings=None):
    splits = BUILDINGS if buildings is None else buildings
    lines = ["id,train,val,test"]
    lines += [
        ",".join([b, *("1" if s == split else "0" for s in ("train", "val", "test"))]) for b, split in splits.items()
    ]
    (folder / "splits_taskonomy").mkdir(exist_ok=True)
    (folder / "splits_taskonomy" / f"train_val_test_{name}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path)
    write_partition(tmp_path)
    return tmp_path


def load(folder, size=SIDE):
    return taskonomy.load(DataSettings("taskonomy", folder=str(folder), image_size=size))


def everything(samples):
    return samples.take(np.arange(len(samples)))


def refused(folder, message):
    with pytest.raises(KindredError, match=message) as caught:
        load(folder)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_tasks_splits_and_shapes_are_as_the_contract_has_them(folder):
    dataset = load(folder)
    outputs = {task.name: task.outputs for task in dataset.tasks}
    assert outputs == {
        "segment_semantic": 17,
        "depth_euclidean": 1,
        "normal": 3,
        "keypoints2d": 1,
        "edge_texture": 1,
        "edge_occlusion": 1,
        "reshading": 1,
        "principal_curvature": 2,
        "autoencoder": 3,
    }
    assert all(task.dense and (task.real or task.name == "segment_semantic") for task in dataset.tasks)
    for split, samples in zip(SPLITS, (6, 3, 3), strict=True):
        (part,) = getattr(dataset, split)
        assert len(part) == samples and part.inputs.shape == (samples, 3, SIDE, SIDE)
        held = everything(part)
        assert held.inputs.dtype == np.float32 and held.inputs.shape == part.inputs.shape
        for task in dataset.tasks:
            values, lazy = held.labels[task.name], part.labels[task.name]
            several = (task.outputs,) if task.real and task.outputs > 1 else ()
            assert values.shape == lazy.shape == (samples, *several, SIDE, SIDE)
            assert values.dtype == lazy.dtype == (np.float32 if task.real else np.int64)


def test_every_domain_is_decoded(folder):
    held = everything(load(folder).train[0])
    numbers = np.array([0, 1, 2, 9, 10, 11])[:, None, None]  # the views of allensville and darden among all

    def same(name, expected):
        labels = held.labels[name]
        np.testing.assert_allclose(labels, np.broadcast_to(expected, labels.shape), atol=1e-5)

    raw = 512.0 * (numbers + 1)
    same("segment_semantic", numbers % 17)
    same("depth_euclidean", numbers + 1.0)  # metres
    same("keypoints2d", (raw - 50) / 100)
    same("edge_texture", (raw - 718) / 1070)
    same("edge_occlusion", (raw - 56.0248) / 239.1265)
    same("reshading", (10 * numbers / 255 - 0.4962) / 0.2846)
    colours = np.stack([10 * numbers, np.full_like(numbers, 100), np.full_like(numbers, 200)], 1) / 127.5 - 1
    same("autoencoder", colours)
    np.testing.assert_allclose(held.inputs, np.broadcast_to(colours, held.inputs.shape), atol=1e-5)
    curvature = (10 * numbers / 255 - 0.5175) / 0.1373, np.full(numbers.shape, (100 / 255 - 0.4987) / 0.0359)
    same("principal_curvature", np.stack(curvature, 1))
    normals = held.labels["normal"]
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(normals[:, 0], 1, atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_data(tmp_path, layout):
    one, other = tmp_path / "one", tmp_path / "other"
    for place, chosen in ((one, LAYOUTS[0]), (other, layout)):
        place.mkdir()
        write(place, chosen)
        write_partition(place)
    for first, second in zip(load(one).train, load(other).train, strict=True):
        np.testing.assert_array_equal(everything(first).inputs, everything(second).inputs)
        for name, labels in everything(first).labels.items():
            np.testing.assert_array_equal(labels, second.labels[name][np.arange(6)])


@pytest.mark.parametrize("indices", [np.array([5, 0, 0, -2]), np.array([True, False] * 3), np.array([], int)])
def test_lazy_rows_are_those_of_the_whole(folder, indices):
    (part,) = load(folder, 8).train
    held = everything(part)
    np.testing.assert_array_equal(part.inputs[indices], held.inputs[indices])
    for name, labels in part.labels.items():
        np.testing.assert_array_equal(labels[indices], held.labels[name][indices])


def test_pixels_that_say_nothing_are_missing(folder):
    view = ("allensville", VIEWS[1])
    depth = contents("depth_euclidean", 1)
    depth[:4] = 65535
    save(path_of(folder, "depth_euclidean", *view), depth)
    classes = contents("segment_semantic", 1)
    classes[:, 3] = 0
    save(path_of(folder, "segment_semantic", *view), classes)
    normals = contents("normal", 1)
    normals[6, 6] = 127
    save(path_of(folder, "normal", *view), normals)

    hole, column, pixel = np.zeros((3, SIDE, SIDE), bool)
    hole[:4], column[:, 3], pixel[6, 6] = True, True, True
    held = everything(load(folder).train[0])
    np.testing.assert_array_equal(np.isnan(held.labels["depth_euclidean"][1]), hole)
    np.testing.assert_array_equal(held.labels["segment_semantic"][1] == NO_CLASS, column)
    for name in ("reshading", "edge_occlusion"):  # maps of the geometry know nothing where the mesh has a hole
        np.testing.assert_array_equal(np.isnan(held.labels[name][1]), hole)
    np.testing.assert_array_equal(np.isnan(held.labels["principal_curvature"][1]), [hole] * 2)
    np.testing.assert_array_equal(np.isnan(held.labels["normal"][1]), [hole | pixel] * 3)
    for name in ("keypoints2d", "edge_texture", "autoencoder"):
        assert not np.isnan(held.labels[name]).any()
    assert all(not np.isnan(labels[0]).any() for labels in held.labels.values())


def test_the_mask_of_valid_pixels_comes_before_the_depth(folder):
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    mask[:, :5] = 0
    save(path_of(folder, "mask_valid", "allensville", VIEWS[0]), mask)
    held = everything(load(folder).train[0])
    for name in ("depth_euclidean", "reshading"):
        np.testing.assert_array_equal(np.isnan(held.labels[name][0]), mask == 0)
        assert not np.isnan(held.labels[name][1]).any()


def test_a_file_that_is_not_there_is_a_missing_label(folder):
    for domain in ("depth_euclidean", "normal", "segment_semantic"):
        path_of(folder, domain, "darden", VIEWS[2]).unlink()
    held = everything(load(folder).train[0])
    assert np.isnan(held.labels["depth_euclidean"][5]).all() and np.isnan(held.labels["normal"][5]).all()
    assert (held.labels["segment_semantic"][5] == NO_CLASS).all()
    assert not np.isnan(held.labels["depth_euclidean"][:5]).any()


def test_a_domain_that_is_not_there_is_no_task(tmp_path):
    write(tmp_path, domains=("rgb", "normal", "edge_texture"))
    write_partition(tmp_path)
    assert [task.name for task in load(tmp_path).tasks] == ["normal", "edge_texture", "autoencoder"]


def test_a_depth_from_the_plane_serves_where_there_is_no_other(tmp_path):
    write(tmp_path, domains=("rgb",))
    write_partition(tmp_path)
    for building in BUILDINGS:
        save(path_of(tmp_path, "depth_zbuffer", building, VIEWS[0]), contents("depth_euclidean", 3))
    dataset = load(tmp_path)
    assert [task.name for task in dataset.tasks] == ["depth_zbuffer", "autoencoder"]
    assert (everything(dataset.train[0]).labels["depth_zbuffer"][0] == 4).all()
    write(tmp_path, domains=("depth_euclidean",))
    assert [task.name for task in load(tmp_path).tasks] == ["depth_euclidean", "autoencoder"]


def test_a_smaller_depth_is_the_mean_of_what_is_known(folder):
    depth = np.full((SIDE, SIDE), 512, np.uint16)
    depth[0, 0], depth[0, 1] = 65535, 1536
    save(path_of(folder, "depth_euclidean", "allensville", VIEWS[0]), depth)
    small = everything(load(folder, 8).train[0]).labels["depth_euclidean"][0]
    assert small[0, 0] == pytest.approx((3 + 1 + 1) / 3) and small[1, 1] == 1


def test_the_largest_official_partition_counts_and_buildings_beyond_it_are_left_out(folder):
    write_partition(
        folder, "fullplus", {"corozal": "train", "beechwood": "test", "allensville": "val", "elsewhere": "val"}
    )
    dataset = load(folder)
    assert [len(getattr(dataset, split)[0]) for split in SPLITS] == [3, 3, 3]
    assert everything(dataset.train[0]).labels["depth_euclidean"][0, 0, 0] == 7  # corozal's first view


def test_without_a_partition_buildings_are_divided_and_always_alike(tmp_path):
    names = [f"building{number:02d}" for number in range(10)]
    divided = taskonomy.split_buildings(tmp_path, names)
    assert np.bincount(list(divided.values())).tolist() == [6, 2, 2] and sorted(divided) == names
    assert taskonomy.split_buildings(tmp_path, names[::-1]) == divided
    assert sorted(taskonomy.split_buildings(tmp_path, names[:3]).values()) == [0, 1, 2]
    write(tmp_path)
    assert [len(getattr(load(tmp_path), split)[0]) for split in SPLITS] == [6, 3, 3]


def test_two_buildings_are_too_few(tmp_path):
    refused(
        write(tmp_path, buildings=("allensville", "beechwood")), r"2 buildings \(allensville, beechwood\).* add more"
    )


@pytest.mark.parametrize("row", ["darden,1,1,0", "darden,0,0,0", "darden,yes,0,0", "darden,1", ",1,0,0"])
def test_a_partition_that_is_not_whole_is_named_with_its_line(folder, row):
    path = folder / "splits_taskonomy" / "train_val_test_tiny.csv"
    path.write_text(path.read_text().replace("darden,1,0,0", row))
    refused(folder, r"^Line 5 of .*train_val_test_tiny\.csv is .* take the original")


def test_a_split_without_buildings_is_named(folder):
    write_partition(folder, buildings={"allensville": "train", "beechwood": "val", "elsewhere": "test"})
    refused(folder, r"None of the 4 buildings .* test split of .*train_val_test_tiny\.csv")


def test_a_domain_without_files_in_one_split_is_named(folder):
    for view in VIEWS:
        path_of(folder, "normal", "corozal", view).unlink()
    refused(folder, r"No view of the test split has a file of normal")


def test_a_folder_without_images_says_where_they_would_be(tmp_path):
    refused(tmp_path, r"no image .*rgb/taskonomy/<building>.*<building>_rgb; get Taskonomy from https.*--folder")
    refused(tmp_path / "nowhere", r"no folder .*StanfordVL.*--folder")


def test_an_image_cut_off_is_named_before_training(folder):
    path = path_of(folder, "edge_texture", "beechwood", VIEWS[0])
    path.write_bytes(path.read_bytes()[:-30])
    refused(folder, r"^1 of 108 images cannot be read, the first of them .*point_0_view_0_domain_edge_texture\.png")


@pytest.mark.parametrize(
    ("domain", "values", "message"),
    [
        (
            "depth_euclidean",
            np.zeros((SIDE, SIDE), np.uint8),
            r"1 channels of uint8; an image of depth_euclidean has 1 of uint16",
        ),
        ("normal", np.zeros((SIDE, SIDE), np.uint8), r"1 channels of uint8; an image of normal has 3"),
        ("segment_semantic", np.full((SIDE, SIDE), 80, np.uint8), r"class 80; classes are 0 .* 17"),
        ("reshading", np.zeros((SIDE, 2 * SIDE), np.uint8), r"16×32 pixels, its image 16×16"),
        (
            "edge_occlusion",
            np.zeros((2 * SIDE, 2 * SIDE), np.uint16),
            r"32×32 pixels, but .*depth_euclidean\.png 16×16",
        ),
    ],
)
def test_files_of_another_form_are_named_before_training(folder, domain, values, message):
    save(path_of(folder, domain, "allensville", VIEWS[0]), values)
    refused(folder, message)
