"""Parquet, by pyarrow: flat columns only."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.datasets.tables.limits import check_cells, check_shape, check_unpacked, column_names
from engine.errors import KindredError

LARGEST_FOOTER = 2**24  # bytes or entries of what describes the file: 5,000 columns take about 1 MiB
UNNAMED_INDEX = re.compile(r"__index_level_\d+__")  # of pandas, which writes row numbers along


def read_parquet(content: bytes, name: str) -> pd.DataFrame:
    """The columns as they are typed, but decimals as floats and dates as times.

    The number of cells and the size are checked by the file's own description before anything is unpacked. Texts are
    unpacked one for each that differs, as a short file may repeat a long one a million times.

    Raises:
        KindredError: if it is too large, or a column is nested, or holds no numbers, truth values, texts or times.
        pyarrow.ArrowException: among others, if it is damaged.
    """
    options = dict(
        thrift_string_size_limit=LARGEST_FOOTER,
        thrift_container_size_limit=LARGEST_FOOTER,
        page_checksum_verification=True,
    )
    with pq.ParquetFile(pa.BufferReader(content), **options) as opened:
        about, schema = opened.metadata, opened.schema_arrow
        unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    fields = [field for field in schema if not UNNAMED_INDEX.fullmatch(field.name)]
    check_shape(name, about.num_rows, len(fields))
    check_unpacked(name, unpacked)
    names = column_names(name, [field.name for field in fields])
    for field in fields:
        _check_type(name, field)

    texts = [field.name for field in fields if _is_text(field.type)]
    with pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts, **options) as opened:
        table = opened.read(use_threads=False)
    table.validate(full=True)
    columns = [table.column(schema.get_field_index(field.name)) for field in fields]
    check_cells(name, max(map(_longest, columns)))
    check_unpacked(name, sum(_size(column) for column in columns))
    return pd.DataFrame({each: _column(column) for each, column in zip(names, columns, strict=True)}, copy=False)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _check_type(name: str, field: pa.Field) -> None:
    types, kind = pa.types, field.type
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_nested(kind):
        raise KindredError(
            f"The column {field.name!r} of {name} is nested ({str(kind)[:60]}); a table has one value in a cell, so "
            "unfold it into columns or leave it out of the file."
        )
    plain = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    if not _is_text(kind) and not any(test(kind) for test in (*plain, types.is_timestamp, types.is_date)):
        raise KindredError(
            f"The column {field.name!r} of {name} holds {str(kind)[:60]}; a table may hold numbers, truth values, "
            "texts and times, so convert it or leave it out of the file."
        )


def _longest(column: pa.ChunkedArray) -> int:
    """Bytes of its longest text."""
    chunks = [chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk for chunk in column.chunks]
    return max((pc.max(pc.binary_length(chunk)).as_py() or 0 for chunk in chunks if _is_text(chunk.type)), default=0)


def _size(column: pa.ChunkedArray) -> int:
    """Bytes of a column once every cell has a value of its own."""
    if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return column.nbytes
    lengths = (pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0 for chunk in column.chunks)
    return 8 * len(column) + sum(lengths)


def _column(column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_integer(kind) and column.null_count:
        return column.to_pandas(types_mapper={kind: pd.Int64Dtype()}.get)
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_date(kind):
        column = column.cast(pa.timestamp("s"))
    elif pa.types.is_boolean(kind):
        return column.cast(pa.string()).to_pandas().str.capitalize()
    return column.to_pandas()
