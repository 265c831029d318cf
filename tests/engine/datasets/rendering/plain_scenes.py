"""Scenes that tests lay out by hand, and slow references for them: signed distances to bodies, in float64."""

import numpy as np

from engine.datasets.rendering.scene import Body, Camera, Light, Scene
from engine.datasets.rendering.shapes import Box, Cylinder, Room, Sphere, lying, upright
from engine.datasets.rendering.textures import Texture

GREY = Texture("plain", ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
SIZE = (5.0, 4.0, 3.0)


def vector(*numbers):
    return np.array(numbers, np.float32)


def body(shape):
    return Body(type(shape).__name__.lower(), shape, GREY)


def plain_scene(*shapes, camera=None, light=(2.0, 1.0, 2.7), panels=()):
    """A grey room of ``SIZE``, seen from (0.5, 2, 1.5) along the first axis if not said otherwise."""
    return Scene(
        room=Room(vector(*SIZE)),
        textures=(GREY,) * 6,
        panels=panels,
        bodies=tuple(body(shape) for shape in shapes),
        camera=camera or Camera.looking((0.5, 2.0, 1.5), 0.0, 0.0),
        lights=(Light(vector(*light), 1.0),),
        ambient=0.3,
    )


def random_shapes(generator, count):
    """Of every kind in turn, near the origin, turned any way about the vertical; cylinders stand or lie."""
    shapes = []
    for number in range(count):
        centre = generator.uniform(-0.5, 0.5, 3).astype(np.float32)
        angle = generator.uniform(0, 2 * np.pi)
        if number % 4 == 0:
            shapes.append(Box(centre, generator.uniform(0.2, 0.8, 3).astype(np.float32), upright(angle)))
        elif number % 4 == 1:
            shapes.append(Sphere(centre, float(generator.uniform(0.2, 0.8)), upright(angle)))
        else:
            frame = upright(angle) if number % 4 == 2 else lying(angle)
            radius, half = generator.uniform(0.2, 0.8, 2).tolist()
            shapes.append(Cylinder(centre, radius, half, frame))
    return shapes


def signed_distance(shape, points):
    """``[points]``: from ``points`` ``[3, points]`` to the surface, negative inside."""
    local = shape.frame.astype(float) @ (points - shape.centre[:, None].astype(float))
    if isinstance(shape, Sphere):
        return np.linalg.norm(local, axis=0) - shape.radius
    if isinstance(shape, Box):
        over = np.abs(local) - shape.halves[:, None]
    else:
        over = np.stack([np.hypot(local[0], local[1]) - shape.radius, np.abs(local[2]) - shape.half])
    return np.linalg.norm(over.clip(min=0), axis=0) + over.max(0).clip(max=0)


def marched(shape, origin, directions, farthest=20.0):
    """``[rays]``: the first crossing by sphere tracing along unit ``directions``, infinite if there is none; and how
    near each ray has come to the surface."""
    distances = np.zeros(directions.shape[1])
    nearest = np.full(directions.shape[1], np.inf)
    for _ in range(400):
        gap = signed_distance(shape, origin[:, None] + distances * directions)
        nearest = np.minimum(nearest, gap)
        distances += gap.clip(min=0)
    return np.where((nearest < 1e-6) & (distances < farthest), distances, np.inf), nearest
