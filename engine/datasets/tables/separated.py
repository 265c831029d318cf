"""CSV: cells with a separator between them, one row a line, the first row the column names."""

import csv
import io
import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from engine.datasets.tables.limits import check_cells, check_columns, check_shape, column_names
from engine.errors import KindredError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LOOKED_AT = 2**20  # characters by which the separator is found
ROWS_LOOKED_AT = 50
BLOCK = 2**26  # bytes; a row is shorter

# A number with a decimal comma, if any, and points between thousands, if any.
LOCAL = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$"
FRACTION = r"[+-]?(\d+[.,]\d*|[.,]\d+)([eE][+-]?\d+)?|[+-]\d+"  # no column's name
THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+$"  # 1,234 may be either


def read_separated(content: bytes, name: str) -> pd.DataFrame:
    """The cells as texts, with decimal commas made points.

    Decimal commas are read only where commas do not separate cells, and all cells of some column are numbers, some with
    commas; unless semicolons separate, one of these must be none that may stand between thousands. All columns of such
    a file whose cells can be such numbers are then read so, with points between thousands.

    Raises:
        KindredError: if it is no UTF-8 text or has no row of names, or a row has too many cells or too few.
    """
    head = _head(content, name)
    separator, header = _separator(head)
    check_columns(name, len(header))
    _check_header(name, header)
    names = column_names(name, header)

    table = _cells(content, name, separator, len(names))
    check_shape(name, len(table), len(names))
    check_cells(name, max(pc.max(pc.binary_length(column)).as_py() for column in table.columns))
    columns = [pc.utf8_trim_whitespace(column.combine_chunks()) for column in table.columns]
    if separator != "," and any(_decimal_commas(column, separator) for column in columns):
        columns = [_with_points(column) for column in columns]
    return pd.DataFrame({each: column.to_pandas() for each, column in zip(names, columns, strict=True)}, copy=False)


def _head(content: bytes, name: str) -> str:
    """The beginning as text, once all of it is seen to be text."""
    if content.startswith((b"PAR1", b"PK\x03\x04")) or b"\0" in content:
        raise KindredError(
            f"{name} is no text, as a CSV file is; give it the ending of its format, or save it as UTF-8."
        )
    try:
        return content.decode("utf-8-sig")[:LOOKED_AT]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise KindredError(
            f"{name} has the byte 0x{content[error.start]:02x} in line {line}, which is no UTF-8; save it as CSV UTF-8."
        ) from error


def _separator(head: str) -> tuple[str, list[str]]:
    """That by which the first rows have equally many cells, and the first row most of them; and those of the first."""
    found = {}
    for separator in SEPARATORS:
        rows = []
        try:
            for row in csv.reader(io.StringIO(head, newline=""), delimiter=separator):
                rows += [row] if row else []
                if len(rows) > ROWS_LOOKED_AT:
                    break
        except csv.Error:
            pass  # a cell beyond csv's limit, or a line end that csv does not know; the rows before it are looked at
        if rows:
            complete = rows[:-1] if len(head) == LOOKED_AT and len(rows) > 1 else rows
            even = len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in complete)
            found[separator] = (even, len(rows[0])), rows[0]
    if not found:
        return ",", []
    best = max(found, key=lambda separator: found[separator][0])
    return best, found[best][1]


def _check_header(name: str, header: list[str]) -> None:
    """Refuse a row of numbers: one that is no whole number, or whole numbers alone that do not count the columns."""
    number = next((each for each in header if re.fullmatch(FRACTION, each.strip())), None)
    if number is None and all(each.strip().isdecimal() for each in header):
        first = int(header[0])
        if first > 1 or [int(each) for each in header] != list(range(first, first + len(header))):
            number = header[0]
    if number is not None:
        raise KindredError(
            f"The first row of {name} holds the number {number.strip()!r}, where column names are expected; put a row "
            "of names above the others."
        )


def _cells(content: bytes, name: str, separator: str, columns: int) -> pa.Table:
    """Every cell as text, without the row of names."""
    uneven = []

    def stop(row: arrow_csv.InvalidRow) -> str:
        uneven.append(row)
        return "error"

    places = [str(place) for place in range(columns)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(content),
            arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=places),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=stop),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        if not uneven:
            raise
        row = uneven[0]
        raise KindredError(
            f"Row {row.number - 1} of {name}, not counting the names, has {row.actual_columns} "
            f"cell{'s' * (row.actual_columns != 1)}, but there are {columns} columns with "
            f"{SEPARATORS[separator]} between them; give it {columns} cells, with quotes around a text that contains "
            f"{separator!r}."
        ) from error
    return table.slice(1)


def _decimal_commas(column: pa.Array, separator: str) -> bool:
    known = column.filter(pc.not_equal(column, ""))
    commas = known.filter(pc.match_substring(known, ","))
    if not len(commas) or not pc.all(pc.match_substring_regex(known, LOCAL)).as_py():
        return False
    return separator == ";" or not pc.all(pc.match_substring_regex(commas, THOUSANDS)).as_py()


def _with_points(column: pa.Array) -> pa.Array:
    if not pc.all(pc.or_(pc.equal(column, ""), pc.match_substring_regex(column, LOCAL))).as_py():
        return column
    return pc.replace_substring(pc.replace_substring(column, ".", ""), ",", ".")
