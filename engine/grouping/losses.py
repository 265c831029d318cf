"""Measured losses: every network that was trained, under every split it was evaluated on."""

import csv
import difflib
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.spreadsheets import as_written

COLUMNS = ("network", "cost_snt", "task", "loss")
OPTIONAL_COLUMNS = ("setting", "split")

Network = tuple[frozenset[str], float]
"""The tasks of a network and its cost in SNT, which together tell one network of a setting from another."""


@dataclass(frozen=True)
class LossTable:
    """The losses of trained networks; lower is better.

    Networks compare within one *setting* (the same tasks, data and size of network) only. Every *split* of a setting
    evaluates the same networks on other samples, or after less training: one chooses under one split and reports
    under another.

    Attributes:
        name: of the file, for messages.
        losses: ``[setting][split][network][task]``, the loss of the task; None where the network is listed and this
            row is missing. An unnamed setting or split is the empty text. Made by `read_losses`.
    """

    name: str
    losses: Mapping[str, Mapping[str, Mapping[Network, Mapping[str, float | None]]]]

    @property
    def settings(self) -> tuple[str, ...]:
        """In order of first appearance; one empty text where the file does not name them."""
        return tuple(self.losses)

    @property
    def splits(self) -> tuple[str, ...]:
        """Of all settings, in order of first appearance; one empty text where the file does not name them."""
        return tuple(dict.fromkeys(split for splits in self.losses.values() for split in splits))

    def tasks(self, setting: str | None = None) -> tuple[str, ...]:
        """The tasks of a setting that have a loss, in order of first appearance.

        Raises:
            KindredError: as `candidates` does.
        """
        splits = self.losses[self._setting(setting)].values()
        rows = ((task, loss) for networks in splits for losses in networks.values() for task, loss in losses.items())
        return tuple(dict.fromkeys(task for task, loss in rows if loss is not None))

    def candidates(
        self, setting: str | None = None, split: str | None = None
    ) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
        """The networks to choose from under a split; their scores are negated losses.

        Args:
            setting: may be omitted where there is only one.
            split: may be omitted where the setting has only one.

        Returns:
            The candidates, and one sentence for each network left out because a row is missing.

        Raises:
            KindredError: if there is no such setting or split, or it is omitted and there are several.
        """
        setting, split = self._choose(setting, split)
        here = self.losses[setting][split]
        candidates, notes = [], []
        for (_, cost), losses in here.items():
            missing = [task for task, loss in losses.items() if loss is None]
            if missing:
                notes.append(
                    f"{_network(losses, cost)} is left out: {_place(setting, split)} has no row for its "
                    f"{_listed(missing)}."
                )
            else:
                candidates.append(Candidate(tuple(losses), tuple(-loss for loss in losses.values()), cost))
        elsewhere: dict[Network, tuple[str, Mapping]] = {}  # by network: the first other split to list it
        for other, networks in self.losses[setting].items():
            for network, losses in networks.items():
                if network not in here:
                    elsewhere.setdefault(network, (other, losses))
        notes += [
            f"{_network(losses, cost)} is left out: {_place(setting, split)} does not list it, as {other} does."
            for (_, cost), (other, losses) in elsewhere.items()
        ]
        return tuple(candidates), tuple(notes)

    def score(
        self,
        networks: Sequence[tuple[Sequence[str], float]],
        serving: Sequence[str],
        setting: str | None = None,
        split: str | None = None,
    ) -> float:
        """What chosen networks lose under a split: the mean over the serving tasks. Lower is better.

        Every serving task is taken from the network with its lowest loss *under this split*, as in the authors' code.

        Args:
            networks: the chosen ones, each as its tasks and its cost in SNT.
            serving: the tasks to predict.
            setting: as in `candidates`.
            split: as in `candidates`.

        Raises:
            KindredError: if a row that this needs is missing, no network holds a serving task, or as in `candidates`.

        Source: Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020, who
        report the sum over the five tasks.
        """
        setting, split = self._choose(setting, split)
        here = self.losses[setting][split]
        if not serving:
            raise KindredError("There are no serving tasks to score; name at least one.")
        lowest = dict.fromkeys(serving, math.inf)
        for members, cost in networks:
            losses = here.get((frozenset(members), float(cost)), {})
            for task in filter(members.__contains__, serving):
                if losses.get(task) is None:
                    raise KindredError(
                        f"There is no loss of {task!r} in the network {_network(members, cost)} in "
                        f"{_place(setting, split)}; add the row, choose another network, or score under another split."
                    )
                lowest[task] = min(lowest[task], losses[task])
        for task, loss in lowest.items():
            if loss == math.inf:
                raise KindredError(f"No chosen network holds the serving task {task!r}; add one that does.")
        return math.fsum(loss / len(lowest) for loss in lowest.values())  # divided first: cannot overflow

    def _setting(self, setting: str | None) -> str:
        return _pick("setting", setting, self.settings, self.name)

    def _choose(self, setting: str | None, split: str | None) -> tuple[str, str]:
        setting = self._setting(setting)
        where = f"{self.name}, {setting}" if setting else self.name
        return setting, _pick("split", split, tuple(self.losses[setting]), where)


def read_losses(content: bytes, name: str) -> LossTable:
    """Read the losses of trained networks from the bytes of a CSV file, one row per network and task.

    Args:
        content: what the file holds. The columns, in any order: ``network``, the names of its tasks joined by ``+``, in
            any order; ``cost_snt``, its cost in SNT; ``task``, one of these tasks; ``loss``, lower is better; and,
            where there are several, ``setting`` and ``split``. Other columns are ignored.
        name: the file's name, for messages.

    Raises:
        KindredError: naming the line that cannot be read.
    """
    table: dict[str, dict[str, dict[Network, dict[str, float | None]]]] = {}
    first_line: dict[tuple, int] = {}
    for line, row in _rows(content, name):
        where = f"{name}, line {line}"
        setting, split, task = row.get("setting", ""), row.get("split", ""), row["task"]
        members = _members(row["network"], where)
        cost, loss = (_number(row, column, where) for column in ("cost_snt", "loss"))
        if cost <= 0:
            raise KindredError(f"{where}: `cost_snt` is {row['cost_snt']}; a cost is positive, 1 for a full network.")
        if task not in members:
            raise KindredError(
                f"{where}: the network {row['network']} does not hold the task {task!r}; mend `task` or `network`."
            )
        network = frozenset(members), cost
        first = first_line.setdefault((setting, split, network, task), line)
        if first != line:
            raise KindredError(
                f"{where}: the loss of {task!r} in the network {_network(members, cost)} is already in line {first}; "
                "keep one of the two."
            )
        networks = table.setdefault(setting, {}).setdefault(split, {})
        networks.setdefault(network, dict.fromkeys(members))[task] = loss
    if not table:
        raise KindredError(f"{name} has a header and no rows; write one row per network and task.")
    return LossTable(name, table)


def _rows(content: bytes, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row's line and its cells by column."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KindredError(f"{name} is not UTF-8 text; save it as UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if header is None:
                header = _check_header(cells, name)
                continue
            where = f"{name}, line {reader.line_num}"
            if len(cells) != len(header):
                raise KindredError(
                    f"{where} has {len(cells)} cells for {len(header)} columns; separate cells by commas and write "
                    "decimals with a point."
                )
            row = dict(zip(header, map(as_written, cells), strict=True))
            for column in (*OPTIONAL_COLUMNS, *COLUMNS):
                if not row.get(column, "absent"):
                    raise KindredError(f"{where}: `{column}` is empty; fill it in or remove the row.")
            yield reader.line_num, row
    except csv.Error as error:
        raise KindredError(f"{name}, line {reader.line_num} is not CSV ({error}); mend the line.") from None
    if header is None:
        raise KindredError(f"{name} is empty; write a header with the columns {', '.join(COLUMNS)}.")


def _check_header(header: list[str], name: str) -> list[str]:
    for column in (*OPTIONAL_COLUMNS, *COLUMNS):
        if header.count(column) > 1:
            raise KindredError(f"{name} has {header.count(column)} columns `{column}`; keep one.")
        if column in COLUMNS and column not in header:
            raise KindredError(
                f"{name} has no column `{column}`, only {', '.join(header)}; the header needs {', '.join(COLUMNS)}, "
                "separated by commas."
            )
    return header


def _members(network: str, where: str) -> tuple[str, ...]:
    members = tuple(task.strip() for task in network.split("+"))
    if not all(members) or len(set(members)) < len(members):
        raise KindredError(f"{where}: `network` is {network!r}; join different task names by +, such as depth+normals.")
    return members


def _number(row: Mapping[str, str], column: str, where: str) -> float:
    try:
        number = float(row[column])
    except ValueError:
        raise KindredError(f"{where}: `{column}` is {row[column]!r}; write a number.") from None
    if not math.isfinite(number):
        raise KindredError(f"{where}: `{column}` is {row[column]}; write a finite number or remove the row.")
    return number


def _pick(kind: str, name: str | None, choices: tuple[str, ...], where: str) -> str:
    if name in choices:
        return name
    if name is None and len(choices) == 1:
        return choices[0]
    if choices == ("",):
        raise KindredError(f"{where} names no {kind}, so that there is no {kind} {name!r}; leave it out.")
    if name is None:
        raise KindredError(f"{where} has several {kind}s; choose one of {', '.join(choices)}.")
    near = difflib.get_close_matches(str(name), choices, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise KindredError(f"{where} has no {kind} {name!r}; choose one of {', '.join(choices)}.{hint}")


def _network(members: Iterable[str], cost: float) -> str:
    return f"{'+'.join(members)} at {cost:g} SNT"


def _place(setting: str, split: str) -> str:
    return "/".join(filter(None, (setting, split))) or "the file"


def _listed(names: Sequence[str]) -> str:
    return "task " + names[0] if len(names) == 1 else "tasks " + ", ".join(names)
