"""What may go from a store as time passes: runs that ended long ago, and files that belong to nothing any more."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import NamedTuple

from engine.errors import KindredError
from engine.paths import files_within, remove_folder
from engine.runs.database import StoreError
from engine.runs.run import Run
from engine.runs.store import Store

ENDED = ("finished", "failed", "cancelled", "interrupted")
_RUN = re.compile(r"[^@]+-[0-9a-f]{6}")  # the names of folders that belong to a run; those of queues have an @


class Prunable(NamedTuple):
    """A run that may go: when it ended (seconds since 1970), and about how many bytes it takes, with its files."""

    run: Run
    ended: float
    bytes: int


class Orphan(NamedTuple):
    """A file or folder of no run: when it was last written to, and its bytes."""

    path: Path
    written: float
    bytes: int


def ended_before(store: Store, before: float, statuses: Sequence[str], origins: Sequence[str]) -> list[Prunable]:
    """The runs of these statuses and origins that ended earlier than ``before``, the oldest first.

    Args:
        statuses: of ``ENDED``; a run at work is never one of these.
    """
    runs = [run for run in store.runs() if run.status in statuses and run.status in ENDED and run.origin in origins]
    runs = sorted((run for run in runs if _ended(run) < before), key=_ended)
    stored = store.stored_bytes([run.id for run in runs])
    return [Prunable(run, _ended(run), stored[run.id] + _bytes(store.files(run.id))) for run in runs]


def orphans(store: Store, before: float) -> list[Orphan]:
    """What lies among the store's files, was last written to before then, and belongs to nothing in the store: folders
    of runs, tables that no run is made on, weights of networks that are not among the measured ones."""
    measured = store.measured_keys()
    runs = store.runs()
    present = {run.id for run in runs}
    tables = {PurePath(str(run.config.get("table", ""))).name for run in runs}
    lost = [path for path in _within(store.folder) if _RUN.fullmatch(path.name) and path.name not in present]
    lost += [path for path in _within(store.tables) if path.name not in tables]
    lost += [path for path in _within(store.networks) if path.stem not in measured]
    old = (orphan for orphan in map(_looked_at, lost) if orphan.written < before)
    return sorted(old, key=lambda orphan: orphan.written)


def prune(store: Store, runs: Sequence[Prunable], lost: Sequence[Orphan] = ()) -> list[Prunable]:
    """Remove runs with their files, and orphans; measured networks stay.

    Returns:
        The runs that were removed: without those that are at work again by now, or gone.

    Raises:
        StoreError: if the store fails, or its space cannot be returned now.
    """
    removed = []
    for each in runs:
        try:
            store.delete(each.run.id)
        except StoreError:
            raise
        except KindredError:
            continue
        removed.append(each)
    for orphan in lost:
        _remove(orphan.path)
    try:
        store.give_back()
    except StoreError as error:
        raise StoreError(
            f"{len(removed)} runs were removed, but their space is not free yet: {error} Give the command again then."
        ) from error
    return removed


def _ended(run: Run) -> float:
    return run.finished or run.heartbeat


def _bytes(folder: Path) -> int:
    return sum(each.st_size for each in _told(folder))


def _within(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _looked_at(path: Path) -> Orphan:
    """A file or folder; where it is not known when it was written, as if that were now."""
    told = [path.stat(), *_told(path)] if path.is_dir() else [path.stat()]
    written = max(each.st_mtime for each in told) or time.time()
    return Orphan(path, written, sum(each.st_size for each in told[path.is_dir() :]))


def _told(folder: Path) -> Iterator[os.stat_result]:
    for path in files_within(folder):
        with suppress(FileNotFoundError):  # others may remove it, too
            yield path.stat()


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            remove_folder(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be removed ({error}); make its folder writable, then try again.") from error
