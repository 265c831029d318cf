import numpy as np
import pytest

from engine.charts.pictures import class_colours, enlarged, limits, map_picture, photograph
from engine.tasks import Task

GREY = Task("clean", "squared_error", dense=True)
NORMALS = Task("normals", "absolute_error", 3, dense=True)
CLASSES = Task("things", "cross_entropy", 4, dense=True)


def test_every_pixel_is_enlarged_to_an_equal_block():
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    large = enlarged(pixels, 9)
    assert large.shape == (10, 10, 3)
    for row in range(10):
        for column in range(10):
            assert (large[row, column] == pixels[row // 5, column // 5]).all()


def test_what_is_large_enough_stays_as_it_is():
    pixels = np.zeros((200, 100, 3), np.uint8)
    assert enlarged(pixels, 192) is not None and enlarged(pixels, 192).shape == pixels.shape


def test_limits_are_of_what_is_known_and_never_equal():
    assert limits(np.array([np.nan, -2.0, 3.0])) == (-2.0, 3.0)
    assert limits(np.array([-1, 0, 5])) == (0.0, 5.0)  # -1: no class
    assert limits(np.full(3, np.nan)) == (0.0, 1.0)
    low, high = limits(np.full(3, 7.0))
    assert low < 7 < high


def test_one_channel_is_grey_from_black_to_white():
    picture = photograph(np.array([[[-1.0, 0.0, 1.0]]]), -1, 1)
    assert picture.dtype == np.uint8 and picture.tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


def test_three_channels_are_colours():
    values = np.array([1.0, 0.0, -1.0])[:, None, None]
    assert photograph(values, -1, 1).tolist() == [[[255, 128, 0]]]


def test_beyond_the_limits_is_black_or_white():
    assert photograph(np.array([[[-9.0, 9.0]]]), 0, 1).tolist() == [[[0] * 3, [255] * 3]]


@pytest.mark.parametrize(
    ("task", "values"),
    [(GREY, np.array([[np.nan, 0.5]])), (NORMALS, np.array([[[np.nan, 1]], [[0, 1]], [[0, 1]]])),
     (CLASSES, np.array([[-1, 2]]))],
)  # fmt: skip
def test_what_is_not_known_of_a_map_is_transparent(task, values):
    picture = map_picture(task, values, 0, 1)
    assert picture.shape == (1, 2, 4) and picture[0, :, 3].tolist() == [0, 255]


def test_several_numbers_a_pixel_that_are_no_colours_are_grey():
    curvature = Task("curvature", "absolute_error", 2, dense=True)
    assert map_picture(curvature, np.array([[[0.0]], [[1.0]]]), 0, 1)[0, 0].tolist() == [128, 128, 128, 255]


def test_classes_have_colours_of_their_own():
    colours = class_colours(40)
    assert len({tuple(colour) for colour in colours}) == 40
    picture = map_picture(CLASSES, np.array([[0, 3]]), 0, 1)
    assert (picture[0, :, :3] == class_colours(4)[[0, 3]]).all()
