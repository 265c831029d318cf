"""From a file to a table whose columns are numbers, texts or times, the same for CSV, Parquet and NPZ."""

from pathlib import Path, PurePath

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engine.datasets.tables.arrays import read_arrays
from engine.datasets.tables.kinds import PLAIN
from engine.datasets.tables.limits import MOST_BYTES, check_shape, content_of, reading
from engine.datasets.tables.parquet import read_parquet
from engine.datasets.tables.separated import read_separated
from engine.errors import KindredError

READERS = {
    ".csv": (read_separated, "a CSV file"),
    ".tsv": (read_separated, "a CSV file"),
    ".txt": (read_separated, "a CSV file"),
    ".parquet": (read_parquet, "a Parquet file"),
    ".pq": (read_parquet, "a Parquet file"),
    ".npz": (read_arrays, "an NPZ file"),
}
NOT_KNOWN = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")

CODE = r"^[+-]?0\d|^[+-]?\d{16,}$"  # loses zeros, or perhaps digits, if it becomes a float64
MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
EXACT = 10**15 - 1  # the greatest whole number that is no code


def read_table(content: bytes | Path, name: str, most_bytes: int = MOST_BYTES) -> pd.DataFrame:
    """A CSV, Parquet or NPZ file as a table. Nothing in it is executed or unpickled.

    CSV is UTF-8 text with commas, semicolons, tabs or bars between the cells. A decimal comma is read where commas do
    not separate; see ``separated``. Of NPZ, an array ``[rows]`` is a column of its name, and ``x`` ``[rows, n]`` the
    columns ``x_0`` to ``x_n−1``.

    Args:
        content: of the file, or its path.
        name: of the file; its ending tells the format.
        most_bytes: of the file.

    Returns:
        Columns of float64, text (``str``) or ``datetime64[us]`` (UTC), where what is not known is NaN or NaT: empty
        cells and those of ``NOT_KNOWN``. A text column becomes numbers, or times, if all its cells are, the latter in
        ISO 8601; but codes, with leading zeros or too long for a float64, stay texts.

    Raises:
        KindredError: if the file cannot be read as what its ending says, or is beyond the ``limits``.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in READERS:
        raise KindredError(
            f"{name} ends with {ending!r}, and only {', '.join(READERS)} are read; unpack it, or save it as one of "
            "these."
        )
    reader, kind = READERS[ending]
    content = content_of(content, name, most_bytes)
    with reading(name, kind):
        frame = reader(content, name)
        check_shape(name, *frame.shape)
        return tidied(frame)


def tidied(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns in the three types that ``read_table`` gives; of any frame, such as one's own.

    Raises:
        KindredError: naming a column that is neither numbers, truth values, texts nor times.
    """
    return pd.DataFrame({name: _tidied(frame[name]) for name in frame.columns}, copy=False)


def _tidied(column: pd.Series) -> pd.Series:
    types = pd.api.types
    column = column.reset_index(drop=True)
    if types.is_bool_dtype(column.dtype):
        return column.astype("str")
    if types.is_integer_dtype(column.dtype) and ((column > EXACT) | (column < -EXACT)).any():
        return column.astype("str")
    if types.is_any_real_numeric_dtype(column.dtype):
        return column.astype("float64")
    if types.is_datetime64_any_dtype(column.dtype):
        return pd.Series(pd.DatetimeIndex(pd.to_datetime(column, utc=True)).tz_localize(None).as_unit("us"))
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
        return _tidied(column)
    if types.is_string_dtype(column.dtype) or types.is_object_dtype(column.dtype):
        return _of_texts(column)
    raise KindredError(
        f"The column {column.name!r} holds {column.dtype}; a table may hold numbers, truth values, texts and times, so "
        "convert it or leave it out of the file."
    )


def _of_texts(column: pd.Series) -> pd.Series:
    texts = pa.array(column.astype("str"), from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    texts = pc.utf8_trim_whitespace(texts)
    unknown = pc.is_in(texts, value_set=pa.array(NOT_KNOWN, texts.type))
    texts = pc.if_else(unknown, pa.scalar(None, texts.type), texts)
    if texts.null_count == len(texts):
        return pd.Series(np.full(len(texts), np.nan))
    if _all(texts, PLAIN) and not pc.any(pc.match_substring_regex(texts, CODE)).as_py():
        return pd.Series(texts.cast(pa.float64()).to_numpy(zero_copy_only=False))
    if _all(texts, MOMENT):
        moments = pd.to_datetime(texts.to_pandas(), format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        if moments.isna().sum() == texts.null_count:
            return moments.dt.as_unit("us")
    return texts.to_pandas()


def _all(texts: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py()
