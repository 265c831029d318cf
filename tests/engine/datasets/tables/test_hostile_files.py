import io
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets.tables import limits
from engine.datasets.tables.reading import read_table
from engine.errors import KindredError
from tests.engine.datasets.tables.made import FORMATS, NUMBERS, houses, npz, refused


class Executed:
    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_npy", ".npy"), content)
    return file.getvalue()


def test_no_pickle_is_executed():
    refused(zipped(a_npy=pickle.dumps(Executed())), "t.npz", "damaged")
    refused(npz(a=NUMBERS, b=np.array([Executed()] * 30, object)), "t.npz", "never unpickled")


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_holds(monkeypatch):
    monkeypatch.setattr(limits, "MOST_UNPACKED", 2**20)
    refused(npz(a=np.zeros(2**17 + 1), b=np.zeros(2**17 + 1)), "t.npz", "unpacks to")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**50,)})
    refused(zipped(a_npy=header.getvalue()), "t.npz", "damaged")
    lying = zipped(a_npy=header.getvalue() + bytes(2**22)).replace(
        (len(header.getvalue()) + 2**22).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    )
    refused(lying, "t.npz", "damaged")


def anything_but_a_crash(content, name):
    try:
        frame = read_table(content, name)
    except KindredError as error:
        assert 20 < len(str(error)) < 500
    else:
        assert isinstance(frame, pd.DataFrame) and len(frame) >= limits.LEAST_ROWS


@given(st.binary(max_size=300), st.sampled_from(["t.csv", "t.parquet", "t.npz"]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_refused_or_read(content, name, begins_well):
    begun = {"t.csv": b"a,b\n", "t.parquet": b"PAR1", "t.npz": b"PK\x03\x04"}[name]
    ended = b"PAR1" if name == "t.parquet" else b""
    anything_but_a_crash(begun + content + ended if begins_well else content, name)


VALID = {name: write(houses(30)) for name, write in FORMATS.items()} | {
    "plain.npz": (lambda file: (np.savez(file, a=NUMBERS, b=np.array(["x"] * 30)), file.getvalue())[1])(io.BytesIO())
}


@given(st.sampled_from(sorted(VALID)), st.data())
@settings(max_examples=400, deadline=None)
def test_mutated_files_are_refused_or_read(name, data):
    content = bytearray(VALID[name])
    for _ in range(data.draw(st.integers(1, 5))):
        # Most of what a parser trusts is at the end of these formats.
        place = data.draw(
            st.one_of(st.integers(0, len(content) - 1), st.integers(len(content) * 3 // 4, len(content) - 1))
        )
        action = data.draw(st.sampled_from(["set", "cut", "insert", "flip"]))
        if action == "set":
            content[place] = data.draw(st.integers(0, 255))
        elif action == "flip":
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        elif action == "cut" and len(content) > 60:
            del content[place : place + data.draw(st.integers(1, 20))]
        else:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=8))
    anything_but_a_crash(bytes(content), name)
