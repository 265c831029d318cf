"""Arrays in files: no pickle, and no more memory than the file takes."""

import io

import numpy as np
import pytest

from engine.arrays import array_of
from engine.errors import KindredError


def saved(array, **options) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["a", "bc"]),
        np.float32(3),
        np.empty((0, 4)),
    ],
)
def test_what_numpy_saves_is_read(array):
    found = array_of(saved(array), "it")
    assert found.dtype == np.asarray(array).dtype and np.array_equal(found, array)


def test_objects_and_lies_are_refused():
    with pytest.raises(KindredError, match="never unpickled"):
        array_of(saved(np.array([print], object), allow_pickle=True), "it")
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    for content in (file.getvalue(), file.getvalue() + bytes(100), saved(np.ones(9))[:-1]):
        with pytest.raises(KindredError, match="not as long as it says"):
            array_of(content, "it")
