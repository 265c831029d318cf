import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.tables import kinds
from engine.datasets.tables.reading import tidied
from engine.errors import KindredError

ROWS = 40
RANDOM = np.random.default_rng(0)


def column(cells, name="a"):
    return tidied(pd.DataFrame({name: cells}))[name]


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("number", RANDOM.normal(size=ROWS)),
        ("number", RANDOM.integers(0, 10, ROWS)),
        ("number", [None, *RANDOM.integers(0, 10, ROWS)]),
        ("number", ["12", "abc", *map(str, range(ROWS))]),
        ("number", [f"{number},000.5" for number in range(1, ROWS)]),
        ("number", [f"{number} %" for number in range(ROWS)]),
        ("number", [0.5, 1.5] * ROWS),
        ("binary", [0, 1] * ROWS),
        ("binary", [-1.0, 1.0, None] * ROWS),
        ("binary", [True, False] * ROWS),
        ("binary", ["yes", "no", "no"] * ROWS),
        ("category", ["a", "b", "c", None] * ROWS),
        ("category", ["01", "02", "03"] * ROWS),
        ("time", pd.date_range("2024-01-01", periods=ROWS)),
        ("time", ["2024-01-31 13:45", "2024-02-01"] * ROWS),
        ("identifier", range(ROWS)),
        ("identifier", RANDOM.permutation(ROWS) + 1000),
        ("identifier", [f"user{number}" for number in range(ROWS)]),
        ("identifier", [f"{number:05}" for number in range(ROWS)]),
        ("text", [f"this is review number {number} of many" for number in range(ROWS)]),
        ("constant", [3] * ROWS),
        ("constant", ["x", None] * ROWS),
        ("empty", [None] * ROWS),
    ],
)
def test_a_kind_is_guessed(kind, cells):
    assert kinds.guess(column(cells)) == kind


@pytest.mark.parametrize("name", ["id", "Id", "ID", "customer_id", "customerId", "uuid", "index"])
def test_numbers_that_differ_under_the_name_of_an_identifier_are_one(name):
    different = RANDOM.permutation(10_000)[:ROWS]
    assert kinds.guess(column(different, name)) == "identifier"
    assert kinds.guess(column(different, "humid")) == kinds.guess(column(different, "paid")) == "number"
    assert kinds.guess(column(different % 7, name)) == "number"


def test_numbers_are_those_of_the_cells():
    assert kinds.numbers(column(["1.5", "abc", "2e3"]).mask(lambda cells: cells == "abc")).tolist()[::2] == [1.5, 2000]
    assert kinds.numbers(column(["1970-01-02", "1970-01-01T00:00:00.5"])).tolist() == [86400, 0.5]
    assert np.isnan(kinds.numbers(column([pd.Timestamp(0), None])))[1]


@pytest.mark.parametrize("wrong", ["abc", "inf", "1_000", "0x1F", "1,5", "١٢"])
def test_a_cell_that_is_no_number_is_named(wrong):
    with pytest.raises(KindredError, match=f"'a' holds numbers, but row 17 has '{wrong}'.*--kinds a=category"):
        kinds.numbers(column([str(number) for number in range(16)] + [wrong] + ["", "1"]))


def test_infinity_is_no_number():
    with pytest.raises(KindredError, match="row 2 has 'inf'"):
        kinds.numbers(column([1.0, np.inf]))


def test_a_cell_that_is_no_time_is_named():
    with pytest.raises(KindredError, match="row 2 has '31.12.2024'"):
        kinds.moments(column(["2024-01-01", "31.12.2024"]))


def test_levels_are_in_order():
    assert kinds.levels(column([10, 9, 2.5, None])) == ["2.5", "9", "10"]
    assert kinds.levels(column(["b", "B", "a", "C", None])) == ["a", "b", "B", "C"]
    assert kinds.levels(column(["2024-02-01", "2024-01-01"]))[0] == "2024-01-01 00:00:00"


@given(st.lists(st.one_of(st.none(), st.floats(allow_infinity=False)), min_size=2))
def test_every_known_cell_is_its_level(cells):
    numbers = column(pd.Series(cells, dtype=float))
    among = kinds.levels(numbers)
    places = kinds.numbered(numbers, among)
    assert ((places == -1) == numbers.isna()).all()
    assert [among[place] for place in places if place >= 0] == [kinds.word(each) for each in numbers.dropna()]
    assert len(set(among)) == numbers.nunique()
