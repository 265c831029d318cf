import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets.tables import limits
from engine.datasets.tables.reading import read_table, tidied
from engine.errors import KindredError
from tests.engine.datasets.tables.made import FORMATS, NUMBERS, as_csv, as_parquet, houses, npz, refused


def rows_of(text: str, count: int = 30, header: str = "a,b") -> bytes:
    return "\n".join([header, *[text] * count]).encode()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_table_that_was_written(name):
    frame = houses()
    pd.testing.assert_frame_equal(read_table(FORMATS[name](frame), name), tidied(frame))


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=False),
            st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
            st.integers(-(2**63), 2**63 - 1),
            st.booleans(),
        ),
        min_size=20,
        max_size=25,
    )
)
@settings(max_examples=100, deadline=None)
def test_any_cells_are_the_same_in_csv_and_parquet(cells):
    frame = pd.DataFrame(cells, columns=["float", "text", "whole", "truth"])
    frame["text"] = frame["text"].astype("str").str.replace("\r", " ")
    pd.testing.assert_frame_equal(read_table(as_csv(frame), "t.csv"), read_table(as_parquet(frame), "t.parquet"))


def test_tidying_twice_changes_nothing():
    once = tidied(houses())
    pd.testing.assert_frame_equal(tidied(once), once)


def test_a_path_is_read_as_its_content(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(as_csv(houses()))
    pd.testing.assert_frame_equal(read_table(path, path.name), tidied(houses()))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends_are_found(separator, encoding, end):
    text = houses().to_csv(index=False, sep=separator, lineterminator=end)
    pd.testing.assert_frame_equal(read_table(text.encode(encoding), "t.csv"), tidied(houses()))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_are_read_where_they_separate_nothing(separator):
    text = houses().drop(columns="town").to_csv(index=False, sep=separator, decimal=",")
    frame = read_table(text.encode(), "t.csv")
    pd.testing.assert_series_equal(frame["price"], houses()["price"])
    assert frame["sold"].dtype == float


def test_points_between_thousands_are_read_beside_decimal_commas_only():
    assert read_table(rows_of("1.234,5;2.000", header="a;b"), "t.csv").iloc[0].tolist() == [1234.5, 2000]
    assert read_table(rows_of("1.234;2.000", header="a;b"), "t.csv").iloc[0].tolist() == [1.234, 2]


def test_commas_that_may_stand_between_thousands_are_not_taken_for_decimals():
    assert read_table(rows_of("1,234\t5", header="a\tb"), "t.csv")["a"][0] == "1,234"
    assert read_table(rows_of('"1,234",5'), "t.csv")["a"][0] == "1,234"


def test_codes_keep_their_zeros_and_all_their_digits():
    frame = read_table(rows_of("0123,12345678901234567"), "t.csv")
    assert frame.iloc[0].tolist() == ["0123", "12345678901234567"]
    whole = pd.DataFrame({"a": [2**60 + row for row in range(30)], "b": 1.0})
    assert read_table(as_parquet(whole), "t.parquet")["a"].nunique() == 30


def test_cells_that_say_nothing_are_not_known():
    frame = read_table(b"a,b\n" + b"1,x\n" * 30 + b"NA,\n?,null\n", "t.csv")
    assert frame["a"].dtype == float and frame.tail(2).isna().all(axis=None) and frame.isna().sum().sum() == 4


def test_names_that_are_missing_are_those_of_the_place():
    assert list(read_table(rows_of("0,1,2", header=",a,"), "t.csv")) == ["column_1", "a", "column_3"]


def test_times_of_several_zones_are_one_clock():
    frame = read_table(rows_of("2024-01-01T12:00:00+02:00,1"), "t.csv")
    assert frame["a"][0] == pd.Timestamp("2024-01-01 10:00")


def test_whole_numbers_with_gaps_and_other_types_of_parquet():
    table = pa.table(
        {
            "whole": pa.array([1, None] * 15),
            "decimal": pa.array([1.5] * 30).cast(pa.decimal128(10, 2)),
            "day": pa.array([0] * 30, pa.int32()).cast(pa.date32()),
            "level": pa.array(["x", None] * 15).dictionary_encode(),
            "truth": pa.array([True, False] * 15),
            "nothing": pa.nulls(30),
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    frame = read_table(file.getvalue(), "t.parquet")
    assert frame["whole"].isna().sum() == 15 and frame["decimal"][0] == 1.5 and frame["day"][0] == pd.Timestamp(0)
    assert frame["level"].isna().sum() == 15 and frame["truth"].tolist()[:2] == ["True", "False"]
    assert frame["nothing"].isna().all() and frame["nothing"].dtype == float


def test_row_numbers_that_pandas_writes_along_are_no_column():
    frame = houses()[::2]
    assert list(read_table(as_parquet(frame), "t.parquet")) == list(frame)


def test_wide_arrays_become_columns():
    frame = read_table(npz(x=np.arange(60).reshape(30, 2), y=np.asfortranarray(np.arange(30))), "t.npz")
    assert list(frame) == ["x_0", "x_1", "y"] and frame["x_1"].tolist() == list(range(1, 60, 2))
    by_columns = read_table(npz(x=np.asfortranarray(np.arange(60).reshape(30, 2))), "t.npz")
    assert by_columns["x_1"].tolist() == list(range(1, 60, 2))


@pytest.mark.parametrize("ending", ["csv", "parquet", "npz"])
def test_an_empty_file_is_refused(ending):
    refused(b"", f"t.{ending}", "empty")


@pytest.mark.parametrize("name", FORMATS)
def test_one_row_is_refused(name):
    refused(FORMATS[name](houses(1)), name, "1 row ", "at least 20", "add more")


@pytest.mark.parametrize("name", FORMATS)
def test_ten_thousand_columns_are_refused(name):
    wide = pd.DataFrame(np.zeros((2, 10_000)), columns=[f"c{number}" for number in range(10_000)])
    refused(FORMATS[name](wide), name, "10,000", "at most 5,000", "leave")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\n\n", ["0 columns"]),
        (b"a\n" + b"1\n" * 30, ["1 column", "commas, semicolons or tabs"]),
        (rows_of("1,2", header="a, a"), ["two columns named 'a'", "rename"]),
        (rows_of("1,2") + b"\n1,2,3", ["Row 31", "3 cells", "2 columns"]),
        (rows_of("1,2") + b"\n1\n1,2", ["Row 31", "1 cell,", "2 columns"]),
        (rows_of("5.1,3.5,a", header="5.1,3.5,a"), ["'5.1'", "column names"]),
        (rows_of("3,5", header="3,5"), ["'3'", "column names"]),
        (rows_of("1,2", header="ä,b").decode().encode("latin-1"), ["0xe4", "line 1", "UTF-8"]),
        (rows_of("1,2").decode().encode("utf-16"), ["UTF-8"]),
        (rows_of("1,2", header=f"{'n' * 300},b"), ["300 characters"]),
        (as_parquet(houses()), ["no text"]),
        (npz(a=NUMBERS), ["no text"]),
    ],
)
def test_csv_that_is_no_table_is_refused(content, words):
    refused(content, "t.csv", *words)


def test_columns_counted_from_0_or_1_have_these_names():
    for first in (0, 1):
        assert list(read_table(rows_of("5,6", header=f"{first},{first + 1}"), "t.csv")) == [str(first), str(first + 1)]


def test_a_file_of_another_kind_is_refused():
    refused(b"a,b", "t.xlsx", "'.xlsx'", ".parquet")
    with pytest.raises(KindredError, match=r"absent\.csv cannot be read"):
        read_table(Path("absent.csv"), "absent.csv")


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"x" * 2000)
    with pytest.raises(KindredError, match="at most 0 MiB"):
        read_table(path, "t.csv", most_bytes=1000)


def test_damaged_parquet_is_refused():
    content = as_parquet(houses())
    refused(content[:-100], "t.parquet", "damaged", "save it anew")
    refused(content[:4] + bytes(len(content) - 8) + content[-4:], "t.parquet", "damaged")


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.struct([("x", pa.int64())])])
def test_nested_parquet_is_refused(kind):
    file = io.BytesIO()
    pq.write_table(pa.table({"a": NUMBERS, "deep": pa.nulls(30, kind)}), file)
    refused(file.getvalue(), "t.parquet", "'deep'", "nested", "unfold")


def test_other_types_of_parquet_are_refused():
    file = io.BytesIO()
    pq.write_table(pa.table({"a": NUMBERS, "raw": pa.array([b"x"] * 30)}), file)
    refused(file.getvalue(), "t.parquet", "'raw'", "binary", "convert")


def test_two_columns_of_one_name_in_parquet_are_refused():
    file = io.BytesIO()
    pq.write_table(pa.table([NUMBERS, NUMBERS], names=["a", "a"]), file)
    refused(file.getvalue(), "t.parquet", "two columns named 'a'")


def test_parquet_that_grows_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MOST_UNPACKED", 2**20)
    file = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array(["x" * 1000] * 2000).dictionary_encode(), "b": np.zeros(2000)}), file)
    assert len(file.getvalue()) < 10_000
    refused(file.getvalue(), "t.parquet", "unpacks to")
    monkeypatch.setattr(limits, "MOST_CELLS", 1000)
    refused(as_parquet(houses()), "t.parquet", "200 rows of 8 columns", "at most 1,000 cells")


def test_damaged_npz_is_refused():
    content = npz(a=NUMBERS, b=NUMBERS)
    refused(content[:-30], "t.npz", "damaged")
    middle = len(content) // 4
    refused(content[:middle] + b"\xff" * 20 + content[middle + 20 :], "t.npz", "damaged")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, ["no arrays"]),
        ({"a": NUMBERS, "b": np.array(1.0)}, ["'b.npy'", "()"]),
        ({"a": NUMBERS, "b": np.zeros((30, 2, 2))}, ["'b.npy'", "(30, 2, 2)"]),
        ({"a": NUMBERS, "b": NUMBERS[:-1]}, ["'b'", "29", "30"]),
        ({"a": NUMBERS, "b": NUMBERS * 1j}, ["complex"]),
        ({"x": np.zeros((30, 2)), "x_1": NUMBERS}, ["two columns named 'x_1'"]),
        ({"a": NUMBERS, "b": np.array([None] * 30)}, ["objects", "never unpickled"]),
    ],
)
def test_npz_that_is_no_table_is_refused(arrays, words):
    refused(npz(**arrays), "t.npz", *words)
