import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.tables.columns import describe_table, kinds_in, listed, listed_kinds, names_in
from engine.datasets.tables.reading import tidied
from engine.errors import KindredError
from tests.engine.datasets.tables.made import ROWS, houses

FRAME = tidied(houses())
NAMES = st.text(min_size=1).filter(lambda name: name == " ".join(name.split()) and "\0" not in name)


def described(frame=FRAME, **roles):
    return {column.name: column for column in describe_table(frame, **roles)}


def test_a_table_is_described_before_any_target_is_chosen():
    columns = described()
    assert list(columns) == list(FRAME)
    assert [column.kind for column in columns.values()] == (
        ["number", "category", "binary", "time", "constant", "number", "category", "binary"]
    )
    assert not any(column.problem for column in columns.values())
    area = columns["area"]
    assert area.missing == pytest.approx(np.ceil(ROWS / 7) / ROWS)
    assert area.distinct == FRAME["area"].nunique()
    assert area.examples == tuple(str(value) for value in FRAME["area"].dropna()[:3])
    assert columns["always"].role == "left out" and "never differs" in columns["always"].note


def test_roles_are_as_chosen():
    columns = described(targets=["price"], leave_out=["town"], split_by="built")
    assert {name: column.role for name, column in columns.items()} == {
        "area": "input",
        "town": "left out",
        "garden": "input",
        "built": "split",
        "always": "left out",
        "price": "target",
        "heating": "input",
        "sold": "input",
    }


def test_a_correction_wins_and_the_guess_is_still_told():
    sold = described(kinds={"sold": "category"}, targets=["sold"])["sold"]
    assert (sold.kind, sold.guess, sold.problem) == ("category", "binary", "")
    number = tidied(pd.DataFrame({"id": range(30)}))
    assert described(number)["id"].problem and not described(number, kinds={"id": "number"})["id"].problem


def test_a_number_of_few_values_may_be_codes():
    frame = FRAME.assign(rooms=np.arange(ROWS) % 7.0)
    assert "category" in described(frame)["rooms"].note
    assert not described(frame, kinds={"rooms": "category"})["rooms"].note


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"targets": ["prise"]}, ["no target 'prise'", "Did you mean 'price'?"]),
        ({"leave_out": ["Town"]}, ["no column to leave out 'Town'", "Did you mean 'town'?"]),
        ({"split_by": "site"}, ["no column to split by 'site'"]),
        ({"kinds": {"aera": "number"}}, ["no column of a kind 'aera'", "Did you mean 'area'?"]),
        ({"kinds": {"area": "numbre"}}, ["'numbre'", "number, category, binary, time", "Did you mean 'number'?"]),
        ({"targets": ["price", "price"]}, ["'price'", "twice"]),
        ({"targets": ["price"], "leave_out": ["price"]}, ["'price'", "also to be left out"]),
        ({"targets": ["price"], "split_by": "price"}, ["'price'", "also to be split by"]),
    ],
)
def test_roles_that_cannot_be_are_refused(roles, words):
    with pytest.raises(KindredError) as caught:
        described(**roles)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("cells", "kind", "words"),
    [
        (range(60), "", ["differs in every row", "--leave-out a", "--kinds a=number"]),
        ([f"user{number}" for number in range(60)], "", ["identifier"]),
        ([f"some words of row {number}" for number in range(60)], "", ["free text", "--leave-out a"]),
        ([f"level {number % 55}" for number in range(110)], "", ["category of 55 values", "at most 50", "merge"]),
        (["abc", *map(str, range(30))], "", ["row 1 has 'abc'", "category"]),
        (["a", "b", "c"] * 10, "number", ["row 1 has 'a'"]),
        (["a", "b", "c"] * 10, "binary", ["3 values", "two"]),
        (["a", "b", "c"] * 10, "time", ["row 1 has 'a'", "2024-01-31"]),
    ],
)
def test_an_input_that_cannot_be_used_says_why(cells, kind, words):
    columns = described(tidied(pd.DataFrame({"a": cells})), kinds={"a": kind} if kind else {})
    assert all(word in columns["a"].problem for word in words), columns["a"].problem


@pytest.mark.parametrize(
    ("cells", "kind", "words"),
    [
        ([3] * 30, "", ["'3' in every row", "nothing to predict"]),
        ([3] * 30, "number", ["'3' in every row"]),
        ([None] * 30, "", ["empty in every row"]),
        (range(60), "", ["identifier", "--kinds a=number"]),
        (pd.date_range("2024", periods=30), "", ["time"]),
        (["1", "abc", *map(str, range(30))], "", ["row 2 has 'abc'"]),
        (range(2000), "category", ["2,000 classes", "at most 1,000"]),
    ],
)
def test_a_target_that_cannot_be_used_says_why(cells, kind, words):
    frame = tidied(pd.DataFrame({"a": cells}))
    problem = described(frame, targets=["a"], kinds={"a": kind} if kind else {})["a"].problem
    assert all(word in problem for word in ["'a'", *words]), problem


def test_what_is_left_out_or_split_by_has_no_problem():
    frame = FRAME.assign(id=np.arange(ROWS, dtype=float))
    assert described(frame)["id"].problem
    assert not described(frame, leave_out=["id"])["id"].problem
    assert not described(frame, split_by="id")["id"].problem


@given(st.lists(NAMES, unique=True))
def test_a_list_of_names_is_read_as_it_was_written(names):
    assert names_in(listed(names)) == tuple(names)


@given(st.dictionaries(NAMES, st.sampled_from(["number", "category"])))
def test_a_list_of_kinds_is_read_as_it_was_written(kinds):
    assert kinds_in(listed_kinds(kinds)) == kinds


def test_lists_are_read_as_people_write_them():
    assert names_in(" price , sold,") == ("price", "sold")
    assert names_in('"a, b",c') == ("a, b", "c")
    assert kinds_in("age = number, code=category") == {"age": "number", "code": "category"}


@pytest.mark.parametrize("text", ["age", "age=", "=number"])
def test_a_part_that_is_no_kind_is_named(text):
    with pytest.raises(KindredError, match=f"'{text}'.*age=number,code=category"):
        kinds_in(text)
