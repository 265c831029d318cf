import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.tables import keeping
from engine.datasets.tables.keeping import called, keep
from engine.errors import KindredError

CONTENT = b"a,b\n1,2\n"


def test_a_file_is_named_by_its_content(tmp_path):
    path = keep(CONTENT, "houses.csv", tmp_path / "made" / "here")
    assert path == tmp_path / "made" / "here" / f"{hashlib.sha256(CONTENT).hexdigest()[:16]}-houses.csv"
    assert path.read_bytes() == CONTENT
    assert called(path) == "houses" and called(Path("my.houses.csv")) == "my.houses"


def test_the_same_content_is_written_once(tmp_path):
    path = keep(CONTENT, "houses.csv", tmp_path)
    before = path.stat()
    assert keep(CONTENT, "houses.csv", tmp_path) == keep(CONTENT, "again.CSV", tmp_path) == path
    assert list(tmp_path.iterdir()) == [path] and path.stat().st_mtime_ns == before.st_mtime_ns
    assert keep(CONTENT, "houses.txt", tmp_path) != path
    assert keep(b"other", "houses.csv", tmp_path) != path


def test_a_copy_that_was_damaged_is_made_good(tmp_path):
    path = keep(CONTENT, "houses.csv", tmp_path)
    path.write_bytes(b"damaged")
    assert keep(CONTENT, "houses.csv", tmp_path).read_bytes() == CONTENT


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping.os, "fsync", full)
    with pytest.raises(KindredError, match="No space left on device.*make room"):
        keep(CONTENT, "houses.csv", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(KindredError, match="cannot be kept"):
        keep(CONTENT, "houses.csv", tmp_path / "file")


@given(st.text())
def test_any_name_is_made_safe(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("kept")
    path = keep(CONTENT, name, folder)
    assert path.parent == folder and path.is_file()
    assert re.fullmatch(r"[0-9a-f]{16}-[A-Za-z0-9_][A-Za-z0-9._-]*", path.name) and len(path.name) <= 97


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        (r"C:\data\my houses.CSV", "my_houses.csv"),
        (".csv", "table.csv"),
        ("Häuser.parquet", "Hauser.parquet"),
        ("家.npz", "table.npz"),
        ("n" * 300 + ".parquet", "n" * 72 + ".parquet"),
    ],
)
def test_names_become_safe_ones(tmp_path, name, safe):
    assert keep(CONTENT, name, tmp_path).name[17:] == safe


def test_too_much_or_nothing_is_refused(tmp_path):
    with pytest.raises(KindredError, match="empty"):
        keep(b"", "houses.csv", tmp_path)
    with pytest.raises(KindredError, match="at most 0 MiB"):
        keep(CONTENT, "houses.csv", tmp_path, most_bytes=4)
