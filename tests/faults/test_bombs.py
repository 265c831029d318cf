"""Small files that would become large ones: each is refused by a sentence, or read, in bounded memory and time."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.affinity.matrix import read_affinity
from engine.datasets.tables import limits
from engine.datasets.tables.reading import read_table
from engine.grouping.export import from_file
from engine.studies.files import from_json
from tests.faults import damaged_inputs
from tests.faults.reader import Reader


def header(descr: str, *shape: int) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


def zipped(*members: tuple[str, bytes, int]) -> bytes:
    """Members of a beginning and so many zeros."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, begins, zeros in members:
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(begins)
                for _ in range(zeros // 2**20):
                    member.write(bytes(2**20))
    return file.getvalue()


def parquet(columns: dict, **options) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def repeated(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def long_cell() -> bytes:
    texts = pa.array(["x" * 2**27, *[""] * 29])
    return parquet({"a": texts, "b": np.zeros(30)}, compression="zstd", use_dictionary=False)


MIB = 2**20
BOMBS: dict[str, tuple[str, Callable[[], bytes], int]] = {  # file's name, content, MiB that it may take
    "an array that unpacks to 600 MiB": ("t.npz", lambda: zipped(("a.npy", header("<f8", 75 * MIB), 600 * MIB)), 64),
    "an array said to have 2^50 numbers": ("t.npz", lambda: zipped(("a.npy", header("<f8", 2**50), 0)), 64),
    "a letter code of 100 MB": ("t.npz", lambda: zipped(("a.npy", header("<U26214400", 1), 100 * MIB)), 300),
    "20,000 arrays": ("t.npz", lambda: zipped(*((f"{n}.npy", b"", 0) for n in range(20_000))), 64),
    "a text of 100 kB a million times": ("t.parquet", lambda: parquet({"a": repeated("x" * 99_000, 10**6)}), 64),
    "a cell of 128 MiB": ("t.parquet", long_cell, 600),
    "60 million rows": ("t.parquet", lambda: parquet({"a": np.zeros(60_000_000, np.int8)}), 64),
    "6,000 columns": ("t.parquet", lambda: parquet({f"c{n}": np.zeros(20) for n in range(6000)}), 128),
    "a line of 40 MB": ("t.csv", lambda: b"a,b\n" + b"x" * 40_000_000 + b",1\n", 300),
    "a quote that never ends": ("t.csv", lambda: b'a,b\n"' + b"x\n" * 20_000_000, 300),
    "40 million commas": ("t.csv", lambda: b"," * 40_000_000 + b"\n", 200),
    "40 million lines": ("t.csv", lambda: b"a,b\n" + b"\n" * 40_000_000, 200),
    "a name of 40 MB": ("t.csv", lambda: b"a" * 40_000_000 + b",b\n1,2\n", 200),
    "20 million empty rows": ("t.csv", lambda: b"a,b\n" + b",\n" * 20_000_000, 1500),
    "a matrix of 8 million columns": ("m.csv", lambda: b"," * (8 * MIB), 400),
    "a matrix of one line": ("m.csv", lambda: b"a" * (8 * MIB), 100),
    "a matrix of lists": ("m.json", lambda: b'{"tasks":["a"],"affinity":[' + b"[]," * (2 * MIB) + b"[]]}", 600),
    "a matrix too long": ("m.csv", lambda: b"a" * (8 * MIB + 1), 64),
    "a deep matrix": ("m.json", lambda: b"[" * (8 * MIB), 64),
    "an array that says too much": ("m.npy", lambda: header("<f8", 2**20, 2**20), 64),
    "a grouping of 300,000 tasks": ("g.json", lambda: grouping(tasks=[f"t{n}" for n in range(300_000)]), 400),
    "a grouping of a million objects": ("g.json", lambda: grouping(tasks=[{}] * MIB), 600),
    "a grouping with a whole number of a million digits": ("g.json", lambda: b'{"budget": ' + b"9" * MIB + b"}", 64),
    "a deep grouping": ("g.json", lambda: b'{"a":' * (MIB // 2), 64),
    "a grouping too long": ("g.json", lambda: b" " * (4 * MIB + 1), 64),
}


def grouping(**changes: object) -> bytes:
    told = {
        "format": "kindred.grouping/1", "tasks": ["a"], "serving": ["a"], "budget": 1, "value": 0, "bound": 0, "gap": 0,
        "networks": [{"tasks": ["a"], "serves": ["a"], "cost": 1}], "proved_optimal": True, "source": {},
        "direction": "higher is better", "aggregate": "mean", "singleton": 0, "solver": {"name": "x", "seconds": 0},
        "candidates": [{"tasks": ["a"], "cost": 1, "scores": [0]}],
    }  # fmt: skip
    return json.dumps(told | changes).encode()


def read(content: bytes, name: str, _: Path) -> object:
    readers = {
        "t": read_table,
        "m": lambda content, name: read_affinity(content, name, ("a",) if "npy" in name else None),
    }
    readers |= {"g": lambda content, _: from_file(content), "s": from_json}
    return readers[name[0]](content, name)


@pytest.mark.parametrize("what", BOMBS)
def test_a_small_file_does_not_become_a_large_one(monkeypatch, tmp_path, what):
    name, make, most = BOMBS[what]
    content = make()
    pa.default_memory_pool().release_unused()  # which the child would use again, unseen
    assert len(content) <= 50 * MIB
    monkeypatch.setattr(
        damaged_inputs, "readers", lambda *_: {"it": Reader({name: content}, lambda _, same: same, read)}
    )
    monkeypatch.setattr(damaged_inputs, "MEMORY", most * MIB)
    (tally,) = damaged_inputs.examine(1, 0, tmp_path).values()
    assert not tally.failures and tally.refused + tally.read == 1
    print(f"{what}: {tally.memory / MIB:.0f} MiB, {tally.seconds:.1f} s, {'read' if tally.read else 'refused'}")


def test_what_may_be_unpacked_is_no_more_than_what_may_be_kept():
    assert limits.MOST_UNPACKED >= 8 * limits.MOST_CELLS
