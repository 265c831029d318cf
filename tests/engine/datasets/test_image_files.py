"""Rows decoded from files on demand are what an array of them would give; sizes change without inventing values."""

import numpy as np
import pytest
from PIL import Image

from engine import paths
from engine.datasets.image_files import (
    averaged,
    check_whole,
    find_folder,
    nearest,
    one_by_one,
    photographs,
    pixels,
    unit_vectors,
)
from engine.datasets.settings import DataSettings
from engine.errors import KindredError


@pytest.fixture
def files(tmp_path):
    """Five images of 12 rows and 8 columns: file k has the colour (k, 2k, 3k), except in its first and last 2 rows."""
    made = []
    for number in range(5):
        image = np.full((12, 8, 3), 255, np.uint8)
        image[2:10] = (number, 2 * number, 3 * number)
        made.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(image).save(made[-1])
    return made


def test_photographs_are_the_centre_square_scaled_to_one(files):
    images = photographs(files, 8)
    assert images.shape == (5, 3, 8, 8) and images.dtype == np.float32 and len(images) == 5
    colours = np.arange(5)[:, None] * np.array([1, 2, 3]) / 127.5 - 1
    eager = np.broadcast_to(colours[:, :, None, None], images.shape)
    np.testing.assert_allclose(images[np.arange(5)], eager, atol=1e-6)


@pytest.mark.parametrize(
    "indices",
    [
        np.array([3]),
        np.array([4, 0, 4, 2]),
        np.array([-1, -5]),
        np.array([], int),
        np.array([True, False, False, True, True]),
        np.array([[0, 1], [2, 3]]),
        slice(1, 5, 2),
        slice(None),
        2,
        [1, 3],
    ],
)
def test_rows_on_demand_are_those_of_an_array(indices):
    eager = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
    lazy = one_by_one(5, (2, 3), np.float32, eager.__getitem__)
    np.testing.assert_array_equal(lazy[indices], eager[indices])
    assert lazy[indices].dtype == eager.dtype


@pytest.mark.parametrize("index", [np.array([5]), np.array([-6]), 7])
def test_a_sample_that_is_not_there_is_an_index_error(index):
    with pytest.raises(IndexError):
        one_by_one(5, (), np.float32, float)[index]


def test_many_rows_come_in_their_order():
    rows = one_by_one(300, (), np.int64, int)
    order = np.random.default_rng(0).permutation(300)
    np.testing.assert_array_equal(rows[order], order)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 20])
def test_an_average_keeps_a_constant_and_what_is_known_of_it(size):
    values = np.full((8, 8), 3.25)
    np.testing.assert_allclose(averaged(values, size), 3.25, rtol=1e-6)
    values[:4] = np.nan
    known = averaged(values, size)
    np.testing.assert_allclose(known[~np.isnan(known)], 3.25, rtol=1e-6)
    assert np.isnan(known[: size // 2]).all() and not np.isnan(known[-1]).any()


def test_an_average_is_the_mean_of_the_known_pixels_of_an_area():
    values = np.arange(16.0).reshape(4, 4)
    values[0, 0], values[2:, 2:] = np.nan, np.nan
    np.testing.assert_allclose(averaged(values, 2), [[(1 + 4 + 5) / 3, 4.5], [10.5, np.nan]], rtol=1e-6)


def test_at_its_own_size_nothing_changes():
    values = np.random.default_rng(0).normal(size=(9, 9)).astype(np.float32)
    values[3, 4] = np.nan
    np.testing.assert_array_equal(averaged(values, 9), values)
    classes = np.random.default_rng(0).integers(0, 20, (9, 9))
    np.testing.assert_array_equal(nearest(classes, 9), classes)


@pytest.mark.parametrize(
    ("shape", "square"), [((8, 12), np.s_[:, 2:10]), ((12, 8), np.s_[2:10]), ((9, 12), np.s_[:, 1:10])]
)
def test_both_ways_cut_the_same_square(shape, square):
    values = np.arange(np.prod(shape)).reshape(shape)
    side = min(shape)
    np.testing.assert_array_equal(nearest(values, side), values[square])
    np.testing.assert_array_equal(averaged(values.astype(float), side), values[square])


@pytest.mark.parametrize("size", [3, 5, 16, 33])
def test_nearest_invents_no_class(size):
    classes = np.random.default_rng(0).choice([0, 5, 17], (16, 16))
    assert set(np.unique(nearest(classes, size))) <= {0, 5, 17}


def test_unit_vectors_keep_their_direction_and_are_unknown_without_one():
    vectors = np.array([[3.0, 0, np.nan], [0, 0, 0], [4, 0, 1]])
    np.testing.assert_allclose(
        unit_vectors(vectors), [[0.6, np.nan, np.nan], [0, np.nan, np.nan], [0.8, np.nan, np.nan]]
    )


def test_pixels_keep_sixteen_bits(tmp_path):
    deep = np.array([[0, 511, 512], [40000, 65534, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(pixels(tmp_path / "deep.png"), deep)
    assert pixels(tmp_path / "deep.png").dtype == np.uint16


@pytest.mark.parametrize("kind", ["png", "jpg"])
@pytest.mark.parametrize("damage", ["cut", "a little short", "empty", "text", "zeros"])
def test_a_damaged_image_is_found_before_it_is_read(tmp_path, kind, damage):
    noise = np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8)
    for number in range(3):
        Image.fromarray(noise).save(tmp_path / f"{number}.{kind}")
    good = (tmp_path / f"1.{kind}").read_bytes()
    bad = {
        "cut": good[:700],
        "a little short": good[:-30],
        "empty": b"",
        "text": b"<html>404</html>",
        "zeros": bytes(900),
    }
    check_whole(tmp_path / f"{number}.{kind}" for number in range(3))
    (tmp_path / f"1.{kind}").write_bytes(bad[damage])
    with pytest.raises(KindredError, match=rf"^1 of 3 images cannot be read, the first of them .*1\.{kind}: .*copy"):
        check_whole(tmp_path / f"{number}.{kind}" for number in range(3))


def test_bytes_after_the_end_of_an_image_do_no_harm(tmp_path, files):
    padded = tmp_path / "padded.png"
    padded.write_bytes((tmp_path / "1.png").read_bytes() + b"\0" * 500)
    check_whole([padded])


def test_an_image_damaged_after_the_check_is_named_when_it_is_read(files):
    images = photographs(files, 8)
    with open(files[3], "wb") as file:
        file.write(b"gone")
    with pytest.raises(KindredError, match=r"The image .*3\.png cannot be read .*copy it again"):
        images[np.arange(5)]
    with pytest.raises(KindredError, match=r"The image .*3\.png cannot be read"):
        pixels(files[3])


def test_the_folder_is_the_settings_or_the_one_under_data(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "DATA", tmp_path)
    (tmp_path / "celeba").mkdir()
    (tmp_path / "elsewhere").mkdir()
    settings = DataSettings("celeba", folder=str(tmp_path / "elsewhere"))
    assert find_folder(settings, "celeba", "https://site") == tmp_path / "elsewhere"
    assert find_folder(DataSettings("celeba"), "celeba", "https://site") == tmp_path / "celeba"
    with pytest.raises(KindredError, match=r"no folder .*nyuv2 .*https://site.*--folder"):
        find_folder(DataSettings("celeba"), "nyuv2", "https://site")
    with pytest.raises(KindredError, match=r"no folder .*nowhere .*https://site.*--folder"):
        find_folder(DataSettings("celeba", folder=str(tmp_path / "nowhere")), "nyuv2", "https://site")
