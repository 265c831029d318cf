"""The studies that ship with Kindred, from nothing, by one command: ``python -m tests.benchmarks.studies``.

Every network of five dense tasks of rooms and of six of yeast's, and the pairs of all of yeast's fourteen; small and
large networks; 5 % and all of the data; transfer. Their results are written to ``data/studies``. Stopped and begun
again, it goes on where it was; on two cores it takes a night for rooms, and half an hour for yeast.

Options: ``--only NAME,…``, ``--workers N`` trainings at a time, ``--device cuda`` for rooms, ``--store URL`` of the
runs, ``--to FOLDER``, and ``--quick``, which trains the same plan on little data for two epochs, to see that all of it
runs.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from engine.cli_runs import work_off_all
from engine.paths import DATA
from engine.runs.store import Store
from engine.runs.studies import study_of
from engine.runs.study_config import StudyConfig
from engine.studies.files import to_json

SIX = "Class1,Class2,Class3,Class4,Class5,Class6"
FIVE = "semantic_segmentation,depth,normals,keypoints,edges"
PAIRS = "half_singles,singles,pairs,all_in_one"
YEAST = StudyConfig("yeast", epochs=60, seeds=3)
ROOMS = StudyConfig(
    "rooms", tasks=FIVE, image_size=32, trunk="encoder", width=16, depth=3, optimizer="adam", learning_rate=0.002,
    batch_size=32, epochs=60, patience=8, seeds=3,
)  # fmt: skip
PLAN: dict[str, StudyConfig] = {
    "yeast": replace(YEAST, tasks=SIX, networks="whole,transfer", seeds=5, observe=True, affinity="auto"),
    "yeast-14-tasks": replace(YEAST, networks=f"{PAIRS},transfer", observe=True, affinity="auto"),
    "yeast-14-tasks-large": replace(YEAST, networks="half_singles,pairs", width=256),
    "yeast-14-tasks-5-percent": replace(YEAST, networks="half_singles,pairs", samples=73, batch_size=16),
    "rooms": replace(ROOMS, networks="whole,transfer", observe=True, affinity="lookahead"),
    "rooms-large": replace(ROOMS, networks=PAIRS, width=48),
    "rooms-5-percent": replace(ROOMS, networks=PAIRS, samples=30, batch_size=16),
}


def quick(config: StudyConfig) -> StudyConfig:
    """The same study on little data, for two epochs of narrow networks."""
    few = {"images": 60} if config.dataset == "rooms" else {"samples": 60}
    return replace(config, epochs=2, seeds=1, width=4, batch_size=8, **few)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.studies")
    parser.add_argument("--only", default=",".join(PLAN), help="names, separated by commas")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="of rooms")
    parser.add_argument("--store", help="default: KINDRED_STORE, or data/kindred.db")
    parser.add_argument("--to", type=Path, default=DATA / "studies", metavar="FOLDER")
    parser.add_argument("--quick", action="store_true")
    told = parser.parse_args(arguments)
    store, finished = Store(told.store), True
    told.to.mkdir(parents=True, exist_ok=True)
    for name in told.only.split(","):
        config = replace(PLAN[name], workers=told.workers)
        config = replace(config, device=told.device) if config.dataset == "rooms" else config
        run_id = store.create(quick(config) if told.quick else config, name)
        if not work_off_all(store, [run_id]):
            print(f"{name}: {store.run(run_id).error or 'stopped'}; run this again to go on", file=sys.stderr)
            finished = False
            continue
        study = replace(study_of(store, run_id), name=name)
        (told.to / f"{name}.json").write_text(to_json(study), encoding="utf-8")
        print(f"{name}: {int(study.known().sum())} networks, {store.run(run_id).note}")
    return 0 if finished else 2


if __name__ == "__main__":
    sys.exit(main())
