"""A disk that fills up, and a data folder that becomes read-only, during a run: ``python -m tests.faults.full_disk``.

The store lies on a small file system of its own (Linux, as root). The worker must say so in one sentence and wait;
what was stored must stay readable; once there is space again the run must end with the course of one left alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import KindredError
from engine.runs.launching.local import start_worker
from engine.runs.store import Store
from tests.faults.courses import config, course, half_read
from tests.waiting import wait_for

END_SECONDS = 600
MEGABYTES = 64


@dataclass(frozen=True)
class Found:
    """Attributes:
    said: what the worker logged.
    refused: what launching another run said meanwhile.
    readable: whether all that was stored could be read meanwhile, and nothing else.
    same: whether the run ended with the course of one that was left alone.
    """

    said: list[str]
    refused: str
    readable: bool
    same: bool


def can_mount() -> bool:
    """Whether this process may make a file system of its own."""
    return sys.platform == "linux" and os.geteuid() == 0


def _fill(folder: Path) -> None:
    """Write until nothing more fits, not even a small file."""
    with (folder / "filler").open("wb", buffering=0) as filler:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    filler.write(b"\0" * size)
            except OSError:
                continue


def _empty(folder: Path) -> None:
    (folder / "filler").unlink()


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _make_read_only(folder: Path) -> None:
    """For what is opened from now on; what is open can still be written, as on a folder whose rights are changed."""
    _mount("--bind", str(folder), str(folder))
    _mount("-o", "remount,bind,ro", str(folder))


def _make_writable(folder: Path) -> None:
    _mount("-o", "remount,bind,rw", str(folder))


FAULTS: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
    "disk full": (_fill, _empty),
    "read-only": (_make_read_only, _make_writable),
}


def disturb(fault: str, epochs: int, seconds: float) -> Found:
    """Let a run meet the fault for so long."""
    begin, end = FAULTS[fault]
    with tempfile.TemporaryDirectory() as folder:
        _mount("-t", "tmpfs", "-o", f"size={MEGABYTES}m", "kindred", folder)
        try:
            return _disturbed(Store(f"sqlite:///{folder}/kindred.db"), Path(folder), begin, end, epochs, seconds)
        finally:
            while os.path.ismount(folder):
                subprocess.run(["umount", "--lazy", folder], check=True)


def _disturbed(
    store: Store,
    folder: Path,
    begin: Callable[[Path], None],
    end: Callable[[Path], None],
    epochs: int,
    seconds: float,
) -> Found:
    alone = store.create(config(0, epochs), "left alone")
    assert start_worker(store, alone).wait(END_SECONDS) == 0
    whole = course(store, alone)
    run_id = store.create(config(0, epochs), "disturbed")
    worker = start_worker(store, run_id)
    wait_for(lambda: len(store.series(run_id)) > 1, END_SECONDS)
    begin(folder)
    time.sleep(seconds)
    try:
        Store(store.url).create(config(0, epochs), "one more" * 20)
        refused = ""
    except KindredError as error:
        refused = str(error)
    readable = not half_read(store, run_id, whole) and course(store, alone) == whole
    assert worker.poll() is None, "the worker did not wait"
    end(folder)
    assert worker.wait(END_SECONDS) == 0
    said = [event.message for event in store.events(run_id) if event.level == "warning"]
    return Found(said, refused, readable, course(store, run_id) == whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    for fault in FAULTS:
        print(fault, disturb(fault, arguments.epochs, arguments.seconds), sep=": ")


if __name__ == "__main__":
    main()
