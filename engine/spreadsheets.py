"""Names that others chose, in tables that a spreadsheet opens: Excel and its like run a cell that begins with ``=``.

A quote is put before what would be run, and taken away again where Kindred reads its own files.

Source: OWASP, "CSV Injection"; besides its list, the full-width forms of the same signs, blanks before a sign, and
signs after what may separate cells or rows on a machine with other settings.
"""

import re

import pandas as pd

_SIGN = "'* *[=+\\-@\uff1d\uff0b\uff0d\uff20]"  # with the quotes that a text may have before it already
_START = rf"^{{}}(?={_SIGN}|'*[\t\r])|(?<=[;\t\r\n]){{}}(?={_SIGN})"
_RUN, _QUOTED = (re.compile(_START.format(quote, quote)) for quote in ("", "'"))


def inert(text: str) -> str:
    """The text as a cell that no spreadsheet runs; a number stays as it is.

    >>> inert("=cmd()"), inert("-1.5"), inert("depth")
    ("'=cmd()", '-1.5', 'depth')
    """
    return text if _is_number(text) else _RUN.sub("'", text)


def as_written(cell: str) -> str:
    """The text that ``inert`` made the cell of.

    >>> as_written("'=cmd()"), as_written("-1.5"), as_written("it's")
    ('=cmd()', '-1.5', "it's")
    """
    return _QUOTED.sub("", cell)


def inert_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with every text in it made ``inert``: cells, index, names of columns; numbers stay numbers."""
    frame = frame.copy(deep=False)
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind):
            frame.isetitem(place, frame.iloc[:, place].map(_inert_cell))
    frame.index, frame.columns = _inert_labels(frame.index), _inert_labels(frame.columns)
    return frame


def csv_of(frame: pd.DataFrame, index: bool = False) -> bytes:
    """The table as a CSV file, every text in it ``inert``.

    Args:
        index: whether it is the first column.
    """
    return inert_frame(frame).to_csv(index=index, lineterminator="\r\n").encode()  # so that a single \r is quoted too


def _inert_labels(labels: pd.Index) -> pd.Index:
    if not isinstance(labels, pd.MultiIndex) and pd.api.types.is_numeric_dtype(labels.dtype):
        return labels
    return labels.map(_inert_cell).set_names([_inert_cell(name) for name in labels.names])


def _inert_cell(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_inert_cell, value))
    return inert(value) if isinstance(value, str) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
