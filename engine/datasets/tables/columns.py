"""The columns of a table: their kinds, guessed and corrected, their roles, and what stands against using them."""

import csv
import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.datasets.tables import kinds as of
from engine.errors import KindredError

TARGET, INPUT, SPLIT, LEFT_OUT = "target", "input", "split", "left out"
MOST_LEVELS = 50  # of a category among the inputs: each takes an input of its own
MOST_CLASSES = 1000
FEW_NUMBERS = 20  # values of a number that may as well be codes
EXAMPLES = 3


@dataclass(frozen=True)
class Column:
    """One column, as a page shows it.

    Attributes:
        name: in the table.
        kind: as corrected; else as guessed.
        guess: see ``kinds.guess``.
        role: ``target``, ``input``, ``split`` or ``left out``.
        distinct: how many values there are, the unknown one not counted.
        missing: share of cells that are not known, 0 to 1.
        examples: the first values that differ.
        problem: why no run can begin with it so, and the way out; empty: none.
        note: what else to know of it; empty: nothing.
    """

    name: str
    kind: str
    guess: str
    role: str
    distinct: int
    missing: float
    examples: tuple[str, ...]
    problem: str = ""
    note: str = ""


def describe_table(
    frame: pd.DataFrame,
    *,
    targets: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    leave_out: Collection[str] = (),
    split_by: str = "",
) -> list[Column]:
    """Every column of a table of ``read_table``, in their order.

    Args:
        frame: the table.
        targets: columns to predict.
        kinds: column → one of ``number``, ``category``, ``binary`` and ``time``, where the guess is wrong.
        leave_out: columns that are no inputs.
        split_by: the column of groups or times, or none.

    Raises:
        KindredError: if there is no column of a name, one has two roles, or a kind is no kind.
    """
    kinds = kinds or {}
    for what, named in (
        ("target", targets),
        ("column of a kind", kinds),
        ("column to leave out", leave_out),
        ("column to split by", [split_by] if split_by else []),
    ):
        _check_there(what, named, frame)
    _check_roles(targets, leave_out, split_by)
    for name, kind in kinds.items():
        if kind not in of.USABLE:
            raise KindredError(
                f"The kind of {name!r} is {kind!r}; choose one of {', '.join(of.USABLE)}.{_near(kind, of.USABLE)}"
            )
    roles = dict.fromkeys(leave_out, LEFT_OUT) | dict.fromkeys(targets, TARGET) | {split_by: SPLIT}
    return [_described(frame[name], roles.get(name, INPUT), kinds.get(name, "")) for name in frame.columns]


def names_in(text: str) -> tuple[str, ...]:
    """The names that a setting lists with commas between them; one with a comma is in double quotes."""
    row = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(name.strip() for name in row if name.strip())


def kinds_in(text: str) -> dict[str, str]:
    """Column → kind, as a setting lists them: ``age=number,code=category``.

    Raises:
        KindredError: naming the part that is not so.
    """
    kinds = {}
    for part in names_in(text):
        name, equals, kind = (each.strip() for each in part.rpartition("="))
        if not (name and equals and kind):
            raise KindredError(
                f"The kinds contain {part!r}; write a column, = and its kind, as in age=number,code=category."
            )
        kinds[name] = kind
    return kinds


def listed(names: Iterable[str]) -> str:
    """The setting that ``names_in`` reads as these names."""
    return ",".join(f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & set(',"') else name for name in names)


def listed_kinds(kinds: Mapping[str, str]) -> str:
    """The setting that ``kinds_in`` reads as these kinds."""
    return listed(f"{name}={kind}" for name, kind in kinds.items())


def _check_there(what: str, named: Iterable[str], frame: pd.DataFrame) -> None:
    for name in named:
        if name not in frame.columns:
            there = ", ".join(map(str, frame.columns[:8])) + (", …" if len(frame.columns) > 8 else "")
            raise KindredError(
                f"There is no {what} {name!r} in the table; its columns are {there}.{_near(name, frame.columns)}"
            )


def _near(name: str, choices: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(choices), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _check_roles(targets: Sequence[str], leave_out: Collection[str], split_by: str) -> None:
    for place, name in enumerate(targets):
        if name in targets[:place]:
            raise KindredError(f"The target {name!r} is named twice; name each target once.")
        if name in leave_out or name == split_by:
            other = "to be left out" if name in leave_out else "to be split by"
            raise KindredError(f"The column {name!r} is a target and also {other}; let it be one of the two.")


def _described(column: pd.Series, role: str, correction: str) -> Column:
    guess = of.guess(column)
    kind = correction or guess
    values = column.dropna().drop_duplicates()
    problem = note = ""
    if role == TARGET:
        problem = _against_target(column, kind, len(values))
    elif role == INPUT and kind in (of.CONSTANT, of.EMPTY):
        role, note = LEFT_OUT, "left out, as it " + ("never differs" if kind == of.CONSTANT else "is empty")
    elif role == INPUT:
        problem = _against_input(column, kind, len(values))
    if role in (TARGET, INPUT) and not problem and kind == guess == of.NUMBER and _may_be_codes(values):
        note = f"a number of {len(values)} values: if they are codes, say that it is a category"
    return Column(
        str(column.name),
        kind,
        guess,
        role,
        len(values),
        float(column.isna().mean()),
        tuple(of.word(value)[:60] for value in values[:EXAMPLES]),
        problem,
        note,
    )


def _may_be_codes(values: pd.Series) -> bool:
    return len(values) <= FEW_NUMBERS and values.dtype.kind == "f" and bool((values == np.round(values)).all())


def _against_target(column: pd.Series, kind: str, distinct: int) -> str:
    name = column.name
    if distinct == 0:
        return f"The target {name!r} is empty in every row; fill in some of its labels, or choose another target."
    if distinct == 1:
        only = of.word(column.dropna().iloc[0])[:60]
        return f"The target {name!r} is {only!r} in every row, so there is nothing to predict; choose another target."
    if kind in (of.IDENTIFIER, of.TEXT):
        what = "differs in nearly every row, as an identifier does" if kind == of.IDENTIFIER else "is free text"
        return (
            f"The target {name!r} {what}, which cannot be predicted; choose another target, or correct the kind, as in "
            f"--kinds {name}=number."
        )
    if kind == of.TIME:
        return (
            f"The target {name!r} is a time, which cannot be predicted as such; give the file a column of what is "
            "meant, such as the days until then, and choose that."
        )
    if kind == of.CATEGORY and distinct > MOST_CLASSES:
        return (
            f"The target {name!r} has {distinct:,} classes, but at most {MOST_CLASSES:,} are learned; merge rare ones."
        )
    return _not_so(column, kind, distinct)


def _against_input(column: pd.Series, kind: str, distinct: int) -> str:
    name = column.name
    way_out = f"leave it out by --leave-out {listed([str(name)])}"
    if kind == of.IDENTIFIER:
        return (
            f"The input {name!r} differs in every row, as an identifier does, from which nothing can be learned; "
            f"{way_out}, or correct the kind, as in --kinds {name}=number."
        )
    if kind == of.TEXT:
        return f"The input {name!r} is free text, which is not read; {way_out}."
    if kind == of.CATEGORY and distinct > MOST_LEVELS:
        return (
            f"The input {name!r} is a category of {distinct:,} values, but at most {MOST_LEVELS} are encoded; merge "
            f"rare ones in the file, or {way_out}."
        )
    return _not_so(column, kind, distinct)


def _not_so(column: pd.Series, kind: str, distinct: int) -> str:
    """Why its cells are not of the kind, if they are not."""
    if kind == of.BINARY and distinct != 2:
        return (
            f"The column {column.name!r} has {distinct:,} values, but a binary one has two; correct the kind, as in "
            f"--kinds {column.name}={of.CATEGORY}."
        )
    try:
        if kind == of.NUMBER:
            of.numbers(column)
        if kind == of.TIME:
            of.moments(column)
    except KindredError as error:
        return str(error)
    return ""
