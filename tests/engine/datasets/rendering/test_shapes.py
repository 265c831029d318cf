import numpy as np
import pytest

from engine.datasets.rendering.shapes import Box, Cylinder, Room, Sphere, lying, upright
from tests.engine.datasets.rendering.plain_scenes import marched, random_shapes, signed_distance, vector

RAYS = 300
SHAPES = random_shapes(np.random.default_rng(0), 24)


def bundle(shape, seed=0):
    """An origin outside the shape, and unit rays to points around it, of which many hit and many miss."""
    generator = np.random.default_rng(seed)
    origin = generator.normal(size=3)
    origin = (shape.centre + 3 * origin / np.linalg.norm(origin)).astype(np.float32)
    directions = shape.centre[:, None] + generator.uniform(-1, 1, (3, RAYS)) - origin[:, None]
    return origin, (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)


def hits(shape):
    """Points ``[3, points]`` where rays enter, and the rays' directions there."""
    origin, directions = bundle(shape)
    enter, leave = shape.crossed(origin, directions)
    met = enter <= leave
    return origin[:, None] + enter[met] * directions[:, met], directions[:, met]


def gradient(shape, points, step=1e-4):
    """Of the signed distance, by central differences: the normal, in float64."""
    steps = step * np.eye(3)[:, :, None]
    points = points.astype(float)
    return np.stack([signed_distance(shape, points + h) - signed_distance(shape, points - h) for h in steps]) / 2 / step


def away_from_rims(shape, points):
    """Where the surface is smooth for a centimetre around: there the normal is the same slightly inside."""
    normals = gradient(shape, points)
    inside = gradient(shape, points - 0.02 * normals)
    return (normals * inside).sum(0) > 0.999


@pytest.mark.parametrize("shape", SHAPES)
def test_rays_enter_where_sphere_tracing_arrives(shape):
    origin, directions = bundle(shape)
    enter, leave = shape.crossed(origin, directions)
    expected, nearest = marched(shape, origin.astype(float), directions.astype(float))
    clear = (nearest < -1e-6) | (nearest > 1e-3) | np.isfinite(expected)
    met = enter <= leave
    assert 10 < met.sum() < RAYS - 10
    assert (met == np.isfinite(expected))[clear].mean() > 0.99
    both = met & np.isfinite(expected)
    error = np.abs(enter[both] - expected[both])
    assert error.max() < 5e-3 and np.median(error) < 1e-5


@pytest.mark.parametrize("shape", SHAPES)
def test_the_ray_is_inside_from_entering_to_leaving_and_nowhere_else(shape):
    origin, directions = bundle(shape)
    enter, leave = shape.crossed(origin, directions)
    met = leave - enter > 0.05
    enter, leave, directions = enter[met], leave[met], directions[:, met]
    for part, inside in ((-0.2, False), (0.01, True), (0.5, True), (0.99, True), (1.2, False)):
        points = origin[:, None] + (enter + part * (leave - enter)) * directions
        gap = signed_distance(shape, points.astype(float))
        assert ((gap < 0) == inside).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_distances_are_in_units_of_the_direction(shape):
    origin, directions = bundle(shape)
    (enter, leave), (of_longer, _) = shape.crossed(origin, directions), shape.crossed(origin, 2 * directions)
    clear = enter < leave - 1e-3
    assert np.allclose(enter[clear], 2 * of_longer[clear], rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_normal_is_the_gradient_of_the_distance_and_opposes_the_ray(shape):
    points, directions = hits(shape)
    normals = shape.surface(points).normals
    assert np.allclose(np.linalg.norm(normals, axis=0), 1, atol=1e-5)
    assert (normals * directions).sum(0).max() < 2e-2
    smooth = away_from_rims(shape, points)
    assert smooth.mean() > 0.5
    assert (normals * gradient(shape, points)).sum(0)[smooth].min() > 1 - 1e-4


def steps_along(shape, points, step):
    """Two sets of points ``[3, points]`` on the surface, ``step`` away from ``points`` in two directions at a right
    angle, and these directions ``[2, 3, points]``."""
    normals = gradient(shape, points)
    helper = np.where(np.abs(normals[2]) < 0.9, np.array([[0.0], [0], [1]]), np.array([[1.0], [0], [0]]))
    first = np.cross(normals, helper, axis=0)
    first /= np.linalg.norm(first, axis=0)
    ways = np.stack([first, np.cross(normals, first, axis=0)])
    moved = points + step * ways
    return [each - signed_distance(shape, each) * gradient(shape, each) for each in moved], ways


@pytest.mark.parametrize("shape", SHAPES)
def test_curvature_is_how_fast_the_normal_turns(shape):
    points = hits(shape)[0].astype(float)
    points = points[:, away_from_rims(shape, points)]
    points -= signed_distance(shape, points) * gradient(shape, points)
    moved, ways = steps_along(shape, points, 1e-3)
    turning = [(gradient(shape, each) - gradient(shape, points)) / 1e-3 for each in moved]
    operator = np.array([[(turn * way).sum(0) for way in ways] for turn in turning])
    expected = np.linalg.eigvalsh(np.moveaxis((operator + operator.swapaxes(0, 1)) / 2, -1, 0))[:, ::-1].T
    found = np.stack(np.broadcast_arrays(*shape.surface(points.astype(np.float32)).curvature, points[0])[:2])
    assert np.abs(found - expected).max() < 0.02 * max(1.0, expected.max())


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if not isinstance(shape, Sphere)])
def test_textures_are_laid_on_without_stretching(shape):
    points = hits(shape)[0].astype(float)
    points = points[:, away_from_rims(shape, points)]
    moved, _ = steps_along(shape, points, 5e-3)
    here = shape.surface(points.astype(np.float32)).across
    for each in moved:
        lengths = np.linalg.norm(shape.surface(each.astype(np.float32)).across - here, axis=0)
        assert np.median(np.abs(lengths - 5e-3)) < 1e-4  # the seam and the rims apart


def test_a_ray_that_misses_a_sphere_has_passed_it_where_it_is_nearest():
    sphere = Sphere(vector(3, 0, 0), 0.5, upright(0.0))
    enter, leave = sphere.crossed(vector(0, 0, 0), vector(0.8, 0.6, 0)[:, None])
    assert enter[0] > leave[0] == pytest.approx(2.4)


def test_a_ray_that_misses_a_box_has_passed_it_where_it_leaves_the_first_slab():
    box = Box(vector(3, 0, 0), vector(1, 1, 1), upright(0.0))
    enter, leave = box.crossed(vector(0, 2, 0), vector(1, 0.1, 0)[:, None])
    assert enter[0] > leave[0]


@pytest.mark.parametrize("shape", [Box(vector(3, 0, 0), vector(1, 1, 1), upright(0.0)), SHAPES[2]])
def test_rays_along_the_faces_give_numbers(shape):
    origin = shape.centre - vector(3, 0, 0)
    enter, leave = shape.crossed(origin, np.eye(3, dtype=np.float32))
    assert not np.isnan(enter).any() and not np.isnan(leave).any()
    assert (enter <= leave).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("shape", "volume"),
    [
        (Box(vector(1.5, 0, 0), vector(0.6, 0.5, 0.4), upright(0.3)), 8 * 0.6 * 0.5 * 0.4),
        (Sphere(vector(1.5, 0, 0), 0.7, upright(0.0)), 4 / 3 * np.pi * 0.7**3),
        (Cylinder(vector(1.5, 0, 0), 0.5, 0.6, lying(0.4)), np.pi * 0.5**2 * 1.2),
    ],
)
def test_the_cones_of_all_rays_fill_the_volume(shape, volume):
    """In polar coordinates the volume is the integral of ``(leave³ - enter³) / 3`` over all directions."""
    rays = 40_000
    z = 1 - (2 * np.arange(rays) + 1) / rays
    around = np.pi * (1 + np.sqrt(5)) * np.arange(rays)  # evenly over the sphere (Fibonacci)
    flat = np.sqrt(1 - z * z)
    directions = np.stack([flat * np.cos(around), flat * np.sin(around), z]).astype(np.float32)
    enter, leave = shape.crossed(vector(0, 0, 0), directions)
    cones = np.where((enter <= leave) & (enter > 0), leave**3 - enter**3, 0) / 3
    assert 4 * np.pi * cones.mean() == pytest.approx(volume, rel=5e-3)


def test_the_room_ends_at_the_nearest_plane():
    generator = np.random.default_rng(1)
    room = Room(vector(5, 4, 3))
    origin = vector(1, 2, 1.5)
    directions = generator.normal(size=(3, 500)).astype(np.float32)
    distances, faces = room.distances(origin, directions)
    planes = [
        (side * room.size[axis] - origin[axis]) / directions[axis].astype(float) for axis in range(3) for side in (0, 1)
    ]
    planes = np.where(np.array(planes) > 0, planes, np.inf)
    assert np.allclose(distances, planes.min(0), rtol=1e-5)
    assert (faces == planes.argmin(0)).all()


def test_corners_of_a_box_lie_on_three_of_its_faces():
    box = SHAPES[0]
    local = box.frame @ (box.corners() - box.centre[:, None])
    assert np.allclose(np.abs(local), box.halves[:, None], atol=1e-6)
    assert len({tuple(np.sign(corner)) for corner in local.T}) == 8
