import numpy as np
import pytest

from engine.datasets.rendering.furnishing import FEWEST, MOST
from engine.datasets.rendering.scene import SEMANTIC_CLASSES
from engine.datasets.rendering.scenes import random_scene
from engine.datasets.rendering.shapes import IN_PLANE, Sphere
from tests.engine.datasets.rendering.plain_scenes import signed_distance

SCENES = [random_scene(3, number) for number in range(60)]


def surface_points(shape):
    """``[3, points]``, all around on the surface, seen from inside."""
    z = 1 - (2 * np.arange(400) + 1) / 400
    around = np.pi * (1 + np.sqrt(5)) * np.arange(400)
    flat = np.sqrt(1 - z * z)
    directions = np.stack([flat * np.cos(around), flat * np.sin(around), z]).astype(np.float32)
    return shape.centre[:, None] + shape.crossed(shape.centre, directions)[1] * directions


def test_a_scene_depends_on_seed_and_number_alone():
    def bodies(scene):
        return [(body.kind, body.shape.centre.tolist(), body.texture) for body in scene.bodies]

    assert bodies(random_scene(3, 7)) == bodies(SCENES[7])
    assert bodies(random_scene(4, 7)) != bodies(SCENES[7]) != bodies(SCENES[8])


def test_there_are_as_many_bodies_as_said_and_of_all_kinds():
    counts = [len(scene.bodies) for scene in SCENES]
    assert min(counts) >= FEWEST and max(counts) <= MOST and len(set(counts)) >= 4
    kinds = {body.kind for scene in SCENES for body in scene.bodies}
    kinds |= {panel.kind for scene in SCENES for panel in scene.panels}
    assert kinds == set(SEMANTIC_CLASSES) - {"floor", "ceiling", "wall"}


@pytest.mark.parametrize("scene", SCENES[:30])
def test_bodies_lie_in_the_room_and_apart_from_each_other(scene):
    for body in scene.bodies:
        points = surface_points(body.shape)
        assert points.min() > -1e-4 and (points < scene.room.size[:, None] + 1e-4).all()
        for other in scene.bodies:
            if other is not body:
                assert signed_distance(other.shape, points.astype(float)).min() > -1e-4


@pytest.mark.parametrize("scene", SCENES[:30])
def test_every_body_stands_on_the_floor_or_a_body_or_hangs_on_a_wall(scene):
    for body in scene.bodies:
        points = surface_points(body.shape)
        if isinstance(body.shape, Sphere):
            points = np.append(points, (body.shape.centre - [0, 0, body.shape.radius])[:, None], 1)
        to_room = np.minimum(points[:2], scene.room.size[:2, None] - points[:2]).min()
        gaps = [points[2].min(), to_room if body.kind == "shelf" else np.inf]
        gaps += [signed_distance(other.shape, points).min() for other in scene.bodies if other is not body]
        assert min(gaps) < 0.02


@pytest.mark.parametrize("scene", SCENES[:30])
def test_camera_and_lights_are_in_the_room_and_outside_of_bodies(scene):
    for place in (scene.camera.position, *(light.position for light in scene.lights)):
        assert (place > 0.05).all() and (place < scene.room.size - 0.05).all()
        assert all(signed_distance(body.shape, place[:, None].astype(float))[0] > 0.05 for body in scene.bodies)
    frame = scene.camera.frame
    assert np.allclose(frame @ frame.T, np.eye(3), atol=1e-6) and np.linalg.det(frame) > 0
    assert frame[0, 2] == 0 and frame[1, 2] > 0  # upright


def test_panels_lie_in_their_faces():
    for scene in SCENES:
        for panel in scene.panels:
            limits = scene.room.size[IN_PLANE[panel.face // 2]]
            assert (np.array(panel.middle) - panel.halves > -1e-6).all()
            assert (np.array(panel.middle) + panel.halves < limits + 1e-6).all()
            corners = panel.corners(scene.room)
            middle = corners.mean(1, keepdims=True)
            assert panel.covers(middle + 0.999 * (corners - middle)).all()
            assert not panel.covers(middle + 1.001 * (corners - middle)).any()
