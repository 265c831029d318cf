"""``python -m engine …``: every feature of the dashboard without it."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from engine import catalog
from engine.affinity.uncertainty import SeedGroup, reliability
from engine.cli_advise import add_advise_commands
from engine.cli_compare import add_compare_command
from engine.cli_grouping import add_commands
from engine.cli_linear import add_linear_commands
from engine.cli_measure import add_measure_commands
from engine.cli_report import add_report_command
from engine.cli_runs import add_run_commands
from engine.cli_store import add_store_commands
from engine.errors import KindredError
from engine.processes import processes, rank
from engine.runs.store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0, or 2 after one sentence on standard error.
    """
    parsed = _parser().parse_args(arguments)
    try:
        if processes() > 1 and not hasattr(parsed, "with_torchrun"):
            raise KindredError("torchrun shares out one training, by run or resume; give this command without it.")
        return parsed.command(parsed)
    except KindredError as error:
        if rank() == 0:
            print(f"kindred: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        sys.stderr.close()
        return 0


def _datasets(_: argparse.Namespace) -> int:
    for entry in catalog.entries("dataset"):
        print(f"{entry.name:12} {entry.summary}{f'  [{entry.paper}]' if entry.paper else ''}")
    return 0


def _runs(arguments: argparse.Namespace) -> int:
    runs = Store(arguments.store).runs()
    if arguments.json:
        _print_json([asdict(run) for run in runs])
        return 0
    for run in runs:
        progress = f"{run.step}/{run.steps}" if run.steps else f"{run.step}"  # someone's own loop may know no end
        print(f"{run.id:18} {run.status:12} {progress:>12}  {len(run.tasks):3} tasks  {run.name}  {run.error}".rstrip())
    return 0


def _cancel(arguments: argparse.Namespace) -> int:
    Store(arguments.store).request_cancel(arguments.run)
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    Store(arguments.store).delete(arguments.run)
    return 0


def _affinity(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    runs = store.seeds(arguments.run) if arguments.group else [store.run(arguments.run)]
    members = tuple(store.series(run.id, arguments.reading) for run in runs)
    series = SeedGroup(members) if arguments.group else members[0]
    mean = series.mean(arguments.step_from, arguments.step_to)
    steps = mean.step_from, mean.step_to
    if not arguments.json:
        print(pd.DataFrame(mean.affinity, series.tasks, series.tasks).to_string(float_format="{:.4g}".format))
        seeds = f" and {mean.seeds} seeds" if arguments.group else ""
        print(f"rows = source, columns = target; mean of {mean.updates} updates{seeds}, steps {steps[0]}–{steps[1]}")
        return 0
    content = {
        "run": arguments.run,
        "reading": arguments.reading,
        "from": mean.step_from,
        "to": mean.step_to,
        "tasks": series.tasks,
        "orientation": "source,target",
        "affinity": _numbers(mean.affinity),
        "standard_error": _numbers(mean.standard_error),
        "updates": mean.updates,
        "batches": mean.batches,
        "reliability": _numbers(series.reliability(*steps) if arguments.group else reliability(series, *steps)),
    }
    if (mean.counts != mean.updates).any():
        content["counts"] = mean.counts.tolist()
    if arguments.group:
        content |= {"seeds": mean.seeds, "spread": _numbers(mean.spread), "agreement": _numbers(mean.agreement)}
    _print_json(content)
    return 0


def _numbers(values: np.ndarray | float) -> Any:
    """As JSON can hold them: null for what is not known."""
    values = np.asarray(values)
    return np.where(np.isfinite(values), values.astype(object), None).tolist()


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=2, allow_nan=False))


class _Parser(argparse.ArgumentParser):
    """Refuses in one sentence, as everything else does."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"kindred: {message}; see {self.prog} --help.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m engine", description="Which tasks help or hurt each other.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Any, summary: str, *, store: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(command=command)
        if store:
            added.add_argument("--store", metavar="URL", help="default: KINDRED_STORE, or data/kindred.db")
        return added

    def add_interval(to: argparse.ArgumentParser) -> None:
        to.add_argument("--from", dest="step_from", type=int, metavar="STEP", help="default: the run's first step")
        to.add_argument("--to", dest="step_to", type=int, metavar="STEP", help="default: the run's last step")

    add("datasets", _datasets, "list the data sets", store=False)

    add_run_commands(add)
    add_measure_commands(add)
    add_advise_commands(add)
    add_linear_commands(add)

    runs = add("runs", _runs, "list the runs, the newest first")
    runs.add_argument("--json", action="store_true")

    for name, command, summary in (
        ("cancel", _cancel, "ask a run to stop; it can be resumed"),
        ("delete", _delete, "remove a run that is not at work, with all it stored"),
    ):
        add(name, command, summary).add_argument("run", metavar="RUN")

    affinity = add("affinity", _affinity, "the mean affinity, or another reading, over an interval, [source, target]")
    affinity.add_argument("run", metavar="RUN")
    readings = [entry.name for entry in catalog.entries("reading")]
    affinity.add_argument("--reading", choices=readings, default="affinity", help="of those that the run has")
    affinity.add_argument("--group", action="store_true", help="the mean over all seeds of the group that RUN is in")
    add_interval(affinity)
    affinity.add_argument("--json", action="store_true")

    add_compare_command(add, add_interval)
    add_commands(add, add_interval)
    add_report_command(add)
    add_store_commands(add)
    return parser
