"""Textures: two colours mixed by a pattern over the surface, smoothed over the width of a pixel."""

import colorsys
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.datasets.rendering.draws import Draws

NOISE_SIDE = 256  # texels, a power of two
NOISE_PERIOD = 6  # in periods of the pattern

Colour = tuple[float, float, float]  # red, green, blue, each in 0 … 1
Pattern = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Texture:
    """A pattern in two colours.

    Attributes:
        pattern: a key of ``PATTERNS``.
        colours: where the pattern is 0, and where it is 1.
        period: metres after which the pattern repeats.
        angle: by which it is turned in the surface, radians.
        shift: of the pattern, in periods.
    """

    pattern: str
    colours: tuple[Colour, Colour]
    period: float = 1.0
    angle: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)

    def numbers(self) -> tuple[float, ...]:
        """What turns metres along a surface into a colour, eleven numbers.

        The first four, c, s, a and b, make of ``(u, v)`` metres ``(c u + s v + a, c v − s u + b)`` periods; then come
        the periods in a metre; the colour where the pattern is 0; and what leads to the other.
        """
        one, other = self.colours
        return (
            math.cos(self.angle) / self.period,
            math.sin(self.angle) / self.period,
            *self.shift,
            1 / self.period,
            *one,
            other[0] - one[0],
            other[1] - one[1],
            other[2] - one[2],
        )


def soft_step(distance: np.ndarray, width: np.ndarray) -> np.ndarray:
    """0 … 1 as the signed ``distance`` to an edge grows over the ``width`` of a pixel; tends to ½ if that is wide."""
    return np.minimum(np.maximum(distance / width + 0.5, 0), 1)


def to_edge(u: np.ndarray) -> np.ndarray:
    """Signed distance to the nearest edge of stripes, two in a period of 1."""
    return np.abs(u - np.floor(u) - 0.5) - 0.25


def plain(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    return np.zeros_like(u)


def gradient(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.sin(np.float32(2 * np.pi) * u)


def stripes(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    return soft_step(to_edge(u), width)


def checkers(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    rows, columns = soft_step(to_edge(u), width), soft_step(to_edge(v), width)
    return rows + columns - 2 * rows * columns


def dots(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    from_centre = np.hypot(u - np.floor(u) - 0.5, v - np.floor(v) - 0.5)
    return soft_step(0.3 - from_centre, width)


def tiles(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    to_joint = 0.5 - np.maximum(np.abs(u - np.floor(u) - 0.5), np.abs(v - np.floor(v) - 0.5))
    return soft_step(to_joint - 0.05, width)


def bricks(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Two courses in a period, each shifted by half a brick, with joints between and each brick in its own tone."""
    course = np.floor(2 * v)
    along = u + 0.5 * course
    column = np.floor(along)
    to_joint = np.minimum(0.5 - np.abs(along - column - 0.5), 0.5 * (0.5 - np.abs(2 * v - course - 0.5)))
    return soft_step(to_joint - 0.03, width) * (0.55 + 0.45 * tone(course, column))


def planks(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Five boards in a period, four times as long, each in its own tone."""
    row = np.floor(5 * v)
    along = 0.25 * u + 0.37 * row
    column = np.floor(along)
    to_joint = 0.2 * (0.5 - np.abs(5 * v - row - 0.5))
    return soft_step(to_joint - 0.006, width) * (0.25 + 0.75 * tone(row, column))


def mottle(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    texel = np.float32(NOISE_SIDE / NOISE_PERIOD)
    return noise()[(v * texel).astype(np.int32) & (NOISE_SIDE - 1), (u * texel).astype(np.int32) & (NOISE_SIDE - 1)]


def marble(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    return gradient(u + mottle(u, v, width), v, width)


def panes(u: np.ndarray, v: np.ndarray, width: np.ndarray) -> np.ndarray:
    """The sky behind a cross of bars through the origin; the bars are 1."""
    return soft_step(0.035 - np.minimum(np.abs(u), np.abs(v)), width)


def tone(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """A number in 0 … 1 for each brick or board, far from its neighbours' (golden-ratio sequence)."""
    number = np.float32(0.618034) * row + np.float32(0.754878) * column
    return number - np.floor(number)


PATTERNS: dict[str, Pattern] = {
    "plain": plain,
    "gradient": gradient,
    "stripes": stripes,
    "checkers": checkers,
    "dots": dots,
    "tiles": tiles,
    "bricks": bricks,
    "planks": planks,
    "mottle": mottle,
    "marble": marble,
    "panes": panes,
}


@functools.cache
def noise() -> np.ndarray:
    """``[NOISE_SIDE, NOISE_SIDE]`` in 0 … 1, smooth, the same at opposite borders: random lattices of ever finer
    cells, interpolated and summed with falling amplitude (fractal value noise)."""
    generator = np.random.default_rng(0)
    total = np.zeros((NOISE_SIDE, NOISE_SIDE))
    for cells, amplitude in ((8, 1.0), (16, 0.6), (32, 0.35), (64, 0.2)):
        place = np.arange(NOISE_SIDE) * cells / NOISE_SIDE
        low = place.astype(int)
        part = place - low
        part = part * part * (3 - 2 * part)
        lattice = generator.random((cells, cells))
        rows = lattice[low] * (1 - part)[:, None] + lattice[(low + 1) % cells] * part[:, None]
        total += amplitude * (rows[:, low] * (1 - part) + rows[:, (low + 1) % cells] * part)
    low, high = np.quantile(total, (0.02, 0.98))
    return np.clip((total - low) / (high - low), 0, 1).astype(np.float32)


def any_colour(draws: Draws, saturation: tuple[float, float], brightness: tuple[float, float]) -> Colour:
    """A colour of any hue."""
    return colorsys.hsv_to_rgb(draws.unit(), draws.between(*saturation), draws.between(*brightness))


def any_texture(draws: Draws, patterns: tuple[str, ...], period: tuple[float, float], vivid: bool) -> Texture:
    """One of ``patterns`` in two colours, strong ones if ``vivid`` and else pale ones, with a ``period`` in metres."""
    saturation, brightness = ((0.35, 0.95), (0.55, 1.0)) if vivid else ((0.0, 0.35), (0.65, 0.95))
    one = any_colour(draws, saturation, brightness)
    if draws.chance(0.5) and vivid:
        other = any_colour(draws, saturation, brightness)
    else:
        darker = draws.between(0.3, 0.6) if vivid else draws.between(0.55, 0.8)
        other = tuple(channel * darker for channel in one)
    pattern = draws.one_of(patterns)
    angle = 0.0 if pattern in ("bricks", "planks", "tiles") else draws.one_of((0.0, 0.0, np.pi / 4, np.pi / 2))
    shift = draws.between(-9, 9), draws.between(-9, 9)
    return Texture(pattern, (other, one), draws.between(*period), angle, shift)
