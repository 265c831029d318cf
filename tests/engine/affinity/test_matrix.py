import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.affinity.matrix import AffinityMatrix, read_affinity
from engine.errors import KindredError

VALUES = np.array([[1.0, 0.25], [-3.5, 2.0]])


def npy(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def test_every_format_gives_the_same_matrix():
    csv = read_affinity(b",a,b\na,1,0.25\nb,-3.5,2\n", "m.csv")
    as_json = read_affinity(json.dumps({"tasks": ["a", "b"], "affinity": VALUES.tolist()}).encode(), "m.json")
    as_npy = read_affinity(npy(VALUES), "m.npy", ["a", "b"])
    for matrix in (csv, as_json, as_npy):
        assert matrix.tasks == ("a", "b")
        assert np.array_equal(matrix.values, VALUES)


def test_csv_rows_in_another_order_are_sources_by_their_label():
    matrix = read_affinity(b",a,b\nb,-3.5,2\na,1,0.25\n", "m.csv")
    assert np.array_equal(matrix.values, VALUES)


def test_the_frame_says_which_axis_is_the_source():
    frame = AffinityMatrix(("a", "b"), VALUES).frame()
    assert (frame.index.name, frame.columns.name) == ("source", "target")
    assert frame.loc["b", "a"] == -3.5


@given(arrays(np.float64, (3, 3), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_csv_round_trip_is_exact(values):
    matrix = AffinityMatrix(("x", "y,z", 'q"'), values)
    again = read_affinity(matrix.frame().to_csv().encode(), "m.csv")
    assert again.tasks == matrix.tasks
    assert np.array_equal(again.values, matrix.values)


def test_names_with_markup_are_kept_as_they_are():
    name = "<b>x</b>"
    assert read_affinity(f",{name},b\n{name},1,2\nb,3,4\n".encode(), "m.csv").tasks == (name, "b")


@pytest.mark.parametrize(
    ("content", "name", "tasks", "said"),
    [
        (b",a,b\na,1,2\n", "m.csv", None, "'b' labels a row or a column but not both"),
        (b",a,a\na,1,2\na,3,4\n", "m.csv", None, "'a' occurs twice"),
        (b",a,\na,1,2\n,3,4\n", "m.csv", None, "non-empty"),
        (b",a,b\na,1,x\nb,3,4\n", "m.csv", None, "onto 'b' is 'x'"),
        (b",a,b\na,1,nan\nb,3,4\n", "m.csv", None, "onto 'b' is nan"),
        (b",a,b\na,1,inf\nb,3,4\n", "m.csv", None, "onto 'b' is inf"),
        (b"1,2\n3,4\n", "m.csv", None, "labels a row or a column"),
        (b"", "m.csv", None, "not a table"),
        (b"\xff\xfe\x00", "m.csv", None, "not UTF-8"),
        (b"{", "m.json", None, "not JSON"),
        (b"[]", "m.json", None, "keys 'tasks' and 'affinity'"),
        (b'{"tasks": ["a", "b"], "affinity": [[1, 2]]}', "m.json", None, "must be square"),
        (b'{"tasks": ["a", "b"], "affinity": [[1, 2], [3]]}', "m.json", None, "numbers only"),
        (b'{"tasks": ["a", 5], "affinity": [[1, 2], [3, 4]]}', "m.json", None, "Task 2 has the name 5"),
        (b'{"tasks": ["a"], "affinity": [[1, 2], [3, 4]]}', "m.json", None, "1 task names for a 2 × 2"),
        (b'{"tasks": ["a"], "affinity": [[1]], "orientation": "target,source"}', "m.json", None, "transpose"),
        (b"nonsense", "m.npy", ["a"], "not a readable .npy"),
        (npy(VALUES), "m.npy", None, "--tasks"),
        (npy(np.array([object()])), "m.npy", ["a"], "Python objects"),
        (b",a\na,1\n", "m.csv", ["a"], "leave out --tasks"),
        (b"", "m.xlsx", None, "'xlsx'"),
    ],
)
def test_bad_files_are_refused_in_one_sentence_that_names_the_trouble(content, name, tasks, said):
    with pytest.raises(KindredError) as refusal:
        read_affinity(content, name, tasks)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
