"""Where things lie."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import KindredError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"  # bundled data


def at(place: str) -> Path:
    """A folder or file on this machine, or anywhere that fsspec reaches, by its URL: ``s3://bucket/kindred``.

    Raises:
        KindredError: if the URL names a file system for which nothing is installed.
    """
    if "://" not in place:
        return Path(place).absolute()
    from upath import UPath  # takes a while to load, and few need it

    try:
        path = UPath(place)
        path.fs  # noqa: B018  loads what the protocol needs
    except (ImportError, ValueError) as error:
        raise KindredError(
            f"The place {place!r} cannot be reached ({error}); name a folder, or install what fsspec needs for it."
        ) from error
    return path if path.protocol not in ("file", "local") else Path(path.path)


def local(path: Path) -> bool:
    """Whether it is on this machine's own file system."""
    return isinstance(path, Path)


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it; nothing where there is none."""
    if local(path):
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.rmdir(recursive=True)


def files_within(folder: Path) -> Iterator[Path]:
    """Every file in a folder and in the folders in it, in no order; none where there is no such folder."""
    with suppress(FileNotFoundError, NotADirectoryError):  # it may also go while we look
        for path in folder.iterdir():
            if path.is_dir():
                yield from files_within(path)
            else:
                yield path


def copy_file(source: Path, target: Path) -> int:
    """Write a file's content to another place, where it appears whole or not at all; its folder is made if need be.

    Returns:
        Its bytes.

    Raises:
        OSError: if it cannot be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.draft") if local(target) else target  # an object is stored whole
    try:
        with source.open("rb") as read, draft.open("wb") as written:
            shutil.copyfileobj(read, written, 1 << 20)
            copied = written.tell()
        if local(target):
            draft.replace(target)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    return copied
