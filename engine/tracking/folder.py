"""Affinity in plain files that anyone can read: a writer for a tracker."""

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.affinity.series import AffinitySeries, Window
from engine.errors import KindredError
from engine.tasks import Evaluation
from engine.tracking.mirror import Mirror

ABOUT, WINDOWS, LOSSES, MEAN = "tasks.json", "windows.csv", "losses.csv", "affinity.csv"
HEADERS = {
    WINDOWS: ("step_from", "step_to", "updates", "source", "target", "affinity", "count"),
    LOSSES: ("step_from", "step_to", "task", "loss"),
}


class FolderWriter:
    """Mirrors every window of a tracked run to a folder; see ``Writer``.

    ::

        AffinityTracker(tasks, model.trunk, writers=[FolderWriter("affinity/mine")])

    - ``tasks.json``: the run's name, its tasks, the orientation ``source,target``, what an entry is, and how it ended.
    - ``windows.csv``: a row for each window and pair: ``step_from, step_to, updates, source, target, affinity, count``,
      where ``affinity`` is the window's mean, and empty where the window observed the pair ``count`` = 0 times.
    - ``losses.csv``: ``step_from, step_to, task, loss``, the mean training losses in the window; empty where unknown.
    - ``affinity.csv``: the mean so far as a labelled square, rows = sources, which ``read_affinity`` reads, and so
      ``python -m engine solve --affinity``; ``nan`` where a pair was never observed.

    The tables grow and are written out with each window; the other files are replaced whole. A resumed run goes on in
    them, and its windows of later steps are removed. A full disk ends the mirror with a warning, not the tracking.

    Args:
        path: the folder; made if it does not exist.
        resume: go on with the run that is in the folder, if any; a folder with a run is refused otherwise.
    """

    def __init__(self, path: str | Path, resume: bool = False) -> None:
        self.path, self.resume = Path(path), resume
        self._mirror = Mirror(f"The folder {self.path}")

    def begin(self, name: str, tasks: tuple[str, ...], quantity: str) -> None:
        """Take possession of the folder.

        Raises:
            KindredError: if it cannot be written, or holds other files or another run.
        """
        self.tasks = tasks
        self._about = {"run": name, "tasks": list(tasks), "orientation": "source,target", "quantity": quantity}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._check(list(self.path.iterdir()))
            self._replace(ABOUT, _json(self._about | {"status": "running", "error": ""}))
            for file in (WINDOWS, LOSSES):
                if not (self.path / file).exists():
                    self._replace(file, _table([HEADERS[file]]))
        except OSError as error:
            raise KindredError(f"The folder {self.path} cannot be written ({error}); give another path.") from error
        self._clear()
        self._written_to: int | None = None  # None: what an earlier process wrote was not looked at yet

    def window(self, window: Window, losses: Evaluation) -> None:
        """Append a window, and replace the mean."""
        self._mirror.attempt(self._write, window, losses)

    def end(self, status: str, error: str) -> None:
        """Note how the run ended."""
        self._mirror.attempt(self._replace, ABOUT, _json(self._about | {"status": status, "error": error}))

    def _write(self, window: Window, losses: Evaluation) -> None:
        if self._written_to is None or window.step_from < self._written_to:
            self._rewind(window.step_from)
        mean = AffinitySeries.of(self.tasks, [window]).mean()
        steps = window.step_from, window.step_to
        pairs = [
            (self.tasks[s], self.tasks[t], _number(mean.affinity[s, t]), mean.counts[s, t])
            for s, t in np.ndindex(mean.affinity.shape)
        ]
        self._append(WINDOWS, [(*steps, window.updates, *pair) for pair in pairs])
        per_task = zip(self.tasks, losses.losses, strict=True)
        self._append(LOSSES, [(*steps, task, _number(loss)) for task, loss in per_task])
        self._total += window.total
        self._counts += mean.counts
        self._written_to = window.step_to
        with np.errstate(invalid="ignore"):
            so_far = self._total / self._counts
        # All names in quotes: read_affinity drops spaces before a value outside them.
        rows = [(task, *map(float, row)) for task, row in zip(self.tasks, so_far, strict=True)]
        self._replace(MEAN, _table([("source", *self.tasks), *rows], csv.QUOTE_NONNUMERIC))

    def _rewind(self, step: int) -> None:
        """Remove what reaches beyond a step, or was not written to its end, and sum up the rest."""
        self._clear()
        for file, rows_a_window in ((WINDOWS, len(self.tasks) ** 2), (LOSSES, len(self.tasks))):
            with (self.path / file).open(encoding="utf-8", newline="") as stream:
                whole, _, _cut_off = stream.read().rpartition("\n")
            rows = [row for row in csv.reader(io.StringIO(whole, newline="")) if len(row) == len(HEADERS[file])][1:]
            try:
                rows = rows[: len(rows) // rows_a_window * rows_a_window]
                kept = [row for row in rows if int(row[1]) <= step]
                if file == WINDOWS:
                    self._sum_up(kept)
            except (ValueError, KeyError) as error:
                raise KindredError(f"{self.path / file} was changed ({error}), and a run cannot go on in it") from None
            self._replace(file, _table([HEADERS[file], *kept]))

    def _sum_up(self, rows: list[list[str]]) -> None:
        place = {task: index for index, task in enumerate(self.tasks)}
        for _, _, _, source, target, affinity, count in rows:
            if int(count):
                pair = place[source], place[target]
                self._total[pair] += float(affinity) * int(count)
                self._counts[pair] += int(count)

    def _clear(self) -> None:
        shape = (len(self.tasks), len(self.tasks))
        self._total, self._counts = np.zeros(shape), np.zeros(shape, np.int64)

    def _check(self, found: list[Path]) -> None:
        if not found:
            return
        about = self.path / ABOUT
        if about not in found:
            raise KindredError(
                f"The folder {self.path} holds {sorted(found)[0].name!r} and no run; give a new or an empty folder."
            )
        try:
            earlier = json.loads(about.read_text(encoding="utf-8"))
            held = {key: earlier[key] for key in self._about}
        except (ValueError, KeyError, TypeError) as error:
            raise KindredError(f"{about} is damaged ({error}); give a new or an empty folder.") from None
        if not self.resume:
            raise KindredError(
                f"The folder {self.path} holds the run {held['run']!r} already; give another folder, or resume=True to "
                "go on with that run."
            )
        odd = next((key for key, value in self._about.items() if held[key] != value), None)
        if odd is not None:
            raise KindredError(
                f"The folder {self.path} holds a run with the {odd} {held[odd]!r}, but this one has "
                f"{self._about[odd]!r}; give another folder."
            )

    def _append(self, file: str, rows: Iterable[Sequence[Any]]) -> None:
        with (self.path / file).open("a", encoding="utf-8", newline="") as stream:
            stream.write(_table(rows))

    def _replace(self, file: str, content: str) -> None:
        """Write a file whole: a reader sees the old one or the new one."""
        unfinished = self.path / f"{file}.unfinished"
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            stream.write(content)
        os.replace(unfinished, self.path / file)


def _number(value: float) -> float | str:
    return float(value) if np.isfinite(value) else ""


def _table(rows: Iterable[Sequence[Any]], quoting: Any = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=quoting, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
