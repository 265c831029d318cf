"""``python -m engine report``: what is found of a run as one file to hand on."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import KindredError
from engine.runs.store import Store
from engine.texts import DEFAULT, LANGUAGES, speaking, text

Add = Callable[..., argparse.ArgumentParser]


def add_report_command(add: Add) -> None:
    """Add the command to the command line's parser."""
    command = add("report", _report, "one self-contained HTML file: who helps whom, how sure that is, what to train")
    command.add_argument("run", metavar="RUN")
    command.add_argument("--group", action="store_true", help="of all seeds of the group that RUN is in, or names")
    command.add_argument("--budget", type=float, metavar="SNT", help="of the grouping that is told; default: about 3")
    command.add_argument("--serve", metavar="a,b,…", help="tasks to serve; default: the primary ones, else all")
    command.add_argument("--steps", metavar="FROM-TO", help="the interval; default: the whole run")
    command.add_argument("--language", choices=list(LANGUAGES), default=DEFAULT, help=f"default: {DEFAULT}")
    command.add_argument("--time-limit", type=float, default=15.0, metavar="SECONDS", help="of the search; default: 15")
    command.add_argument("--output", type=Path, metavar="FILE", help="default: the run's id and .html")
    command.add_argument("--animation", type=Path, metavar="FILE", help="write the matrix over training, and no report")
    command.add_argument("--force", action="store_true", help="overwrite the file")


def _report(arguments: argparse.Namespace) -> int:
    # These load plotly and pandas, which no other command waits for.
    from engine.reports.animation import animation_html
    from engine.reports.evidence import Evidence
    from engine.reports.findings import findings, plain_problem
    from engine.reports.report import report_html

    store = Store(arguments.store)
    runs = store.seeds(arguments.run) if arguments.group else [store.run(arguments.run)]
    path = arguments.animation or arguments.output or Path(f"{runs[0].group if arguments.group else runs[0].id}.html")
    if path.exists() and not arguments.force:
        raise KindredError(f"There is a file {str(path)!r} already; give another --output, or --force to overwrite it.")
    step_from, step_to = _steps(arguments.steps)
    serving = _serving(arguments.serve, runs[0].tasks)
    with speaking(arguments.language):
        several = [text("words.seeds", count=len(runs))] if arguments.group else []
        name = text("words.comma").join([runs[0].name, *several])
        if arguments.animation:
            evidence = Evidence.read(store, runs)
            content = animation_html(evidence.between(step_from, step_to), name)
        else:
            found = findings(
                store,
                runs,
                name,
                step_from=step_from,
                step_to=step_to,
                budget=arguments.budget,
                problem=plain_problem(serving),
                seconds=arguments.time_limit,
            )
            content = report_html(found)
            if found.refusal:
                print(f"kindred: {found.refusal}", file=sys.stderr)
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise KindredError(f"{str(path)!r} cannot be written ({error.strerror}); check the path.") from None
    print(path)
    return 0


def _steps(told: str | None) -> tuple[int | None, int | None]:
    """The interval in steps; an end that is left out is the run's.

    >>> _steps("100-200"), _steps("100-"), _steps(None)
    ((100, 200), (100, None), (None, None))
    """
    start, dash, stop = (told or "-").partition("-")
    try:
        if not dash:
            raise ValueError
        return int(start) if start else None, int(stop) if stop else None
    except ValueError:
        raise KindredError(f"--steps has {told!r}; write two steps, as in 100-200, or one, as in 100-.") from None


def _serving(told: str | None, tasks: Sequence[str]) -> list[str] | None:
    if told is None:
        return None
    names = [task.strip() for task in told.split(",")]
    for name in names:
        if name not in tasks:
            raise KindredError(f"--serve names {name!r}; the tasks are {', '.join(tasks)}.")
    return names
