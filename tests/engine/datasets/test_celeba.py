"""CelebA is read as its official files have it; a copy that is not whole says so before training."""

import numpy as np
import pytest
from PIL import Image

from engine.datasets import celeba
from engine.datasets.dataset import SPLITS
from engine.datasets.settings import DataSettings
from engine.errors import KindredError

NAMES = ["5_o_Clock_Shadow", "Bald", *(f"Attribute_{number}" for number in range(38))]
SPLIT_OF = [0, 0, 0, 1, 0, 2, 1, 0]  # of images 1 … 8


def signs():
    return np.random.default_rng(0).choice([-1, 1], (len(SPLIT_OF), 40))


def write_lists(folder):
    rows = [f"{number:06d}.jpg " + " ".join(f"{value:2d}" for value in row) for number, row in enumerate(signs(), 1)]
    attributes = folder / "list_attr_celeba.txt"
    attributes.write_text("\n".join([str(len(rows)), " ".join(NAMES) + " ", *rows]) + "\n")
    lines = [f"{number:06d}.jpg {split}" for number, split in enumerate(SPLIT_OF, 1)]
    (folder / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")


def write_images(folder):
    folder.mkdir(parents=True)
    for number in range(1, len(SPLIT_OF) + 1):
        image = np.zeros((218, 178, 3), np.uint8)
        image[20:198] = 20 * number  # the middle 178 rows, grey by number
        Image.fromarray(image).save(folder / f"{number:06d}.jpg", quality=100)


@pytest.fixture
def folder(tmp_path):
    write_lists(tmp_path)
    write_images(tmp_path / "img_align_celeba")
    return tmp_path


def load(folder, **settings):
    return celeba.load(DataSettings("celeba", folder=str(folder), **settings))


def refused(folder, message):
    with pytest.raises(KindredError, match=message) as caught:
        load(folder)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def edit(folder, name, line, new):
    lines = (folder / name).read_text().splitlines()
    lines[line - 1] = new(lines[line - 1])
    (folder / name).write_text("\n".join(lines) + "\n")


def test_the_splits_are_the_official_ones_and_labels_are_one_where_present(folder):
    dataset = load(folder)
    assert [task.name for task in dataset.tasks] == NAMES
    assert {task.loss for task in dataset.tasks} == {"binary_cross_entropy"}
    for number, split in enumerate(SPLITS):
        (part,) = getattr(dataset, split)
        chosen = np.flatnonzero(np.array(SPLIT_OF) == number)
        assert len(part) == len(chosen)
        for column, name in enumerate(NAMES):
            assert part.labels[name].dtype == np.float32
            np.testing.assert_array_equal(part.labels[name], signs()[chosen, column] == 1)


def test_images_are_the_middle_square_in_the_order_of_the_list(folder):
    dataset = load(folder, image_size=32)
    (part,) = dataset.train
    assert dataset.input_shape == (3, 32, 32) and part.inputs.dtype == np.float32
    images = part.inputs[np.arange(len(part))]
    greys = 20 * (1 + np.flatnonzero(np.array(SPLIT_OF) == 0)) / 127.5 - 1
    inner = images[:, :, 2:-2, 2:-2]  # JPEG lets the black border ring into its neighbours
    np.testing.assert_allclose(inner, np.broadcast_to(greys[:, None, None, None], inner.shape), atol=0.01)
    np.testing.assert_array_equal(part.inputs[np.array([3, 1])], images[[3, 1]])
    assert load(folder).input_shape == (3, 64, 64)


def test_samples_are_taken_into_memory(folder):
    taken = load(folder).train[0].take(np.array([2, 0]))
    assert isinstance(taken.inputs, np.ndarray) and taken.labels["Bald"].shape == (2,)


def test_the_folders_of_the_download_are_found(tmp_path):
    for name in ("Anno", "Eval"):
        (tmp_path / name).mkdir()
        write_lists(tmp_path / name)
    (tmp_path / "Anno" / "list_eval_partition.txt").unlink()
    (tmp_path / "Eval" / "list_attr_celeba.txt").unlink()
    write_images(tmp_path / "Img" / "img_align_celeba")
    assert len(load(tmp_path).train[0]) == 5


def test_images_that_are_not_there_are_counted_and_the_first_is_named(folder):
    for number in (7, 3):
        (folder / "img_align_celeba" / f"{number:06d}.jpg").unlink()
    refused(folder, r"^2 of the 8 images .* not in .*img_align_celeba, the first of them 000003\.jpg; copy")


def test_an_image_cut_off_is_named(folder):
    path = folder / "img_align_celeba" / "000004.jpg"
    path.write_bytes(path.read_bytes()[:-40])
    refused(folder, r"^1 of 8 images cannot be read, the first of them .*000004\.jpg")


def test_images_of_no_list_do_no_harm(folder):
    (folder / "img_align_celeba" / "Thumbs.db").write_bytes(b"")
    assert len(load(folder).test[0]) == 1


@pytest.mark.parametrize("name", ["list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba"])
def test_a_file_that_is_not_there_is_named_with_its_site(folder, name):
    (folder / name).rename(folder / "other")
    refused(folder, rf"^{name} is neither in .* nor in .*mmlab.*--folder")


@pytest.mark.parametrize(
    ("name", "line", "new", "message"),
    [
        ("list_attr_celeba.txt", 1, lambda _: "202599", r"announces '202599' images, but 8 follow"),
        ("list_attr_celeba.txt", 2, lambda text: text.replace("Bald", ""), r"Line 2 .* has 39 different names .* 40"),
        ("list_attr_celeba.txt", 2, lambda text: text.replace("Bald", "Attribute_0"), r"has 39 different names"),
        ("list_attr_celeba.txt", 5, lambda text: text[:-3], r"Line 5 .* has 39 values; .* 40 values"),
        ("list_attr_celeba.txt", 5, lambda text: text + " 1", r"Line 5 .* has 41 values"),
        ("list_attr_celeba.txt", 5, lambda text: text[:-2] + "0", r"Line 5 .* has the value '0'"),
        ("list_attr_celeba.txt", 5, lambda _: "", r"Line 5 .* has 0 values"),
        ("list_attr_celeba.txt", 5, lambda text: "000001.jpg" + text[10:], r"names 1 images twice"),
        ("list_eval_partition.txt", 2, lambda _: "000002.jpg 3", r"Line 2 .* is '000002\.jpg 3'; .* 0, 1 or 2"),
        ("list_eval_partition.txt", 2, lambda _: "000002.jpg", r"Line 2 .* is '000002\.jpg'"),
        (
            "list_eval_partition.txt",
            2,
            lambda _: "000009.jpg 0",
            r"^1 of the 8 images .* the first of them 000002\.jpg",
        ),
    ],
)
def test_a_list_that_is_not_whole_is_named_with_its_line(folder, name, line, new, message):
    edit(folder, name, line, new)
    refused(folder, message)


@pytest.mark.parametrize("name", ["list_attr_celeba.txt", "list_eval_partition.txt"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x80\x81" * 30])
def test_a_list_that_is_no_list_is_refused(folder, name, content):
    (folder / name).write_bytes(content)
    refused(folder, name)


def test_a_list_cut_off_in_the_middle_is_refused(folder):
    path = folder / "list_attr_celeba.txt"
    path.write_text(path.read_text()[:-200])
    refused(folder, r"announces '8' images, but \d follow|has \d+ values")


def test_a_split_without_images_is_refused(folder):
    path = folder / "list_eval_partition.txt"
    path.write_text(path.read_text().replace("jpg 2", "jpg 0"))
    refused(folder, "test split of celeba")


def test_no_folder_says_where_to_get_the_data(tmp_path):
    refused(tmp_path / "nowhere", r"no folder .*nowhere .*mmlab\.ie\.cuhk\.edu\.hk.*--folder")
