"""How fast rooms are made, with all their maps: ``python -m tests.benchmarks.rooms``.

Counted in seconds of CPU time, so of one thread, as nothing here runs on several. Images are made a block at a time,
from ``render``'s door; other work on the same core slows a block down by up to a half, so that the best block is the
machine's own speed, which the goal is for. A large block is slower, as its memory is touched for the first time.

``--sheet FILE`` also writes the first rooms of a seed and their maps as a PNG.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine.datasets.rendering.pictures import contact_sheet
from engine.datasets.rendering.rendering import render
from engine.datasets.rendering.scene import SEMANTIC_CLASSES

BODIES = [SEMANTIC_CLASSES.index(kind) for kind in ("box", "sphere", "cylinder", "shelf")]
GOAL = 500  # images of 64 × 64 in a CPU second
IMAGES = 1024
BLOCKS = (16, 64, IMAGES)
ENLARGED = 3  # pixels of the sheet for one of a map


def speeds(seed: int, block: int) -> list[float]:
    """Images a CPU second of every block."""
    found = []
    for first in range(0, IMAGES, block):
        start = time.process_time()
        render(seed, block, first=first)
        found.append(block / (time.process_time() - start))
    return found


def save_sheet(path: Path, seed: int, rooms: int, size: int) -> None:
    sheet = contact_sheet(render(seed, rooms, size), rooms)
    Image.fromarray(sheet.repeat(ENLARGED, 0).repeat(ENLARGED, 1)).save(path)


def main() -> int:
    """Measure and print; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="PNG of some rooms with all their maps")
    parser.add_argument("--rooms", type=int, default=8, help="rooms on the sheet")
    parser.add_argument("--size", type=int, default=64, help="rows and columns of each map on the sheet")
    arguments = parser.parse_args()
    if arguments.sheet:
        save_sheet(arguments.sheet, arguments.seed, arguments.rooms, arguments.size)
    render(arguments.seed, 2)  # makes what is kept for later
    print(f"{'images a CPU second, 64 × 64':32}{'best':>8}{'median':>8}{'worst':>8}")
    best = 0.0
    for block in BLOCKS:
        found = speeds(arguments.seed, block)
        best = max(best, *found)
        print(f"{f'{block} at a time':32}{max(found):8.0f}{statistics.median(found):8.0f}{min(found):8.0f}")
    share = np.isin(render(arguments.seed, 200)["semantic"], BODIES).mean((1, 2))
    low, middle, high = np.quantile(share, (0.05, 0.5, 0.95))
    print(
        f"bodies cover {share.mean():.0%} of the pixels on average; median {middle:.0%}, 90 % in {low:.0%} … {high:.0%}"
    )
    print(f"goal: {GOAL} images a CPU second{'' if best >= GOAL else ' MISSED'}")
    return 0 if best >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
