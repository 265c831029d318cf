import numpy as np
import pytest

from engine.datasets.rendering.pictures import CLASS_COLOURS, FARTHEST, GAP, contact_sheet, picture_of
from engine.datasets.rendering.rendering import MAPS, render
from engine.datasets.rendering.scene import SEMANTIC_CLASSES


@pytest.fixture(scope="module")
def rooms():
    return render(0, 2, 32)


@pytest.mark.parametrize("name", MAPS)
def test_every_map_has_a_picture(rooms, name):
    picture = picture_of(name, rooms[name][0])
    assert picture.shape == (32, 32, 3) and picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 1


def test_every_class_has_a_colour_of_its_own():
    assert set(CLASS_COLOURS) == set(SEMANTIC_CLASSES)
    colours = picture_of("semantic", np.arange(len(SEMANTIC_CLASSES))[None])[0].astype(int)
    apart = np.abs(colours[:, None] - colours).sum(-1)[~np.eye(len(colours), dtype=bool)]
    assert apart.min() > 80


def test_what_is_farther_is_darker():
    depth = np.linspace(0, FARTHEST, 50)[None]
    brightness = picture_of("depth", depth)[0] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(brightness) < 0).all()
    assert (picture_of("depth", depth + FARTHEST)[0] == picture_of("depth", depth)[0, -1]).all()


def test_a_normal_towards_the_camera_is_light_blue():
    assert picture_of("normals", np.array([0.0, 0.0, 1.0])[:, None, None])[0, 0].tolist() == [128, 128, 255]


def test_flat_is_nearly_white_and_bulging_and_hollow_are_opposite_colours():
    flat, bulging, hollow = (picture_of("curvature", np.full((2, 1, 1), k))[0, 0].astype(int) for k in (0, 4, -4))
    assert flat.min() > 240 and flat.max() - flat.min() < 4
    assert bulging[0] > bulging[2] and hollow[2] > hollow[0]


def test_a_sheet_has_a_row_for_each_room_and_a_column_for_each_map(rooms):
    sheet = contact_sheet(rooms, 8)
    assert sheet.shape == (2 * (32 + GAP) + GAP, len(MAPS) * (32 + GAP) + GAP, 3)
    top, left = GAP + 32 + GAP, GAP + 2 * (32 + GAP)
    assert (sheet[top : top + 32, left : left + 32] == picture_of("depth", rooms["depth"][1])).all()
    assert contact_sheet(rooms, 1).shape[0] == 32 + 2 * GAP
