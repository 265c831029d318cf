"""Where rays meet planes, boxes, spheres and cylinders, in closed form, and what the surface is like there.

World coordinates are metres, the third one upwards. A bundle of rays has one origin ``[3]``, outside of all bodies, and
directions ``[3, rays]`` of any length; a distance is in units of its direction, so that ``origin + distance *
direction`` is where the ray meets the surface. Distances are float32: within some millimetres at grazing incidence, and
within some micrometres elsewhere.

Source: Haines, "Essential Ray Tracing Algorithms", in Glassner (ed.), "An Introduction to Ray Tracing", 1989.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

IN_PLANE = (slice(1, 3), slice(0, 3, 2), slice(0, 2))  # the two axes that span the face across each axis
SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32).T

# The distances at which rays enter and leave a body. A ray that misses it has enter > leave, and it leaves where it has
# passed it: where it is nearest to the sphere or to the cylinder's axis, or out of the space between opposite faces.
Interval = tuple[np.ndarray, np.ndarray]


class Surface(NamedTuple):
    """What a surface is like at points on it.

    Attributes:
        normals: ``[3, points]``, unit vectors out of the body (into the room) in world coordinates.
        across: ``[2, points]``, metres along the surface: where a texture finds its pattern.
        curvature: the two principal curvatures in 1/metre, the larger first: numbers, or ``[points]`` each.
    """

    normals: np.ndarray
    across: np.ndarray
    curvature: tuple


def turned(frame: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Coordinates of ``vectors`` ``[3, n]`` along the rows of ``frame`` ``[3, 3]``; not by BLAS, so that the bits do
    not depend on its threads."""
    return np.einsum("ij,jk->ik", frame, vectors)


def upright(angle: float) -> np.ndarray:
    """``[axis, 3]``: a frame turned by ``angle`` (radians, counter-clockwise seen from above) about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)


def lying(angle: float) -> np.ndarray:
    """``[axis, 3]``: a frame whose third axis is horizontal, at ``angle``, and whose first points up."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[0, 0, 1], [s, -c, 0], [c, s, 0]], np.float32)


def slab(start: np.ndarray, directions: np.ndarray, halves: np.ndarray) -> Interval:
    """Where rays enter and leave the slabs ``|x| <= halves``, one of each axis; all shapes end in ``[axes, rays]``."""
    inverse = 1 / (directions + np.float32(1e-12))  # a ray along the slab: huge, not infinite times zero
    middle, half = start * inverse, halves * np.abs(inverse)
    return -middle - half, half - middle


@dataclass(frozen=True, eq=False)
class Room:
    """The inside of a box from the origin to ``size`` ``[3]``; its face ``2 * axis + side`` lies across an axis."""

    size: np.ndarray

    def distances(self, origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances ``[rays]`` to the walls from an origin inside, and which face each ray meets."""
        half = self.size[:, None] / 2
        axes = slab(origin[:, None] - half, directions, half)[1]
        nearest = axes.min(0)
        x, y, face = (directions > 0).view(np.int8) + np.array([[0], [2], [4]], np.int8)
        np.copyto(face, y, where=axes[1] == nearest)
        np.copyto(face, x, where=axes[0] == nearest)
        return nearest, face

    def corners(self) -> np.ndarray:
        """``[3, 8]``."""
        return (SIGNS + 1) / 2 * self.size[:, None]


@dataclass(frozen=True, eq=False)
class Box:
    """A box: ``centre`` ``[3]``, ``halves`` ``[3]`` of its sides, along the rows of ``frame``."""

    centre: np.ndarray
    halves: np.ndarray
    frame: np.ndarray

    def crossed(self, origin: np.ndarray, directions: np.ndarray) -> Interval:
        """Where rays enter and leave."""
        start = self.frame @ (origin - self.centre)
        enter, leave = slab(start[:, None], turned(self.frame, directions), self.halves[:, None])
        return enter.max(0), leave.min(0)

    def surface(self, points: np.ndarray) -> Surface:
        """Of ``points`` ``[3, points]`` on the box."""
        local = turned(self.frame, points - self.centre[:, None])
        y = local[1]
        over_x, over_y, over_z = np.abs(local) - self.halves[:, None]
        on_x = (over_x >= over_y) & (over_x >= over_z)
        on_z = ~on_x & (over_z > over_y)
        sides = np.sign(local)
        sides[0] *= on_x
        sides[1] *= ~(on_x | on_z)
        sides[2] *= on_z
        across = local[::2].copy()
        np.copyto(across[0], y, where=on_x)
        np.copyto(across[1], y, where=on_z)
        return Surface(turned(self.frame.T, sides), across, (0.0, 0.0))

    def corners(self) -> np.ndarray:
        """``[3, 8]``."""
        return self.centre[:, None] + self.frame.T @ (SIGNS * self.halves[:, None])


@dataclass(frozen=True, eq=False)
class Sphere:
    """A sphere; its texture's poles are on the third axis of ``frame``, its seam opposite to the first."""

    centre: np.ndarray
    radius: float
    frame: np.ndarray

    def crossed(self, origin: np.ndarray, directions: np.ndarray) -> Interval:
        """Where rays enter and leave."""
        start = origin - self.centre
        # |start + t direction|² = radius², that is a t² + 2 b t + c = 0
        a = np.einsum("ij,ij->j", directions, directions)
        b = np.einsum("i,ij->j", start, directions)
        c = float(start @ start) - self.radius**2
        return between_roots(a, b, c)

    def surface(self, points: np.ndarray) -> Surface:
        """Of ``points`` ``[3, points]`` on the sphere."""
        outward = points - self.centre[:, None]
        outward /= np.sqrt(np.einsum("ij,ij->j", outward, outward))
        x, y, z = turned(self.frame, outward)
        across = np.array([np.arctan2(y, x), np.arcsin(np.minimum(np.maximum(z, -1), 1))]) * np.float32(self.radius)
        return Surface(outward, across, (1 / self.radius, 1 / self.radius))

    def corners(self) -> np.ndarray:
        """``[3, 0]``."""
        return np.zeros((3, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Cylinder:
    """A cylinder with flat ends, its axis the third of ``frame``; its texture's seam is opposite to the first."""

    centre: np.ndarray
    radius: float
    half: float
    frame: np.ndarray

    def crossed(self, origin: np.ndarray, directions: np.ndarray) -> Interval:
        """Where rays enter and leave."""
        x, y, z = self.frame @ (origin - self.centre)
        dx, dy, dz = turned(self.frame, directions)
        a, b, c = dx * dx + dy * dy, x * dx + y * dy, float(x * x + y * y) - self.radius**2
        side = between_roots(a + np.float32(1e-12), b, c)
        ends = slab(z, dz, np.float32(self.half))
        return np.maximum(side[0], ends[0]), np.minimum(side[1], ends[1])

    def surface(self, points: np.ndarray) -> Surface:
        """Of ``points`` ``[3, points]`` on the cylinder; flat on its ends."""
        local = turned(self.frame, points - self.centre[:, None])
        x, y, z = local
        from_axis = np.maximum(np.sqrt(x * x + y * y), np.float32(1e-6))
        end = np.abs(z) - self.half > from_axis - self.radius
        side = ~end
        around = np.arctan2(y, x) * np.float32(self.radius)
        across = np.array([np.where(end, x, around), np.where(end, y, z)])
        local[:2] *= side / from_axis
        local[2] = end * np.sign(z)
        return Surface(turned(self.frame.T, local), across, (side * np.float32(1 / self.radius), 0.0))

    def corners(self) -> np.ndarray:
        """``[3, 0]``: its rims are smooth."""
        return np.zeros((3, 0), np.float32)


def between_roots(a: np.ndarray, b: np.ndarray, c: float) -> Interval:
    """Where ``a t² + 2 b t + c <= 0``; where it never is, from infinity to the ``t`` at which it is least."""
    inside = b * b - a * np.float32(c)
    root = np.sqrt(np.maximum(inside, 0))
    enter, leave = (-b - root) / a, (root - b) / a
    np.copyto(enter, np.inf, where=inside < 0)
    return enter, leave
