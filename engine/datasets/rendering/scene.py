"""A scene: a room with panels on its walls and floor, convex bodies in it, a camera and lights."""

from dataclasses import dataclass

import numpy as np

from engine.datasets.rendering.shapes import IN_PLANE, Box, Cylinder, Room, Sphere
from engine.datasets.rendering.textures import Colour, Texture

SEMANTIC_CLASSES = (
    "floor",
    "ceiling",
    "wall",
    "door",
    "window",
    "picture",
    "rug",
    "box",
    "sphere",
    "cylinder",
    "shelf",
)
FACES = 6  # of a room
FLOOR, CEILING = 4, 5  # the last two; the others are walls


@dataclass(frozen=True, eq=False)
class Camera:
    """Attributes:
    position: ``[3]``, in the room.
    frame: ``[axis, 3]``, the camera's axes in world coordinates: to the right, up, and back towards the viewer.
    """

    position: np.ndarray
    frame: np.ndarray

    @staticmethod
    def looking(position: tuple[float, float, float], heading: float, pitch: float) -> "Camera":
        """At ``position``, upright, looking along ``heading`` (radians from the first axis, counter-clockwise seen
        from above), tilted up by ``pitch`` (radians)."""
        forward = np.array(
            [np.cos(heading) * np.cos(pitch), np.sin(heading) * np.cos(pitch), np.sin(pitch)], np.float32
        )
        right = np.array([np.sin(heading), -np.cos(heading), 0], np.float32)
        x, y, z = right
        fx, fy, fz = forward
        up = np.array([y * fz - z * fy, z * fx - x * fz, x * fy - y * fx])
        return Camera(np.array(position, np.float32), np.stack([right, up, -forward]))


@dataclass(frozen=True, eq=False)
class Light:
    """A point at ``position`` ``[3]`` in the room, outside of all bodies; ``strength`` is relative to the others'."""

    position: np.ndarray
    strength: float


@dataclass(frozen=True, eq=False)
class Body:
    """A convex thing in the room, of a ``kind`` in ``SEMANTIC_CLASSES``."""

    kind: str
    shape: Box | Sphere | Cylinder
    texture: Texture


@dataclass(frozen=True, eq=False)
class Panel:
    """A rectangle in a face of the room, flush with it.

    Attributes:
        kind: one of ``SEMANTIC_CLASSES``.
        face: of the room.
        middle, halves: ``(2,)``, metres along the face's two axes (``IN_PLANE``).
        texture: on it, measured like the face's own.
        border: colour of a border of ``BORDER`` metres.
    """

    kind: str
    face: int
    middle: tuple[float, float]
    halves: tuple[float, float]
    texture: Texture
    border: Colour

    BORDER = 0.07

    def covers(self, points: np.ndarray) -> np.ndarray:
        """Which of ``points`` ``[3, points]`` in its face belong to it."""
        first, second = points[IN_PLANE[self.face // 2]]
        inside = np.abs(first - self.middle[0]) <= self.halves[0]
        return inside & (np.abs(second - self.middle[1]) <= self.halves[1])

    def corners(self, room: Room) -> np.ndarray:
        """``[3, 4]``."""
        axis, side = divmod(self.face, 2)
        (u, v), (half_u, half_v) = self.middle, self.halves
        found = np.full((3, 4), side * room.size[axis], np.float32)
        found[IN_PLANE[axis]] = (
            (u - half_u, u - half_u, u + half_u, u + half_u),
            (v - half_v, v + half_v, v - half_v, v + half_v),
        )
        return found


@dataclass(frozen=True, eq=False)
class Scene:
    """Attributes:
    room: its shape.
    textures: of the room's six faces.
    panels: in the room's faces; of two that overlap, the later is seen.
    bodies: apart from each other and from the camera, in the room.
    camera: where it is seen from.
    lights: one or more.
    ambient: light from everywhere, on the scale of the lights' strengths.
    """

    room: Room
    textures: tuple[Texture, ...]
    panels: tuple[Panel, ...]
    bodies: tuple[Body, ...]
    camera: Camera
    lights: tuple[Light, ...]
    ambient: float
