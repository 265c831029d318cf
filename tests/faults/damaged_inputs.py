"""Damaged inputs for every reader: each is read or refused by a sentence, in little time and memory, without a crash.

``python -m tests.faults.damaged_inputs --count 10000`` damages sound files and documents at random, has each read in a
process of its own that may die or hang, and prints a table of what came of it. What fails is kept to be looked at.
"""

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from engine.errors import KindredError
from tests.faults.reader import Reader, sentence
from tests.faults.readers import readers

SECONDS = 20.0  # that one input may take, on a busy machine
MEMORY = 1500 * 2**20  # bytes that reading one may take besides what the process has
WORKERS = 2
ENGINE = Path(__file__).parents[2] / "engine"
FORK = multiprocessing.get_context("fork")  # a child has all that is loaded at once, and can be replaced at once


@dataclass
class Tally:
    """What came of a reader's inputs.

    Attributes:
        refused, read: how many were.
        seconds, memory: the worst of one input.
        failures: what happened, and where the input is kept.
    """

    refused: int = 0
    read: int = 0
    seconds: float = 0.0
    memory: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """One input: the ``number``-th of a reader."""

    reader: str
    number: int
    seed: int

    def damaged(self, reader: Reader) -> tuple[str, bytes]:
        """Its name and content."""
        drawn = random.Random(f"{self.seed}/{self.reader}/{self.number}")
        name = drawn.choice(sorted(reader.sound))
        return name, reader.damage(drawn, reader.sound[name])


def examine(count: int, seed: int, folder: Path, names: tuple[str, ...] = ()) -> dict[str, Tally]:
    """Damage and read ``count`` inputs, as many of each reader.

    Args:
        folder: for files; what fails is kept in it.
        names: of the readers; all where empty.
    """
    made = readers(folder, names)
    tallies = {name: Tally() for name in made}
    order = list(made)
    cases = iter([Case(order[place % len(order)], place // len(order), seed) for place in range(count)])
    lock = threading.Lock()
    guards = [threading.Thread(target=_guard, args=(cases, made, tallies, folder, lock)) for _ in range(WORKERS)]
    for guard in guards:
        guard.start()
    for guard in guards:
        guard.join()
    return tallies


def _guard(
    cases: Iterator[Case], made: dict[str, Reader], tallies: dict[str, Tally], folder: Path, lock: threading.Lock
) -> None:
    """Hand cases to a child process, and replace it when it dies or hangs."""
    child, here = None, None
    while True:
        with lock:
            case = next(cases, None)
            if child is None and case is not None:
                here, there = FORK.Pipe()
                child = FORK.Process(target=_work, args=(there, made, folder), daemon=True)
                child.start()
                there.close()
        if case is None:
            break
        here.send(case)
        told = ("hung", f"longer than {SECONDS:g} s", SECONDS, 0)
        if here.poll(SECONDS):
            try:
                told = here.recv()
            except EOFError:
                child.join()
                told = ("crashed", f"exit code {child.exitcode}", 0.0, 0)
        if told[0] in ("hung", "crashed"):
            child.kill()
            child.join()
            child = None
        with lock:
            _count(tallies[case.reader], case, made[case.reader], told, folder)
    if child is not None:
        here.send(None)
        child.join()


def _count(tally: Tally, case: Case, reader: Reader, told: tuple[str, str, float, int], folder: Path) -> None:
    outcome, text, seconds, memory = told
    tally.seconds, tally.memory = max(tally.seconds, seconds), max(tally.memory, memory)
    if outcome in ("refused", "read"):
        setattr(tally, outcome, getattr(tally, outcome) + 1)
        if memory <= MEMORY:
            return
        outcome, text = "took much memory", f"{memory / 2**20:,.0f} MiB"
    name, content = case.damaged(reader)
    kept = folder / "failed" / f"{case.reader.replace(', ', '-').replace(' ', '-')}-{case.number}-{Path(name).name}"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(content)
    tally.failures.append(f"{outcome}: {text} ({kept})")


def _work(asked: Connection, made: dict[str, Reader], folder: Path) -> None:
    """Read cases until there are no more, in a child process; what libraries print goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    warnings.simplefilter("ignore")
    for case in iter(asked.recv, None):
        name, content = case.damaged(made[case.reader])
        with tempfile.TemporaryDirectory(dir=folder) as own:
            before = _memory_reset()
            began = time.perf_counter()
            outcome, text = _outcome(made[case.reader], content, name, Path(own))
            seconds = time.perf_counter() - began
            memory = _memory("VmHWM") - before
        asked.send((outcome, text, seconds, memory))
    os._exit(0)  # no finaliser of a library that was loaded before the fork


def _outcome(reader: Reader, content: bytes, name: str, folder: Path) -> tuple[str, str]:
    try:
        reader.read(content, name, folder)
    except KindredError as error:
        try:
            sentence(error)
        except AssertionError as failure:
            return "failed", str(failure)
        return "refused", str(error)
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)
        own = next((step for step in reversed(where) if str(ENGINE) in step.filename), where[-1])
        return "failed", f"{type(error).__name__}: {str(error)[:120]} at {Path(own.filename).name}:{own.lineno}"
    return "read", ""


def _memory(what: str) -> int:
    """Bytes, by the kernel's own account of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return 1024 * int(line.split()[1])
    return 0


def _memory_reset() -> int:
    """Begin to look for the highest use of memory anew; what is used now."""
    with suppress(OSError):  # then the highest since the process began counts
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def table(tallies: dict[str, Tally]) -> str:
    """What came of it, a line a reader, and then what failed."""
    lines = [f"{'reader':20}{'inputs':>8}{'refused':>9}{'read':>8}{'worst s':>9}{'worst MiB':>11}{'failures':>10}"]
    for name, tally in tallies.items():
        inputs = tally.refused + tally.read + sum(not each.startswith("took") for each in tally.failures)
        worst = f"{tally.seconds:>9.2f}{tally.memory / 2**20:>11.0f}"
        lines.append(f"{name:20}{inputs:>8,}{tally.refused:>9,}{tally.read:>8,}{worst}{len(tally.failures):>10}")
    lines += [f"{name}: {failure}" for name, tally in tallies.items() for failure in tally.failures]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit with 1 where an input was neither read nor refused as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damaged_inputs", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="inputs, as many of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reader", action="append", default=[], help="only this one; may be given several times")
    parser.add_argument("--folder", type=Path, help="for files, and what fails; by default a new one")
    told = parser.parse_args(arguments)
    folder = told.folder or Path(tempfile.mkdtemp(prefix="damaged-"))
    folder.mkdir(parents=True, exist_ok=True)
    tallies = examine(told.count, told.seed, folder, tuple(told.reader))
    print(table(tallies))
    return int(any(tally.failures for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
