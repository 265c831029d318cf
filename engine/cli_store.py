"""``python -m engine store copy`` and ``prune``: moving a store, keeping a copy of it, and what may go."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from engine.errors import KindredError
from engine.runs.copying import Copied, copy_store, files_of
from engine.runs.database import Database
from engine.runs.pruning import ENDED, Orphan, Prunable, ended_before, orphans, prune
from engine.runs.store import Store

Add = Callable[..., argparse.ArgumentParser]

ORIGINS = ("trained", "tracked", "imported", "published")
_UNITS = {"h": 3600, "d": 86_400, "w": 604_800}
_TELL_SECONDS = 1.0


def add_store_commands(add: Add) -> None:
    """Add the commands to the command line's parser."""
    store = add("store", None, "copy a store: to move it, or to keep a copy", store=False)
    copy = store.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "copy",
        help="copy all runs with their files, and all measured networks",
        description="Copy all runs with their files, and all measured networks, into a store that may be there or not. "
        "What it has already stays as it is; given again, the command goes on where it stopped.",
    )
    copy.set_defaults(command=_copy)
    copy.add_argument("source", metavar="FROM", help="the URL of a store; nothing in it is changed")
    copy.add_argument("target", metavar="TO", help="the URL of a store")
    for flag, of in (("--from-files", "FROM"), ("--to-files", "TO")):
        copy.add_argument(
            flag,
            metavar="PLACE",
            help=f"where {of}'s files lie, a folder or URL; default: KINDRED_FILES if {of} is the store that "
            "KINDRED_STORE names, otherwise beside the database",
        )
    copy.add_argument(
        "--at-work", action="store_true", help="copy also runs that are queued or running, as they are now"
    )
    copy.add_argument("--json", action="store_true")

    pruned = add("prune", _prune, "remove runs that ended long ago, with their files; measured networks stay")
    pruned.add_argument(
        "--older-than", type=_age, required=True, metavar="AGE", help="since the run ended: 12h, 30d or 8w"
    )
    for flag, names, default in (("--status", ENDED, ENDED), ("--origin", ORIGINS, ("trained",))):
        pruned.add_argument(
            flag,
            type=_some_of(names),
            default=default,
            metavar="A,B",
            help=f"of {', '.join(names)}; default: {', '.join(default)}",
        )
    pruned.add_argument(
        "--orphans",
        action="store_true",
        help="remove files too that are as old and belong to nothing in the store; no other store may keep its files "
        "in the same folder",
    )
    pruned.add_argument("--dry-run", action="store_true", help="remove nothing, list what would go")
    pruned.add_argument("--json", action="store_true")


def _copy(arguments: argparse.Namespace) -> int:
    source = Database(arguments.source, arguments.from_files or files_of(arguments.source), present=True)
    target = Database(arguments.target, arguments.to_files or files_of(arguments.target))
    told = 0.0

    def tell(copied: Copied, runs: int) -> None:
        nonlocal told
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            done = copied.runs + copied.there + len(copied.at_work)
            print(f"{done} of {runs} runs, {copied.bytes / 1e6:.1f} MB of files", file=sys.stderr, flush=True)

    try:
        copied = copy_store(source, target, at_work=arguments.at_work, tell=tell)
    finally:
        source.close()
        target.close()  # an SQLite file is then complete by itself
    if arguments.json:
        print(json.dumps(asdict(copied), indent=2))
    else:
        print(
            f"copied: runs {copied.runs}, measured networks {copied.measured}, files {copied.files} of "
            f"{copied.bytes / 1e6:.1f} MB; runs that were there already: {copied.there}"
        )
    if copied.at_work:
        raise KindredError(
            f"At work, and therefore not copied: {', '.join(copied.at_work)}; wait for them or cancel them, then give "
            "the command again, or copy them as they are now with --at-work."
        )
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    before = time.time() - arguments.older_than
    runs = ended_before(store, before, arguments.status, arguments.origin)
    lost = orphans(store, before) if arguments.orphans else []
    if not arguments.dry_run:
        runs = prune(store, runs, lost)
    size = sum(each.bytes for each in (*runs, *lost))
    if arguments.json:
        print(json.dumps(_told(runs, lost, size, arguments.dry_run), indent=2))
        return 0
    for each in runs:
        about = f"{each.run.id:18} {each.run.status:12} {_day(each.ended)}"
        print(f"{about} {each.bytes / 1e6:10.1f} MB  {each.run.name}")
    for orphan in lost:
        print(f"{'no run':18} {'':12} {_day(orphan.written)} {orphan.bytes / 1e6:10.1f} MB  {orphan.path}")
    does = "would remove" if arguments.dry_run else "removed"
    also = f", orphans {len(lost)}" if arguments.orphans else ""
    print(f"{does}: runs {len(runs)}{also}, {size / 1e6:.1f} MB")
    return 0


def _told(runs: Sequence[Prunable], lost: Sequence[Orphan], size: int, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "runs": [
            {
                "id": each.run.id,
                "name": each.run.name,
                "status": each.run.status,
                "origin": each.run.origin,
                "ended": each.ended,
                "bytes": each.bytes,
            }
            for each in runs
        ],
        "orphans": [{"path": str(each.path), "written": each.written, "bytes": each.bytes} for each in lost],
        "bytes": size,
    }


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _age(text: str) -> float:
    """Seconds."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no age; write hours, days or weeks, as in 12h, 30d or 8w")
    return int(number) * _UNITS[unit]


def _some_of(names: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        given = tuple(text.split(","))
        for name in given:
            if name not in names:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(names)}")
        return given

    return parse
