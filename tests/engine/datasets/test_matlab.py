"""Matrices of MATLAB files are read as SciPy writes them; what is damaged is an error and no crash."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from engine.datasets.matlab import numeric_variables

SOUND = {
    "a": np.arange(6.0).reshape(2, 3),
    "b": np.array([[1, 2, 3]], np.uint8),
    "longer_name": np.array([[-5]], np.int32),
    "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    "none": np.empty((0, 3)),
}
PASSED_OVER = {"text": "hello", "cell": np.array(["x", 1], object), "complex": np.array([[1j]])}
STRUCTURE = {"pair": {"first": np.ones((1, 40)), "second_one": np.array([[7]], np.uint8), "words": ["x", "y"]}}


def saved(compressed: bool) -> bytes:
    file = io.BytesIO()
    savemat(file, SOUND | PASSED_OVER | STRUCTURE, do_compression=compressed)
    return file.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
def test_matrices_are_read_and_all_else_is_passed_over(compressed):
    found = numeric_variables(saved(compressed))
    inner = {"pair.first": np.ones((1, 40)), "pair.second_one": np.array([[7]], np.uint8)}
    assert found.keys() == SOUND.keys() | inner.keys()
    for name, values in (SOUND | inner).items():
        assert found[name].dtype == values.dtype and np.array_equal(found[name], values)


def test_a_bomb_is_no_matrix():
    packed = zlib.compress(bytes(2**29))
    bomb = saved(False)[:128] + struct.pack("<II", 15, len(packed)) + packed
    with pytest.raises(ValueError, match="too large"):
        numeric_variables(bomb)


@given(st.booleans(), st.lists(st.tuples(st.integers(126, 2000), st.integers(0, 255)), max_size=4), st.integers(0, 200))
def test_damage_is_an_error_or_other_numbers(compressed, bytes_set, cut):
    content = bytearray(saved(compressed))
    for place, value in bytes_set:
        content[place % len(content)] = value
    with suppress(ValueError):
        numeric_variables(bytes(content[: len(content) - cut]))
