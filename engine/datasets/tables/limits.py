"""How large a table may be and how its columns may be named; and errors of foreign parsers made readable."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import KindredError

MOST_BYTES = 200 * 2**20  # of a file
MOST_UNPACKED = 2**29  # bytes of a file's content when it is no longer compressed; as much as the cells may take
MOST_COLUMNS = 5_000
MOST_CELLS = 50_000_000
LEAST_ROWS = 20
LONGEST_NAME = 200
LONGEST_CELL = 100_000  # bytes of a text


def check_bytes(name: str, size: int, most: int = MOST_BYTES) -> None:
    """See that a file is neither empty nor too large.

    Raises:
        KindredError: otherwise.
    """
    if not size:
        raise KindredError(f"{name} is empty; give a file with a row of column names and at least {LEAST_ROWS} others.")
    if size > most:
        raise KindredError(
            f"{name} has {size / 2**20:,.1f} MiB, but at most {most / 2**20:,.0f} MiB are read; leave out columns or "
            "rows, or save it as Parquet."
        )


def check_unpacked(name: str, size: int) -> None:
    """See that a compressed file does not grow too large, in bytes.

    Raises:
        KindredError: if it does.
    """
    if size > MOST_UNPACKED:
        raise KindredError(
            f"{name} unpacks to {size / 2**30:,.1f} GiB, but at most {MOST_UNPACKED / 2**30:g} GiB are read; leave out "
            "columns or rows."
        )


def check_cells(name: str, longest: int) -> None:
    """See that no text is too long, in bytes.

    Raises:
        KindredError: if one is.
    """
    if longest > LONGEST_CELL:
        raise KindredError(
            f"{name} has a cell of {longest:,} bytes, but at most {LONGEST_CELL:,} are read; a table holds numbers, "
            "short texts and times, so leave long texts out."
        )


def check_columns(name: str, columns: int) -> None:
    """See that there are some columns, but not too many.

    Raises:
        KindredError: otherwise.
    """
    if columns > MOST_COLUMNS:
        raise KindredError(
            f"{name} has {columns:,} columns, but at most {MOST_COLUMNS:,} are read; leave out those that are not "
            "needed, or save fewer, such as their principal components."
        )
    if columns < 2:
        raise KindredError(
            f"{name} has {columns} column{'s' * (columns != 1)}; a table needs at least one to predict and one to "
            "predict it from, and a CSV file has commas, semicolons or tabs between them."
        )


def check_shape(name: str, rows: int, columns: int) -> None:
    """See that a table has enough rows to split, and not too much of anything.

    Raises:
        KindredError: otherwise.
    """
    check_columns(name, columns)
    if rows < LEAST_ROWS:
        raise KindredError(
            f"{name} has {rows} row{'s' * (rows != 1)} below the column names; at least {LEAST_ROWS} are needed to "
            "train, validate and test on, so add more."
        )
    if rows * columns > MOST_CELLS:
        raise KindredError(
            f"{name} has {rows:,} rows of {columns:,} columns, but at most {MOST_CELLS:,} cells are read; leave out "
            "columns or rows."
        )


def column_names(name: str, given: Sequence[str]) -> list[str]:
    """The names without superfluous blanks; one that is missing becomes ``column_`` and its place, from 1.

    Raises:
        KindredError: if two are equal, or one is too long.
    """
    names = [re.sub(r"\s+", " ", each).strip() or f"column_{place}" for place, each in enumerate(given, 1)]
    seen = set()
    for each in names:
        if each in seen:
            raise KindredError(
                f"{name} has two columns named {each!r}; rename one, as every column needs its own name."
            )
        if len(each) > LONGEST_NAME or not each.isprintable():
            raise KindredError(
                f"A column of {name} is named {each[:40]!r}…, of {len(each):,} characters; give names of at most "
                f"{LONGEST_NAME} that can be printed."
            )
        seen.add(each)
    return names


@contextmanager
def reading(name: str, kind: str) -> Iterator[None]:
    """Within it, whatever a parser raises on damaged content becomes one sentence.

    Parsers raise nearly anything on bytes that were not made by their writers: IndexError, OverflowError, MemoryError,
    SyntaxError, so that no list of types would be whole.

    Raises:
        KindredError: naming the file.
    """
    try:
        yield
    except KindredError:
        raise
    except Exception as error:
        reason = re.sub(r"\s+", " ", str(error)).strip(" .")[:120] or type(error).__name__
        raise KindredError(
            f"{name} cannot be read as {kind} ({reason}); it may be damaged, so save it anew."
        ) from error


def content_of(source: bytes | Path, name: str, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file, or those given, if they are not too many.

    Raises:
        KindredError: if they are, or the file cannot be read.
    """
    if not isinstance(source, bytes):
        try:
            check_bytes(name, source.stat().st_size, most)
            source = source.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise KindredError(f"{source} cannot be read ({reason}); give the path of a file.") from error
    check_bytes(name, len(source), most)
    return source
