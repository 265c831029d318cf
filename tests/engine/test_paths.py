from pathlib import Path

import pytest

from engine.errors import KindredError
from engine.paths import at, copy_file, files_within, local, remove_folder


def test_a_folder_is_absolute_and_local(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert at("here") == tmp_path / "here"
    assert at(f"file://{tmp_path}/here") == tmp_path / "here"
    assert local(at("here")) and not local(at("memory://there"))


@pytest.mark.parametrize("url", ["nothing://bucket/folder", "abc://"])
def test_a_place_that_nothing_reaches_is_refused_with_the_way_out(url):
    with pytest.raises(KindredError, match="install what fsspec needs"):
        at(url)


@pytest.mark.parametrize("place", ["{tmp_path}/folder", "memory://kindred-test/folder"])
def test_a_folder_is_removed_with_all_that_is_in_it(tmp_path, place):
    folder = at(place.format(tmp_path=tmp_path))
    remove_folder(folder)  # there is none yet
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").write_bytes(b"content")
    remove_folder(folder)
    assert not folder.exists()
    assert Path(tmp_path).exists()


@pytest.mark.parametrize("here", ["{tmp_path}/one", "memory://{tmp_path}/one"])
@pytest.mark.parametrize("there", ["{tmp_path}/two", "memory://{tmp_path}/two"])
def test_files_are_copied_whole_from_and_to_anywhere(tmp_path, here, there):
    here, there = at(here.format(tmp_path=tmp_path)), at(there.format(tmp_path=tmp_path))
    assert list(files_within(here)) == []
    content = {"a.txt": b"", "inner/b.pt": bytes(range(256)) * 9000}
    for name, written in content.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(written)
    sizes = [copy_file(path, there / str(path.relative_to(here))) for path in files_within(here)]
    assert sum(sizes) == 256 * 9000
    assert {str(path.relative_to(there)): path.read_bytes() for path in files_within(there)} == content


def test_a_copy_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "source").write_bytes(b"new")
    (tmp_path / "target").write_bytes(b"old")

    def full(read, written, length):
        written.write(b"n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        copy_file(tmp_path / "source", tmp_path / "target")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]
    assert (tmp_path / "target").read_bytes() == b"old"
