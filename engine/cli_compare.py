"""``python -m engine compare``: two readings of how tasks relate, of two runs, or early and late in one; or several."""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, get_args

import numpy as np
import pandas as pd

from engine import catalog
from engine.affinity.comparison import Correlation, DifferenceScale, compare
from engine.affinity.series import IntervalMean
from engine.affinity.uncertainty import SeedGroup
from engine.cli_several import GROUP, compare_several
from engine.errors import KindredError
from engine.runs.run import Run
from engine.runs.store import Store

Add = Callable[..., argparse.ArgumentParser]


def add_compare_command(add: Add, add_interval: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command to the command line's parser."""
    command = add(
        "compare",
        _compare,
        "how alike two readings, runs or intervals of one run relate the tasks, or up to 8 runs",
    )
    option = command.add_argument
    option("run", metavar="RUN", help="a run, or the id of a group of seeds with --group, or seeds:ID of one")
    option("run2", metavar="RUN2", nargs="?", help="default: RUN")
    option("more", metavar="RUN3", nargs="*", help="up to 8 runs: each is set against the baseline")
    option("--baseline", metavar="RUN", help="one of the runs; default: the first")
    known = ", ".join(entry.name for entry in catalog.entries("reading"))
    option("--reading", metavar="NAME", help=f"{known}; default: the first that RUN has")
    option("--reading2", metavar="NAME", help="default: the same of another run or interval, else RUN's next one")
    option("--group", action="store_true", help="RUN and RUN2 are groups: the means over all their seeds")
    add_interval(command)
    option("--from2", dest="step_from2", type=int, metavar="STEP", help="of the second; default: that of the first")
    option("--to2", dest="step_to2", type=int, metavar="STEP", help="of the second; default: that of the first")
    option("--difference", choices=get_args(DifferenceScale), default="standardised", help="default: standardised")
    option("--json", action="store_true")


def _compare(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    if arguments.more or arguments.baseline:
        return _compare_several(store, arguments)
    other = arguments.run2 or arguments.run
    second = arguments.step_from2 is not None or arguments.step_to2 is not None
    steps = arguments.step_from, arguments.step_to
    steps2 = (arguments.step_from2, arguments.step_to2) if second else steps
    reading = arguments.reading or _known(store, arguments.run, arguments.group)[0]
    reading2 = arguments.reading2 or _second(store, arguments, other, reading, second)
    tasks, mean = _mean(store, arguments.run, reading, arguments.group, *steps)
    tasks2, mean2 = _mean(store, other, reading2, arguments.group, *steps2)
    found = compare(tasks, mean.affinity, tasks2, mean2.affinity)
    difference = found.difference(arguments.difference)
    if arguments.json:
        content = {
            "left": _about(arguments.run, reading, mean),
            "right": _about(other, reading2, mean2),
            "tasks": found.tasks,
            "orientation": "source,target",
            "entries": found.entries,
            "pearson": _plain(found.pearson),
            "spearman": _plain(found.spearman),
            "difference": np.where(found.known, difference.astype(object), None).tolist(),
            "scale": arguments.difference,
        }
        print(json.dumps(content, indent=2, allow_nan=False))
        return 0
    for name, run, shown, of in (("left", arguments.run, reading, mean), ("right", other, reading2, mean2)):
        print(f"{name + ':':9} {shown} of {run}, steps {of.step_from}–{of.step_to}")
    print(f"{found.entries} pairs of {len(found.tasks)} tasks")
    for name, correlation in (("Pearson", found.pearson), ("Spearman", found.spearman)):
        print(f"{name:9} {_in_words(correlation)}")
    print(f"right − left, {arguments.difference}; rows = source, columns = target")
    print(pd.DataFrame(difference, found.tasks, found.tasks).to_string(float_format="{:.3g}".format))
    return 0


def _compare_several(store: Store, arguments: argparse.Namespace) -> int:
    second = (arguments.reading2, arguments.step_from2, arguments.step_to2)
    if any(each is not None for each in second):
        raise KindredError(
            "Several runs are compared by one reading over one interval; leave out --reading2, --from2 and --to2, or "
            "name two runs only and no --baseline."
        )
    runs = [each for each in (arguments.run, arguments.run2, *arguments.more) if each]
    first = arguments.baseline or runs[0]
    if arguments.reading:
        catalog.find("reading", arguments.reading)
    reading = arguments.reading or _known(store, first, arguments.group)[0]

    def mean(run: str) -> tuple[tuple[str, ...], IntervalMean]:
        return _mean(store, run, reading, arguments.group, arguments.step_from, arguments.step_to)

    def members(run: str) -> list[Run]:
        return [store.run(each) for each in _runs(store, run, arguments.group)]

    return compare_several(runs, first, reading, mean, members, arguments.difference, arguments.json)


def _runs(store: Store, run_or_group: str, group: bool) -> list[str]:
    """The ids of the runs that one side is the mean of."""
    if run_or_group.startswith(GROUP):
        return [run.id for run in store.group(run_or_group.removeprefix(GROUP))]
    if not group:
        return [store.run(run_or_group).id]
    named = {run.id: run.group for run in store.runs()}.get(run_or_group)
    if named == "":
        raise KindredError(f"The run {run_or_group!r} is in no group of seeds; leave out --group.")
    return [run.id for run in store.group(named or run_or_group)]


def _known(store: Store, run_or_group: str, group: bool) -> tuple[str, ...]:
    """The readings that one side has: of several seeds, those that all have that have any.

    Raises:
        KindredError: if there is none.
    """
    each = [known for run_id in _runs(store, run_or_group, group) if (known := store.readings(run_id))]
    shared = [reading for reading in each[0] if all(reading in known for known in each)] if each else []
    if not shared:
        raise KindredError(
            f"The run {run_or_group!r} has nothing to compare yet: no affinity was observed, and no other reading "
            "stored. Wait for its first window, or train with an estimator or a design that tells how tasks relate."
        )
    return tuple(shared)


def _second(store: Store, arguments: argparse.Namespace, other: str, reading: str, second_interval: bool) -> str:
    """The second reading where none is named."""
    known = _known(store, other, arguments.group)
    if (other != arguments.run or second_interval) and reading in known:
        return reading
    rest = [each for each in known if each != reading]
    if rest:
        return rest[0]
    raise KindredError(
        f"The run {other!r} has one reading only, {reading}; name another run, or another interval with --from2 or "
        "--to2, to compare it with."
    )


def _mean(
    store: Store, run_or_group: str, reading: str, group: bool, step_from: int | None, step_to: int | None
) -> tuple[tuple[str, ...], IntervalMean]:
    """The tasks of one side, and their matrix over an interval."""
    catalog.find("reading", reading)
    known = _known(store, run_or_group, group)
    if reading not in known:
        raise KindredError(f"The run {run_or_group!r} has no reading {reading!r}; it has {', '.join(known)}.")
    members = tuple(store.series(run_id, reading) for run_id in _runs(store, run_or_group, group))
    series = SeedGroup(members) if group or run_or_group.startswith(GROUP) else members[0]
    return series.tasks, series.mean(step_from, step_to)


def _about(run: str, reading: str, mean: IntervalMean) -> dict[str, Any]:
    return {"run": run, "reading": reading, "from": mean.step_from, "to": mean.step_to, "updates": mean.updates}


def _plain(correlation: Correlation) -> dict[str, float | None]:
    """As JSON can hold it: null for what is not known."""
    return {name: value if math.isfinite(value) else None for name, value in asdict(correlation).items()}


def _in_words(correlation: Correlation) -> str:
    if not math.isfinite(correlation.value):
        return "unknown: all entries of one side are equal, or too few are known"
    if not math.isfinite(correlation.low):
        return f"{correlation.value:.3f}, interval unknown"
    return f"{correlation.value:.3f}, 95 % interval {correlation.low:.3f} to {correlation.high:.3f}"
