import numpy as np
import pytest

from engine.datasets.rendering.marks import CORNER_WIDTH, DEPTH_JUMP, corners_in_view, edges
from engine.datasets.rendering.rendering import render_scene
from engine.datasets.rendering.scene import Camera, Panel
from engine.datasets.rendering.scenes import random_scene
from engine.datasets.rendering.shapes import Box, turned, upright
from engine.datasets.rendering.tracing import FIELD_OF_VIEW, pixel_directions, trace
from tests.engine.datasets.rendering.plain_scenes import GREY, SIZE, plain_scene, vector

WIDTH = 64
NOTHING = np.zeros((3, 0), np.float32)


def pixel(x, y, z, camera=(0.5, 2.0, 1.5)):
    """Row and column, from the middle of the first pixel, of a point seen along the first axis by a pinhole camera."""
    scale = WIDTH / 2 / np.tan(FIELD_OF_VIEW / 2)
    ahead, left, up = x - camera[0], y - camera[1], z - camera[2]
    return WIDTH / 2 - 0.5 - scale * up / ahead, WIDTH / 2 - 0.5 - scale * left / ahead


def at(values, point):
    row, column = np.rint(pixel(*point)).astype(int)
    return values[row, column]


def test_the_corners_of_an_empty_room_are_marked_where_a_pinhole_camera_sees_them():
    found = render_scene(plain_scene(), WIDTH)["keypoints"]
    rows, columns = np.mgrid[:WIDTH, :WIDTH]
    expected = np.zeros((WIDTH, WIDTH))
    for y in (0, SIZE[1]):
        for z in (0, SIZE[2]):
            row, column = pixel(SIZE[0], y, z)
            squared = (rows - row) ** 2 + (columns - column) ** 2
            expected = np.maximum(expected, np.exp(-squared / 2 / (CORNER_WIDTH * WIDTH) ** 2))
    assert np.allclose(found, expected, atol=1e-4)


def test_a_corner_behind_a_box_is_not_marked():
    corner = (SIZE[0], 0, 0)
    wall = Box(vector(2.5, 0.6, 0.6), vector(0.1, 0.6, 0.6), upright(0.0))
    assert at(render_scene(plain_scene(), WIDTH)["keypoints"], corner) > 0.8
    hidden = render_scene(plain_scene(wall), WIDTH)["keypoints"]
    assert at(hidden, corner) < 0.2
    assert at(hidden, (SIZE[0], SIZE[1], 0)) > 0.8  # the one on the other side is


def test_a_box_shows_the_corners_of_its_visible_faces():
    """Seen along a face's normal only four corners show; over an edge and from above all but the one farthest off."""
    for angle, height, shown in ((0.0, 1.0, 4), (np.pi / 4, 0.4, 7)):
        box = Box(vector(3, 2, height + 0.5), vector(0.4, 0.4, 0.4), upright(angle))
        scene = plain_scene(box)
        reaching, _ = corners_in_view(scene, WIDTH)
        _, free = trace(scene, pixel_directions(8), reaching)
        points = reaching + scene.camera.position[:, None]
        own = np.abs(np.abs(turned(box.frame, points - box.centre[:, None])) - 0.4).max(0) < 1e-3
        assert own.sum() == 8 and (free & own).sum() == shown


def test_the_corners_of_a_panel_are_marked_and_a_body_hides_them():
    panel = Panel("picture", 1, (2.0, 1.5), (0.8, 0.5), GREY, (0.0, 0.0, 0.0))  # in the wall ahead
    blind = Box(vector(4.0, 2.8, 1.5), vector(0.05, 0.7, 0.9), upright(0.0))
    free, hidden = (render_scene(plain_scene(*each, panels=(panel,)), WIDTH)["keypoints"] for each in ((), (blind,)))
    for y, z in ((1.2, 1.0), (1.2, 2.0), (2.8, 1.0), (2.8, 2.0)):
        assert at(free, (SIZE[0], y, z)) > 0.8
        assert (at(hidden, (SIZE[0], y, z)) > 0.8) == (y < 2)


def test_edges_are_half_the_step_between_two_colours():
    albedo = np.zeros((3, 16, 16), np.float32)
    albedo[:, :, 8:] = np.array([0.3, 0.4, 0.0])[:, None, None]
    found = edges(albedo)
    assert np.allclose(found[:, 7:9], 0.25) and (np.delete(found, (7, 8), 1) == 0).all()
    assert np.allclose(edges(albedo.swapaxes(1, 2)), found.T)


def test_edges_agree_with_numpys_gradient_inside():
    albedo = np.random.default_rng(0).random((3, 20, 20)).astype(np.float32)
    down, across = np.gradient(albedo, axis=(1, 2))
    expected = np.sqrt((down**2 + across**2).sum(0)).clip(max=1)
    assert np.allclose(edges(albedo)[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-6)


def neighbours(values):
    """Pairs ``[2, pairs]`` of all pixels side by side, and one above the other."""
    beside = np.stack([values[:, :-1].ravel(), values[:, 1:].ravel()])
    return np.concatenate([beside, np.stack([values[:-1].ravel(), values[1:].ravel()])], 1)


@pytest.mark.parametrize("number", range(12))
def test_occlusion_edges_are_where_depth_jumps_between_two_pixels(number):
    """The slow reference follows depth from pixel to pixel in 200 steps: a jump stays one, a slope becomes small."""
    scene = random_scene(2, number)
    maps = render_scene(scene, WIDTH)
    directions = turned(scene.camera.frame.T, pixel_directions(WIDTH))
    bodies = trace(scene, directions, NOTHING)[0].bodies
    one, other = neighbours(np.arange(WIDTH * WIDTH).reshape(WIDTH, WIDTH))
    differ = bodies[one] != bodies[other]
    assert maps["occlusion_edges"].sum() <= differ.sum()
    one, other = one[differ], other[differ]
    part = np.linspace(0, 1, 200)[:, None]
    between = directions[:, one, None] + (directions[:, other] - directions[:, one])[:, :, None] * part[:, 0]
    between = (between / np.linalg.norm(between, axis=0)).astype(np.float32)
    depth = trace(scene, between.reshape(3, -1), NOTHING)[0].distances.reshape(-1, 200)
    jumps = np.abs(np.diff(depth, axis=1)).max(1)
    near = np.where(maps["depth"].ravel()[one] < maps["depth"].ravel()[other], one, other)
    expected = np.zeros(WIDTH * WIDTH)
    np.maximum.at(expected, near, jumps)
    marked = maps["occlusion_edges"].ravel() > 0
    clear = (expected < DEPTH_JUMP / 2) | (expected > 3 * DEPTH_JUMP)
    wrong = clear & (marked != (expected > DEPTH_JUMP))
    assert wrong.sum() <= 2  # where a silhouette lies within rounding of a ray
    assert expected[marked].min() > DEPTH_JUMP / 4


def test_a_box_on_the_floor_has_an_edge_at_its_top_and_none_where_it_stands():
    box = Box(vector(2.5, 2, 0.4), vector(0.4, 0.4, 0.4), upright(0.0))
    scene = plain_scene(box, camera=Camera.looking((0.5, 2.0, 1.5), 0.0, -0.4))
    found = render_scene(scene, WIDTH)["occlusion_edges"]
    rows = np.nonzero(found[:, WIDTH // 2])[0]
    assert len(rows) == 1  # the back edge of its top
    stands = render_scene(scene, WIDTH)["semantic"][:, WIDTH // 2] == 7
    assert rows[0] == np.nonzero(stands)[0].min()
    assert found[np.nonzero(stands)[0].max()].sum() <= 4  # only the ends of its sides
