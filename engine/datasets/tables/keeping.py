"""A copy of a table that no later change of the file reaches, named by its content."""

import hashlib
import os
import re
import secrets
import unicodedata
from pathlib import Path

from engine.datasets.tables.limits import MOST_BYTES, check_bytes
from engine.errors import KindredError
from engine.paths import local

DIGITS = 16  # of the SHA-256 of the content, in hexadecimal
LONGEST = 80  # characters of the name after it
_KEPT = re.compile(rf"[0-9a-f]{{{DIGITS}}}-(?=.)")


def keep(content: bytes, name: str, folder: Path, most_bytes: int = MOST_BYTES) -> Path:
    """A file in the folder with this content: ``<16 digits of its SHA-256>-<name>``.

    It is written whole or not at all. Where the folder has the content already, under whatever name with the same
    ending, nothing is written.

    Args:
        content: of the file.
        name: of the file as the user calls it; folders in it, and what is not safe in a file name, are dropped.
        folder: made if it does not exist.
        most_bytes: of the content.

    Raises:
        KindredError: if the content is empty or too large, or the folder cannot be written.
    """
    safe = _safe(name)
    check_bytes(safe, len(content), most_bytes)
    digest = hashlib.sha256(content).hexdigest()[:DIGITS]
    path = folder / f"{digest}-{safe}"
    unfinished = folder / f".{digest}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for there in sorted(folder.glob(f"{digest}-*")):
            if there.suffix == path.suffix and there.is_file() and there.read_bytes() == content:
                return there
        if not local(folder):  # an object is stored whole or not at all
            path.write_bytes(content)
            return path
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise KindredError(
            f"{safe} cannot be kept in {folder} ({error.strerror or error}); make room there, or choose a folder that "
            "can be written."
        ) from error
    return path


def called(path: Path) -> str:
    """What the user calls the table: the file's name without its ending and without what ``keep`` put before it."""
    return _KEPT.sub("", path.name, count=1).removesuffix(path.suffix)


def _safe(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    stem, dot, ending = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).rpartition(".")
    stem, ending = stem.strip("._-") or "table", dot + ending.lower()
    return stem[: LONGEST - len(ending[:16])] + ending[:16]
