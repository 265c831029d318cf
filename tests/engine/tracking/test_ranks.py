"""Distributed loops: every process has a tracker, the first one writes, and none is left waiting."""

import json
import os

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from engine import AffinityTracker
from engine.errors import KindredError
from engine.runs.store import Store
from tests.engine.tracking.loops import TASKS, Net
from tests.engine.tracking.test_tracker import losses_of


def process(rank, folder, store_url):
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2)
    torch.manual_seed(0)
    model = torch.nn.parallel.DistributedDataParallel(Net())
    tracker = AffinityTracker(TASKS, model.module.trunk, run="ranks", store=store_url, strict=True)
    for step in range(40):
        losses = losses_of(model, 2 * step + rank)
        tracker.observe(losses)
        sum(losses.values()).backward()
    tracker.finish()
    told = {"run": tracker.run, "chosen": tracker.chosen.split(";")[0]}
    try:
        AffinityTracker(TASKS, model.module.trunk, run="unknown", store=store_url, resume=True)
    except KindredError as error:
        told["refused"] = str(error)
    (folder / f"{rank}.json").write_text(json.dumps(told))
    os._exit(0)  # gloo's threads can abort a process that tears itself down


def test_the_first_process_writes_and_a_refusal_reaches_both(tmp_path, store_url):
    mp.start_processes(process, (tmp_path, store_url), nprocs=2, start_method="spawn")
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert second["run"] == "" and Store(store_url).run(first["run"]).status == "finished"
    assert Store(store_url).series(first["run"]).updates.sum() > 0
    assert [run.name for run in Store(store_url).runs()].count("ranks") == 1
    assert "no tracked run 'unknown'" in first["refused"] and "gave up" in second["refused"]
