"""What kind of thing a column holds, as guessed from its cells, and the cells as numbers or levels."""

import math
import re

import numpy as np
import pandas as pd

from engine.errors import KindredError

NUMBER, CATEGORY, BINARY, TIME = "number", "category", "binary", "time"
IDENTIFIER, TEXT, CONSTANT, EMPTY = "identifier", "text", "constant", "empty"
USABLE = (NUMBER, CATEGORY, BINARY, TIME)  # what a column can be corrected to

MOSTLY = 0.9  # of the cells of a column of numbers are numbers, some perhaps mistyped
DIFFERING = 0.95  # of the cells of an identifier differ
WORDY = 2.0  # blanks in a cell, on average: free text
_ID_NAME = re.compile(r"(^|[_\W])(?i:id|uuid|guid|index)$|[a-z]I[dD]$", re.ASCII)
_NEARLY = (
    r"^[$€£]?\s?[+-]?(?:\d+(?:[.,]\d+)?|\d{1,3}(?:[ ,']\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?)"
    r"(?:[eE][+-]?\d+)?\s?[%€$£]?$"
)
PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"  # a number as programs write it
_CODE = r"^[0-9]+$"  # numbers that were left texts, as they lose something as numbers


def guess(column: pd.Series) -> str:
    """The kind of a column of ``read_table``'s types.

    - ``empty``: no cell is known; ``constant``: all that are known are equal.
    - ``binary``: two values, texts or whole numbers.
    - ``time``: times.
    - ``identifier``: whole numbers that differ in every row and are consecutive, or whose column is named as one, such
      as ``id`` or ``customer_id``; texts of which 95 % differ.
    - ``number``: other numbers, and texts of which 90 % look like numbers, so that a mistyped one, or a way to write
      numbers that is not read, is told and not taken for a category.
    - ``text``: texts of several words of which more than half differ.
    - ``category``: other texts.
    """
    known = column.dropna()
    distinct = known.nunique()
    if distinct < 2:
        return CONSTANT if distinct else EMPTY
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return TIME
    if pd.api.types.is_float_dtype(column.dtype):
        return _guess_numbers(column, known.to_numpy(), distinct)
    if distinct == 2:
        return BINARY
    if known.str.match(_NEARLY).mean() >= MOSTLY and not known.str.match(_CODE).all():
        return NUMBER
    if known.str.count(" ").mean() >= WORDY and distinct > len(known) / 2:
        return TEXT
    return IDENTIFIER if distinct >= DIFFERING * len(known) else CATEGORY


def _guess_numbers(column: pd.Series, known: np.ndarray, distinct: int) -> str:
    whole = np.isfinite(known).all() and (known == np.round(known)).all()
    if whole and distinct == 2:
        return BINARY
    if whole and distinct == len(column):
        named = _ID_NAME.search(str(column.name)) is not None
        return IDENTIFIER if named or known.max() - known.min() == distinct - 1 else NUMBER
    return NUMBER


def word(value: object) -> str:
    """A cell as one writes it: ``3``, not ``3.0``."""
    if isinstance(value, float):
        return str(int(value)) if abs(value) < 1e15 and value == math.floor(value) else repr(float(value))
    return str(value)


def row_of(rows: np.ndarray) -> int:
    """The first of them, counted from 1 as one counts the rows below the names."""
    return int(np.flatnonzero(rows)[0]) + 1


def numbers(column: pd.Series) -> np.ndarray:
    """A column as float64, NaN where not known; times are seconds since 1970.

    Raises:
        KindredError: naming the first cell that is no finite number, and its row.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.astype("int64").to_numpy().astype(float) / 1e6 + np.where(column.isna(), np.nan, 0)
    if not pd.api.types.is_float_dtype(column.dtype):
        values = column.where(column.str.match(PLAIN, na=False)).astype(float).to_numpy()
    else:
        values = column.to_numpy()
    wrong = (np.isnan(values) & column.notna().to_numpy()) | np.isinf(values)
    if wrong.any():
        row = row_of(wrong)
        raise KindredError(
            f"The column {column.name!r} holds numbers, but row {row} has {word(column.iloc[row - 1])[:60]!r}; write "
            f"it as 1234.5, leave the cell empty, or correct the kind, as in --kinds {column.name}=category."
        )
    return values


def moments(column: pd.Series) -> np.ndarray:
    """A column of times as seconds since 1970, NaN where not known.

    Raises:
        KindredError: naming the first cell that is no time.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return numbers(column)
    text = column.map(word, na_action="ignore").astype("str")
    times = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    wrong = (times.isna() & column.notna()).to_numpy()
    if wrong.any():
        row = row_of(wrong)
        raise KindredError(
            f"The column {column.name!r} holds times, but row {row} has {text.iloc[row - 1][:60]!r}; write it as "
            "2024-01-31 or 2024-01-31 13:45."
        )
    return numbers(times)


def levels(column: pd.Series) -> list[str]:
    """The values as words, in their order: numbers and times ascending, texts by their letters, whatever their case."""
    values = column.dropna().unique()
    if column.dtype.kind in "fM":
        return [
            word(value)
            for value in (np.sort(values) if column.dtype.kind == "f" else sorted(map(pd.Timestamp, values)))
        ]
    return sorted(values, key=lambda value: (value.casefold(), value.swapcase()))


def numbered(column: pd.Series, among: list[str]) -> np.ndarray:
    """Where among the levels each cell is, int64; −1 where it is not known or not among them."""
    words = column.map(word, na_action="ignore") if column.dtype.kind in "fM" else column
    return pd.Index(among, dtype="object").get_indexer(pd.Index(words, dtype="object")).astype(np.int64)
