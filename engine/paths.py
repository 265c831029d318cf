"""Where things lie."""

import shutil
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
