"""What a page is about: one run, or several seeds of one setting as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

from engine.affinity.series import IntervalMean
from engine.runs.reader import Reader
from engine.runs.run import Run, source_of
from engine.texts import text

GROUP = "seeds:"  # what a group's address begins with; no run's id does


@dataclass(frozen=True)
class Subject:
    """Attributes:
    id: the run's id, or ``seeds:`` and the group's.
    runs: the run, or the group's, the oldest first.
    """

    id: str
    runs: tuple[Run, ...]

    @property
    def first(self) -> Run:
        """The run that stands for all in what they have in common: tasks, quantity, settings."""
        return next((run for run in self.runs if run.tasks), self.runs[0])

    @property
    def slowest(self) -> Run | None:
        """Of the runs at work, the one that has come least far."""
        return min((run for run in self.runs if run.active), key=lambda run: run.step, default=None)

    @property
    def active(self) -> bool:
        """Whether anything may still be observed."""
        return any(run.active for run in self.runs)

    @property
    def several(self) -> bool:
        """Whether it is a group."""
        return self.id.startswith(GROUP)

    @property
    def name(self) -> str:
        """The run's name; of a group what its runs' names have in common, and how many there are."""
        if not self.several:
            return self.first.name
        return text("subject.seeds", name=_common_name(self.runs), count=len(self.runs))

    @property
    def label(self) -> str:
        """The name, and the id where the name does not say it: names alone may be equal."""
        said = self.id.removeprefix(GROUP)
        return self.name if self.name == said else f"{self.name}  ·  {said}"

    @property
    def file_name(self) -> str:
        """The beginning of a downloaded file's name."""
        return self.id.replace(":", "-").replace("/", "-")

    def source(self, mean: IntervalMean) -> dict[str, Any]:
        """What a grouping file says of where its affinities come from."""
        source = source_of(self.first, mean)
        if not self.several:
            return source
        return source | {"name": self.name, "seeds": ", ".join(run.id for run in self.runs)}


def subjects(runs: Sequence[Run]) -> dict[str, Subject]:
    """All that can be chosen, by id: every group of two or more before its newest run, and every run.

    Args:
        runs: the newest first.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if run.group:
            groups.setdefault(run.group, []).insert(0, run)
    found = {}
    for run in runs:
        members = groups.get(run.group, [])
        if len(members) > 1 and members[-1] is run:
            found[GROUP + run.group] = Subject(GROUP + run.group, tuple(members))
        found[run.id] = Subject(run.id, (run,))
    return found


def find(store: Reader, subject_id: str) -> Subject:
    """The run or group of that id, as it is now; no other run is read.

    Raises:
        KindredError: if it was deleted.
    """
    if subject_id.startswith(GROUP):
        return Subject(subject_id, tuple(store.group(subject_id.removeprefix(GROUP))))
    return Subject(subject_id, (store.run(subject_id),))


def no_such(subject_id: str) -> str:
    """What to say where there is no run or group of that id."""
    return text(f"subject.no_{'group' if subject_id.startswith(GROUP) else 'run'}", name=subject_id.removeprefix(GROUP))


def _common_name(runs: Sequence[Run]) -> str:
    """``yeast`` of ``yeast · seed 0`` and ``yeast · seed 1``; the data set where the names are but ids."""
    names = {run.name for run in runs}
    if len(names) == 1:
        return runs[0].name
    common = commonprefix(list(names)).rstrip("0123456789")
    common = common.removesuffix("seed ").rstrip(" ·,-_:#=/")
    if not common or common == runs[0].group:
        return runs[0].config.get("dataset", runs[0].group)
    return common
