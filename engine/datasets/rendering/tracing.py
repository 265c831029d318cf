"""What rays meet first in a scene."""

import functools
from typing import NamedTuple

import numpy as np

from engine.datasets.rendering.scene import FACES, Scene

FIELD_OF_VIEW = np.deg2rad(65.0)  # from border to border, across and down
TOUCHING = np.float32(1e-3)  # part of a ray's length within which it meets what it is sent to


@functools.cache
def pixel_directions(size: int) -> np.ndarray:
    """``[3, size²]``: unit vectors in camera coordinates through the middles of the pixels, row by row from the top."""
    place = (2 * np.arange(size) + 1 - size) / size * np.tan(FIELD_OF_VIEW / 2)
    x, y = np.meshgrid(place, -place)
    directions = np.stack([x, y, -np.ones_like(x)]).reshape(3, -1)
    return (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)


class Hits(NamedTuple):
    """What rays from the camera meet first.

    Attributes:
        distances: ``[rays]``.
        points: ``[3, rays]``, where.
        numbers: ``[rays]``, of the surface: the room's faces come first, then the panels, then the bodies.
        bodies: ``[rays]``, of the body; −1 for the room and its panels.
        passed: ``[bodies, rays]``, the distance at which each ray has left or passed each body (``shapes.Interval``).
    """

    distances: np.ndarray
    points: np.ndarray
    numbers: np.ndarray
    bodies: np.ndarray
    passed: np.ndarray


def trace(scene: Scene, directions: np.ndarray, reaching: np.ndarray) -> tuple[Hits, np.ndarray]:
    """What the camera sees, and which of some points it sees.

    Args:
        scene: the scene.
        directions: ``[3, rays]``, from the camera.
        reaching: ``[3, points]``, from the camera to points on surfaces of the scene.

    Returns:
        The hits of the rays, and ``[points]``, whether no body lies before each point.
    """
    origin, rays = scene.camera.position, directions.shape[1]
    bundle = np.concatenate([directions, reaching], 1)  # as few rays take as long as many
    nearest = np.full(bundle.shape[1], np.inf, np.float32)
    bodies = np.full(bundle.shape[1], -1, np.int8)
    passed = np.empty((len(scene.bodies), rays), np.float32)
    for number, body in enumerate(scene.bodies):
        enter, leave = body.shape.crossed(origin, bundle)
        closer = (enter <= leave) & (enter > 0) & (enter < nearest)
        np.copyto(nearest, enter, where=closer)
        bodies[closer] = number
        passed[number] = leave[:rays]
    free = nearest[rays:] >= 1 - TOUCHING
    bodies = bodies[:rays]
    behind, face = scene.room.distances(origin, directions)
    distances = np.minimum(nearest[:rays], behind)
    points = origin[:, None] + distances * directions
    numbers = bodies + np.int8(FACES + len(scene.panels))
    nothing = bodies < 0
    np.copyto(numbers, face, where=nothing)
    for number, panel in enumerate(scene.panels):
        around = nothing & (face == panel.face)
        if around.any():
            numbers[around & panel.covers(points)] = FACES + number
    return Hits(distances, points, numbers, bodies, passed), free


def unshadowed(scene: Scene, light: np.ndarray, points: np.ndarray) -> np.ndarray:
    """``[points]``: whether no body lies between a ``light`` ``[3]`` and each of ``points`` ``[3, points]``."""
    directions = points - light[:, None]
    free = np.ones(directions.shape[1], bool)
    for body in scene.bodies:
        enter, leave = body.shape.crossed(light, directions)
        free &= (enter > leave) | (enter <= 0) | (enter >= 1 - TOUCHING)
    return free
