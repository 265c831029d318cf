"""Random bodies in a room: on the floor, on each other and on the walls, apart, and where the camera looks."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.datasets.rendering.draws import Draws
from engine.datasets.rendering.scene import Body, Camera
from engine.datasets.rendering.shapes import Box, Cylinder, Sphere, lying, upright
from engine.datasets.rendering.textures import any_texture

FEWEST, MOST = 3, 7
SHRINKING = 0.97  # of the bodies from one try to the next, as places get few
SMALLEST = 0.6  # after so much shrinking, there need be no more than the fewest
FREE_ABOVE = 0.5  # metres between the highest body and the ceiling
FREE_AHEAD = 0.5  # metres between the camera and any body
PATTERNS = "plain", "gradient", "stripes", "checkers", "dots", "bricks", "mottle", "marble", "tiles"

Size = tuple[float, float, float]
Shape = Box | Sphere | Cylinder


@dataclass(frozen=True, eq=False)
class Place:
    """An upright cylinder that holds one body and no other.

    Attributes:
        x, y, radius: of its circle.
        bottom, top: its heights.
        kind: of the body.
        shape: makes its shape; called only once the place has been found to be free.
        support: radius of the circle on top of it on which another can stand; 0 if none can.
    """

    x: float
    y: float
    radius: float
    bottom: float
    top: float
    kind: str
    shape: Callable[[], Shape]
    support: float = 0.0

    def meets(self, other: "Place") -> bool:
        """Whether the two overlap; one may stand on the other."""
        if self.bottom >= other.top - 1e-6 or other.bottom >= self.top - 1e-6:
            return False
        return (self.x - other.x) ** 2 + (self.y - other.y) ** 2 < (self.radius + other.radius) ** 2


def furnish(draws: Draws, size: Size, camera: Camera, heading: float) -> tuple[tuple[Body, ...], float]:
    """From ``FEWEST`` to ``MOST`` bodies, and the height of the highest.

    Args:
        draws: random numbers.
        size: of the room.
        camera: which no body comes near to.
        heading: of the camera, near which the bodies are.
    """
    eye = tuple(camera.position.tolist())
    wanted = FEWEST + int(draws.between(0, MOST - FEWEST + 1))
    places: list[Place] = []
    bodies: list[Body] = []
    smaller = 1.0
    while len(places) < wanted and (smaller > SMALLEST or len(places) < FEWEST):
        smaller *= SHRINKING
        place = _try(draws, size, eye, heading, places, smaller)
        if place is not None and _fits(place, size, eye, places):
            places.append(place)
            texture = any_texture(draws, PATTERNS, (0.2, 0.5), vivid=True)
            bodies.append(Body(place.kind, place.shape(), texture))
    return tuple(bodies), max(place.top for place in places)


def _fits(place: Place, size: Size, eye: Size, places: list[Place]) -> bool:
    near = (place.x - eye[0]) ** 2 + (place.y - eye[1]) ** 2 < (place.radius + FREE_AHEAD) ** 2
    if near or place.top > size[2] - FREE_ABOVE:
        return False
    if place.kind != "shelf" and not (
        place.radius <= place.x <= size[0] - place.radius and place.radius <= place.y <= size[1] - place.radius
    ):
        return False
    return not any(place.meets(other) for other in places)


def _try(draws: Draws, size: Size, eye: Size, heading: float, places: list[Place], smaller: float) -> Place | None:
    """A body somewhere; it may not fit."""
    supports = [place for place in places if place.support > 0.15]
    if supports and draws.chance(0.35):
        return _on_top(draws, draws.one_of(supports), eye)
    bearing = heading + draws.between(-0.5, 0.5)
    if draws.chance(0.15):
        return _shelf(draws, size, eye, bearing)
    away = draws.between(1.3, 3.6)
    x, y = eye[0] + away * math.cos(bearing), eye[1] + away * math.sin(bearing)
    extent = draws.between(0.16, 0.3) * (0.7 + away) * smaller
    return _standing(draws, x, y, 0.0, extent, draws.one_of(("box", "box", "sphere", "cylinder", "lying")), eye)


def _on_top(draws: Draws, below: Place, eye: Size) -> Place:
    extent = below.support * draws.between(0.7, 1.0)
    kind = draws.one_of(("box", "sphere", "sphere", "cylinder"))
    return _standing(draws, below.x, below.y, below.top, extent, kind, eye)


def _standing(draws: Draws, x: float, y: float, z: float, extent: float, kind: str, eye: Size) -> Place:
    """A body on a level of height ``z``, in a circle of radius ``extent``."""
    to_eye = math.atan2(eye[1] - y, eye[0] - x) + draws.between(-1, 1)  # keeps the texture's seam behind
    any_way = draws.between(0, math.pi)
    if kind == "box":
        turn = draws.between(0.5, 1.07)  # between the diagonal and a side
        halves = extent * math.cos(turn), extent * math.sin(turn), extent * draws.between(0.5, 1.5)

        def shape() -> Box:
            return Box(_vector(x, y, z + halves[2]), _vector(*halves), upright(any_way))

        return Place(x, y, extent, z, z + 2 * halves[2], kind, shape, min(halves[:2]))
    if kind == "sphere":
        return Place(
            x, y, extent, z, z + 2 * extent, kind, lambda: Sphere(_vector(x, y, z + extent), extent, upright(to_eye))
        )
    if kind == "cylinder":
        radius, half = extent * draws.between(0.6, 0.9), extent * draws.between(0.5, 1.5)

        def shape() -> Cylinder:
            return Cylinder(_vector(x, y, z + half), radius, half, upright(to_eye))

        return Place(x, y, radius, z, z + 2 * half, kind, shape, radius)
    radius = extent * draws.between(0.4, 0.7)
    half = (extent**2 - radius**2) ** 0.5

    def shape() -> Cylinder:
        return Cylinder(_vector(x, y, z + radius), radius, half, lying(any_way))

    return Place(x, y, extent, z, z + 2 * radius, "cylinder", shape)


def _shelf(draws: Draws, size: Size, eye: Size, bearing: float) -> Place | None:
    """A board or a cupboard on the wall that is met along ``bearing``."""
    along = math.cos(bearing), math.sin(bearing)
    reach = [((side if way > 0 else 0) - start) / way for start, way, side in zip(eye, along, size, strict=False)]
    axis = int(reach[1] < reach[0])
    at = [eye[0] + reach[axis] * along[0], eye[1] + reach[axis] * along[1]]
    width, depth, half = draws.between(0.35, 0.7), draws.between(0.12, 0.22), draws.between(0.04, 0.35)
    at[axis] = size[axis] - depth if along[axis] > 0 else depth
    z = draws.between(0.9, 1.7)
    if not width < at[1 - axis] < size[1 - axis] - width:
        return None
    halves = (depth, width, half) if axis == 0 else (width, depth, half)
    radius = (width**2 + depth**2) ** 0.5
    return Place(
        *at, radius, z - half, z + half, "shelf", lambda: Box(_vector(*at, z), _vector(*halves), upright(0.0)), depth
    )


def _vector(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)
