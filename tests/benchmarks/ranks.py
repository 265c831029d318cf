"""How much faster two processes train a network than one, a thread each: ``python -m tests.benchmarks.ranks``.

Seconds an update, the best of several blocks of updates, as other work on the machine slows some of them down.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.runs.config import RunConfig
from engine.training.ranks import Ranks, join
from engine.training.session import Session
from tests.engine.training.sharing import start

SETTINGS = {
    "convolutions": {"trunk": "convolutional", "width": 64, "batch_size": 256, "affinity": "none"},
    "convolutions, observed by auto": {"trunk": "convolutional", "width": 64, "batch_size": 256},
    "convolutions, PCGrad": {
        "trunk": "convolutional",
        "width": 64,
        "batch_size": 256,
        "weighting": "pcgrad",
        "affinity": "none",
    },
    "1,024 units a layer": {"width": 1024, "depth": 3, "batch_size": 512, "affinity": "none"},
    "64 units a layer": {"width": 64, "batch_size": 64, "affinity": "none"},
}
BLOCKS, UPDATES = 20, 3


def seconds(config: RunConfig, ranks: Ranks | None = None) -> float:
    """Of an update."""
    session, best = Session(config, ranks=ranks), float("inf")
    for _ in range(BLOCKS):
        began = time.perf_counter()
        for _ in range(UPDATES):
            session.update()
        best = min(best, (time.perf_counter() - began) / UPDATES)
    return best


def process(rank: int, size: int, port: int, name: str, folder: Path) -> None:
    """One of several, of which the first writes what it measures."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    found = seconds(RunConfig("digits", learning_rate=1e-3, **SETTINGS[name]), join())
    if rank == 0:
        (folder / "seconds").write_text(str(found))
    os._exit(0)  # gloo's threads can abort a process that tears itself down


def main() -> int:
    with TemporaryDirectory() as folder:
        for name, settings in SETTINGS.items():
            alone = seconds(RunConfig("digits", learning_rate=1e-3, **settings))
            start(process, 2, name, Path(folder))
            together = float((Path(folder) / "seconds").read_text())
            print(f"{name}: {1e3 * alone:.1f} ms alone, {1e3 * together:.1f} ms by two, {alone / together:.2f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
