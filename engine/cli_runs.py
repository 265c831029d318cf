"""``python -m engine run``, ``resume``, ``describe`` and ``sweep``: training on the command line."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from engine import catalog
from engine.cli_settings import add_settings, data_name, settings_of
from engine.datasets.tables.keeping import called
from engine.errors import KindredError
from engine.processes import processes
from engine.runs.config import RunConfig
from engine.runs.configs import kind_of
from engine.runs.descriptions import Describer
from engine.runs.launching.launcher import launcher
from engine.runs.launching.queue import launch
from engine.runs.launching.work_off import work_off
from engine.runs.run import Run
from engine.runs.store import Store
from engine.runs.sweep import prepare, table

Add = Callable[..., argparse.ArgumentParser]


def add_run_commands(add: Add) -> None:
    """Add the commands to the command line's parser."""
    run = add("run", _run, "train and observe affinities; the last line of the output is the run's id")
    add_settings(run, RunConfig)
    run.add_argument("--name", default="", help="default: the run's id")
    run.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="N runs from --seed on, as one group; default: 1"
    )

    resume = add("resume", _resume, "go on with a run that was cancelled, failed or interrupted")
    resume.add_argument("run", metavar="RUN")
    for command in (run, resume):
        command.add_argument("--detach", action="store_true", help="print the id and leave the worker to itself")
        command.set_defaults(with_torchrun=True)

    describe = add("describe", _describe, "what each design costs with these settings, without training", store=False)
    add_settings(describe, RunConfig)
    describe.add_argument("--json", action="store_true")

    sweep = add(
        "sweep",
        _sweep,
        "train every design and every weighting against single-task training; given again, it goes on where it stopped",
    )
    add_settings(sweep, RunConfig)
    sweep.add_argument("--name", default="", help="of the sweep; default: the data set's name, or the table's")
    sweep.add_argument("--seeds", type=int, default=3, metavar="N", help="runs of each, from --seed on; default: 3")
    sweep.add_argument("--show", action="store_true", help="train nothing, print what there is")
    sweep.add_argument("--score", choices=["validation", "test"], default="validation", help="that the table is of")
    sweep.add_argument("--json", action="store_true")


def _describe(arguments: argparse.Namespace) -> int:
    config = settings_of(arguments, RunConfig)
    names = [entry.name for entry in catalog.entries("architecture")]
    # affinity and weighting cost nothing at inference, and some would not fit some designs
    configs = [replace(config, architecture=name, weighting="equal", affinity="none") for name in names]
    describer = Describer()
    described = dict(zip(names, describer.describe(configs), strict=True))
    describer.close()
    chosen = described[config.architecture]
    if chosen.error:
        raise KindredError(chosen.error)
    if arguments.json:
        costs = ("parameters", "shared", "snt", "error")
        content = {name: {cost: getattr(each, cost) for cost in costs} for name, each in described.items()}
        print(json.dumps({"tasks": chosen.tasks, "architectures": content}, indent=2))
        return 0
    print(f"{'architecture':14} {'parameters':>12} {'shared':>12} {'SNT':>7}")
    for name, each in described.items():
        numbers = each.error or f"{each.parameters:12,} {each.shared:12,} {each.snt:7.2f}"
        print(f"{name:14} {numbers}")
    return 0


def _sweep(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    name = arguments.name or (called(Path(arguments.table)) if arguments.table else data_name(arguments))
    finished = True
    if not arguments.show:
        config = settings_of(arguments, RunConfig, store.tables, affinity="none")
        run_ids = prepare(store, name, config, arguments.seeds)
        finished = work_off_all(store, run_ids)
    found = table(store, name, arguments.score)
    if arguments.json:
        print(json.dumps({"sweep": name, "split": arguments.score, "variants": _records(found)}, indent=2))
    else:
        print(found.to_string(float_format="{:.4g}".format, na_rep="–"))
    return 0 if finished else 2


def _records(found: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(found.reset_index().to_json(orient="records"))


def _run(arguments: argparse.Namespace) -> int:
    if processes() > 1:
        return _together(arguments)
    store = Store(arguments.store)
    run_ids = store.create_seeds(settings_of(arguments, RunConfig, store.tables), arguments.name, arguments.seeds)
    return _launch(store, run_ids, arguments.detach)


def _resume(arguments: argparse.Namespace) -> int:
    if processes() > 1:
        return _together(arguments)
    store = Store(arguments.store)
    store.requeue(arguments.run)
    return _launch(store, [arguments.run], arguments.detach)


def _together(arguments: argparse.Namespace) -> int:
    """Train one run in all the processes that torchrun started; each of them comes here, and ends here."""
    if arguments.detach or getattr(arguments, "seeds", 1) != 1:
        raise KindredError(
            f"{'--detach' if arguments.detach else '--seeds'} does not go with torchrun, whose processes are the "
            "worker of one run; leave it out, or start without torchrun."
        )
    together = import_module("engine.runs.together")  # takes seconds, as it needs torch
    shown = ""

    def begin() -> Any:
        store = Store(arguments.store)

        def show(run_id: str) -> None:
            nonlocal shown
            shown = _show_progress(store.run(run_id), shown)

        if hasattr(arguments, "run"):
            return together.resumed_run(store, arguments.run, show)
        return together.new_run(store, settings_of(arguments, RunConfig, store.tables), arguments.name, show)

    return together.train_together(begin)


def _launch(store: Store, run_ids: list[str], detach: bool) -> int:
    """Work off queued runs as there is room for them, or leave them to the queue of this machine."""
    if len(run_ids) > 1:
        print(*run_ids, sep="\n", flush=True)
    if detach:
        launch(store, run_ids)
    finished = detach or work_off_all(store, run_ids)
    print(run_ids[0])
    return 0 if finished else 2


def work_off_all(store: Store, run_ids: Sequence[str]) -> bool:
    """Work off queued runs as there is room for them, their progress on standard error; whether all have finished."""
    shown: dict[str, str] = {}
    workers = launcher(store, attached=True)

    def mine() -> list[Run]:
        return [run for run in store.runs() if run.id in run_ids][::-1]

    def waiting() -> list[Run]:
        return [run for run in mine() if run.status == "queued"]

    def show() -> None:
        for run in mine():
            if run.status != "queued" or len(run_ids) == 1:
                shown[run.id] = _show_progress(run, shown.get(run.id, ""))

    while True:
        try:
            work_off(store, workers, waiting, show)
            break
        except KeyboardInterrupt:
            print("\nkindred: cancelling; press Ctrl-C again to leave the runs to themselves", file=sys.stderr)
            for run in mine():
                if run.active:
                    store.request_cancel(run.id)
    show()
    for run in mine():
        if run.status not in ("finished", "cancelled", "failed"):
            print(f"kindred: The worker was killed; go on with: python -m engine resume {run.id}", file=sys.stderr)
    return all(run.status == "finished" for run in mine())


def _show_progress(run: Run, shown: str) -> str:
    left = f", {run.seconds_left:.0f} s left" if run.seconds_left is not None else ""
    note = f"; {run.note}" if run.note and kind_of(run.config) == "study" else ""  # what it cost so far
    line = f"{run.id}: {run.status}, step {run.step}{f' of {run.steps}' if run.steps else ''}{left}{note}"
    if line != shown:
        print(line, file=sys.stderr, flush=True)
    return line
