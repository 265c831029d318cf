import numpy as np
import pytest

from engine.datasets.rendering.textures import PATTERNS, Texture, noise

PERIODIC = ("plain", "gradient", "stripes", "checkers", "dots", "tiles")
U, V = np.random.default_rng(0).uniform(-9, 9, (2, 2000)).astype(np.float32)
NARROW = np.full(2000, 1e-3, np.float32)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_stay_between_their_two_colours(pattern):
    for width in (NARROW, 1000 * NARROW):
        mix = PATTERNS[pattern](U, V, width)
        assert mix.dtype == np.float32 and mix.min() >= -1e-6 and mix.max() <= 1 + 1e-6


@pytest.mark.parametrize("pattern", PERIODIC)
def test_patterns_repeat_after_a_period(pattern):
    mix = PATTERNS[pattern](U, V, NARROW)
    for shifted in ((U + 1, V), (U, V + 1)):
        assert (np.abs(PATTERNS[pattern](*shifted, NARROW) - mix) < 1e-2).mean() > 0.99  # the borders apart


@pytest.mark.parametrize("pattern", ["stripes", "checkers"])
def test_what_is_finer_than_a_pixel_becomes_its_mean(pattern):
    fine, coarse = PATTERNS[pattern](U, V, NARROW), PATTERNS[pattern](U, V, 20_000 * NARROW)
    assert fine.mean() == pytest.approx(0.5, abs=0.05) and np.abs(coarse - 0.5).max() < 0.02


def test_checkers_are_two_colours_that_change_across_every_edge():
    places = np.arange(8, dtype=np.float32) / 2
    u, v = (each.ravel() for each in np.meshgrid(places, places))
    mix = PATTERNS["checkers"](u, v, np.full(64, 1e-3, np.float32)).reshape(8, 8)
    assert set(mix.ravel().tolist()) == {0.0, 1.0}
    assert (mix[1:] != mix[:-1]).all() and (mix[:, 1:] != mix[:, :-1]).all()


def test_noise_has_no_seam_and_uses_the_whole_range():
    values = noise()
    seam = np.abs(values[0] - values[-1]).max(), np.abs(values[:, 0] - values[:, -1]).max()
    assert max(seam) <= np.abs(np.diff(values, axis=0)).max() * 1.5
    assert values.min() == 0 and values.max() == 1 and 0.3 < values.mean() < 0.7


def test_numbers_of_a_texture_turn_and_scale_metres_into_periods():
    texture = Texture("stripes", ((0.1, 0.2, 0.3), (0.9, 0.2, 0.1)), period=0.5, angle=np.pi / 2, shift=(0.25, 0.0))
    c, s, a, b, frequency, *colours = texture.numbers()
    assert (c * 1 + s * 3 + a, c * 3 - s * 1 + b) == pytest.approx((6.25, -2.0))
    assert frequency == 2
    assert colours == pytest.approx([0.1, 0.2, 0.3, 0.8, 0.0, -0.2])
