import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.datasets.rendering.rendering import MAPS, render, render_scene
from engine.datasets.rendering.scene import SEMANTIC_CLASSES, Camera, Scene
from engine.datasets.rendering.scenes import random_scene
from engine.datasets.rendering.shapes import Box, Cylinder, Sphere, upright
from engine.datasets.rendering.tracing import pixel_directions, unshadowed
from engine.errors import KindredError
from tests.engine.datasets.rendering.plain_scenes import plain_scene, signed_distance, vector

BODIES = [SEMANTIC_CLASSES.index(kind) for kind in ("box", "sphere", "cylinder", "shelf")]
SIZE = 64
ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def rooms():
    return render(seed=11, images=50)


def digest(rooms):
    return hashlib.sha256(b"".join(rooms[name].tobytes() for name in MAPS)).hexdigest()


def test_maps_have_the_shapes_and_ranges_that_are_said(rooms):
    assert list(rooms) == list(MAPS)
    for name, values in rooms.items():
        assert values.shape == (50, *MAPS[name], SIZE, SIZE)
        assert values.dtype == (np.int64 if name == "semantic" else np.float32)
        assert np.isfinite(values).all()
    for name in ("image", "keypoints", "edges", "occlusion_edges", "reshading", "albedo"):
        assert rooms[name].min() >= 0 and rooms[name].max() <= 1
    assert rooms["semantic"].min() == 0 and rooms["semantic"].max() < len(SEMANTIC_CLASSES)
    assert rooms["depth"].min() > 0.3 and rooms["depth"].max() < np.linalg.norm((7.5, 7.5, 3.4))
    assert np.allclose(np.linalg.norm(rooms["normals"], axis=1), 1, atol=1e-5)
    assert set(np.unique(rooms["occlusion_edges"])) == {0, 1}


def test_every_class_is_seen_and_bodies_fill_a_fair_share(rooms):
    assert set(np.unique(rooms["semantic"])) == set(range(len(SEMANTIC_CLASSES)))
    share = np.isin(rooms["semantic"], BODIES).mean((1, 2))
    assert 0.25 < share.mean() < 0.6 and share.max() < 0.95
    assert (share > 0.1).mean() > 0.85


def test_images_do_not_depend_on_how_many_are_made_or_where_one_begins(rooms):
    for some in (render(11, 1, first=4), render(11, 3, first=2)):
        place = 4 if len(some["image"]) == 1 else 2
        for name, values in some.items():
            assert values.tobytes() == rooms[name][place : place + len(values)].tobytes()
    assert digest(render(12, 1)) != digest(render(11, 1)) != digest(render(11, 1, first=1))


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_makes_the_same_bytes(threads):
    code = (
        "from tests.engine.datasets.rendering.test_rendering import digest, render; print(digest(render(5, 3, 48, 20)))"
    )
    threads = {name: threads for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    made = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | threads, cwd=ROOT, capture_output=True, text=True
    )
    assert made.stdout.strip() == digest(render(5, 3, 48, 20)), made.stderr


def test_depth_and_normals_of_a_wall_in_front():
    maps = render_scene(plain_scene(), SIZE)
    directions = pixel_directions(SIZE).reshape(3, SIZE, SIZE)
    middle = np.s_[SIZE // 2 - 8 : SIZE // 2 + 8, SIZE // 2 - 8 : SIZE // 2 + 8]
    assert np.allclose(maps["depth"][middle], (4.5 / -directions[2])[middle], rtol=1e-6)  # 4.5 m to the wall
    assert np.allclose(maps["normals"][(np.s_[:], *middle)], np.array([0, 0, 1])[:, None, None], atol=1e-6)
    assert np.allclose(maps["depth"][-1], 1.5 / -directions[1, -1], rtol=1e-5)  # the floor, 1.5 m below
    assert np.allclose(maps["normals"][:, -1], np.array([0, 1, 0])[:, None], atol=1e-6)
    assert (maps["semantic"][-1] == SEMANTIC_CLASSES.index("floor")).all()
    assert (maps["semantic"][0] == SEMANTIC_CLASSES.index("ceiling")).all()
    assert (maps["semantic"][middle] == SEMANTIC_CLASSES.index("wall")).all()
    assert (maps["curvature"] == 0).all() and (maps["occlusion_edges"] == 0).all()


def test_a_sphere_in_front_covers_a_disc_of_the_right_size():
    maps = render_scene(plain_scene(Sphere(vector(3.5, 2, 1.5), 1.0, upright(0.0))), 256)
    seen = maps["semantic"] == SEMANTIC_CLASSES.index("sphere")
    # It is seen under the angle asin(1 m / 3 m), a circle of the picture as its centre is in the middle.
    radius = np.tan(np.arcsin(1 / 3)) / np.tan(np.deg2rad(32.5)) * 128
    assert seen.sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    assert maps["depth"][128, 128] == pytest.approx(2.0, abs=1e-3)
    assert np.allclose(maps["curvature"][:, seen], 1.0)


def test_sides_are_not_swapped():
    """The first axis ahead, the second is to the left, and the third up."""
    left = Box(vector(3, 3.2, 0.5), vector(0.3, 0.3, 0.5), upright(0.0))
    maps = render_scene(plain_scene(left), SIZE)
    rows, columns = np.nonzero(maps["semantic"] == SEMANTIC_CLASSES.index("box"))
    assert columns.max() < SIZE / 2 and rows.min() > SIZE / 2
    assert maps["normals"][0][maps["semantic"] == SEMANTIC_CLASSES.index("box")].max() > 0.9  # its right side is seen


def interior(maps):
    """``[size, size]``: pixels whose eight neighbours see the same class, curvature and nearly the same normal."""
    inner = np.s_[1:-1, 1:-1]
    same = np.ones((SIZE - 2, SIZE - 2), bool)
    for down in (0, 1, 2):
        for right in (0, 1, 2):
            there = np.s_[down : SIZE - 2 + down, right : SIZE - 2 + right]
            same &= maps["semantic"][there] == maps["semantic"][inner]
            same &= (maps["normals"][(..., *there)] * maps["normals"][(..., *inner)]).sum(0) > 0.97
            same &= (maps["curvature"][(..., *there)] == maps["curvature"][(..., *inner)]).all(0)
            same &= np.abs(maps["depth"][there] - maps["depth"][inner]) < 0.3
    return np.pad(same, 1)


def test_normals_are_those_of_the_surface_that_depth_spans(rooms):
    directions = pixel_directions(SIZE).reshape(3, SIZE, SIZE)
    round_ones = []
    for index in range(20):
        maps = {name: values[index] for name, values in rooms.items()}
        points = maps["depth"] * directions
        across, up = points[:, 1:-1, 2:] - points[:, 1:-1, :-2], points[:, :-2, 1:-1] - points[:, 2:, 1:-1]
        expected = np.cross(across, up, axis=0)
        expected /= np.linalg.norm(expected, axis=0)
        cosine = (expected * maps["normals"][:, 1:-1, 1:-1]).sum(0)
        good = interior(maps)[1:-1, 1:-1]
        flat = good & (maps["curvature"][0, 1:-1, 1:-1] == 0)
        assert (cosine[flat] > 0.9999).mean() > 0.99  # the others look across the edge of two bodies of one class
        assert flat.mean() > 0.2
        round_ones.append(cosine[good & ~flat])
    round_ones = np.concatenate(round_ones)
    assert len(round_ones) > 3000 and (round_ones > 0.99).mean() > 0.99


def test_visible_surfaces_face_the_camera(rooms):
    directions = pixel_directions(SIZE).reshape(3, SIZE, SIZE)
    assert np.einsum("ncij,cij->nij", rooms["normals"], directions).max() < 0.01


def test_curvature_fits_the_class(rooms):
    larger, smaller = rooms["curvature"][:, 0], rooms["curvature"][:, 1]
    kinds = {kind: rooms["semantic"] == SEMANTIC_CLASSES.index(kind) for kind in SEMANTIC_CLASSES}
    assert (larger[kinds["sphere"]] == smaller[kinds["sphere"]]).all() and (larger[kinds["sphere"]] > 0.5).all()
    assert (smaller[~kinds["sphere"]] == 0).all()
    assert (larger[~kinds["sphere"] & ~kinds["cylinder"]] == 0).all()
    assert 0.3 < (larger[kinds["cylinder"]] > 0.5).mean() < 1  # the side; the ends are flat


def test_the_picture_is_albedo_times_shading(rooms):
    assert np.allclose(rooms["image"], rooms["albedo"] * rooms["reshading"][:, None], atol=1e-6)


def test_shading_knows_nothing_of_colour():
    one, other = random_scene(0, 0), random_scene(0, 1)
    repainted = Scene(**(vars(one) | {"textures": other.textures, "panels": ()}))
    assert (render_scene(one, SIZE)["albedo"] != render_scene(repainted, SIZE)["albedo"]).mean() > 0.3
    assert (render_scene(one, SIZE)["reshading"] == render_scene(repainted, SIZE)["reshading"]).all()


def test_light_changes_the_shading_alone():
    one = random_scene(0, 2)
    other = Scene(**(vars(one) | {"lights": random_scene(0, 3).lights[:1], "ambient": 1.0}))
    one, other = render_scene(one, SIZE), render_scene(other, SIZE)
    for name in MAPS:
        assert (name in ("image", "reshading")) == bool((one[name] != other[name]).any())


def test_the_order_of_the_bodies_does_not_matter():
    scene = random_scene(0, 5)
    turned = Scene(**(vars(scene) | {"bodies": scene.bodies[::-1]}))
    one, other = render_scene(scene, SIZE), render_scene(turned, SIZE)
    for name in MAPS:
        assert np.array_equal(one[name], other[name])


@pytest.mark.parametrize("number", range(8))
def test_shadows_are_where_a_walk_to_the_light_goes_through_a_body(number):
    scene = random_scene(1, number)
    generator = np.random.default_rng(number)
    points = (generator.uniform(0, 1, (3, 300)) * scene.room.size[:, None]).astype(np.float32)
    points[generator.integers(0, 3, 300), np.arange(300)] = 0  # on the floor or a wall
    light = scene.lights[0].position
    part = np.linspace(0.001, 0.999, 800)[:, None]
    gap = np.full(300, np.inf)
    for body in scene.bodies:
        for index in range(300):
            walk = light[:, None] + (points[:, index] - light)[:, None] * part.T
            gap[index] = min(gap[index], signed_distance(body.shape, walk.astype(float)).min())
    free = unshadowed(scene, light, points)
    clear = np.abs(gap) > 0.02
    assert 0 < (~free).sum() < 200
    assert (free == (gap > 0))[clear].all()


def test_a_shadow_is_as_dark_as_ambient_light():
    table = Cylinder(vector(3, 2, 1.0), 0.6, 0.05, upright(0.0))
    scene = plain_scene(table, light=(3, 2, 2.5), camera=Camera.looking((0.5, 2.0, 1.5), 0.0, -0.3))
    below, beside = vector(3, 2, 0)[:, None], vector(3, 3.5, 0)[:, None]
    assert not unshadowed(scene, scene.lights[0].position, below)[0]
    assert unshadowed(scene, scene.lights[0].position, beside)[0]
    # The cone of shadow on the floor: 0.6 m wide 1.45 m below the light, so 2.5 / 1.45 times that on the floor.
    rim = 0.6 * 2.5 / 1.45
    for radius, lit in ((rim - 0.02, False), (rim + 0.02, True)):
        assert unshadowed(scene, scene.lights[0].position, vector(3 - radius, 2, 0)[:, None])[0] == lit


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((-1, 1), "seed"), ((0, 0), "number of images"), ((0, 1, 4), "size"), ((0, 1, 64, -2), "first")],
)
def test_what_is_out_of_range_is_refused_by_name(arguments, named):
    with pytest.raises(KindredError, match=named):
        render(*arguments)
