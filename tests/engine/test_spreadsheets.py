"""What a spreadsheet would run is text in the tables that Kindred writes, and comes back as it was."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.affinity.matrix import read_affinity
from engine.grouping.losses import read_losses
from engine.spreadsheets import as_written, csv_of, inert, inert_frame
from engine.studies.files import to_csv
from engine.studies.study import Study, StudyNetwork
from tests.app.hostile import CELLS

TEXTS = st.text(alphabet="'=+-@ \t\r\n;,a1\"＝－", max_size=8) | st.text(max_size=12)


@pytest.mark.parametrize("text", CELLS)
def test_what_would_be_run_is_quoted(text):
    assert "'" in inert(text) and inert(text) != text


@pytest.mark.parametrize("text", ["-1.5", "+3", "1e-9", "-inf", "nan", "depth", "it's", "a=b", "a-b", "", "'quoted'"])
def test_numbers_and_plain_names_stay(text):
    assert inert(text) == text == as_written(text)


@given(TEXTS)
def test_every_text_comes_back(text):
    assert as_written(inert(text)) == text


@given(TEXTS)
def test_no_cell_begins_with_a_sign_whatever_the_separator(text):
    for cell in inert(text).replace("\t", ";").replace("\r", ";").replace("\n", ";").split(";"):
        if cell.lstrip(" ").startswith(tuple("=+-@＝＋－＠")):
            float(text)  # only where the whole text is a number


def test_a_table_keeps_its_numbers_and_their_types():
    frame = pd.DataFrame(
        {
            "=name": ["=1+1", "b"],
            "number": [-1.5, np.nan],
            "whole": [-3, 4],
            "when": pd.to_datetime(["2020-01-01"] * 2),
        },
        pd.Index(["@x", "-2"], name="+index"),
    )
    safe = inert_frame(frame)
    assert list(safe.dtypes[1:]) == list(frame.dtypes[1:]) and np.array_equal(
        safe["number"], frame["number"], equal_nan=True
    )
    assert list(safe.index) == ["'@x", "-2"] and safe.index.name == "'+index" and safe.columns[0] == "'=name"
    assert frame.index[0] == "@x" and frame.columns[0] == "=name"  # what was given is left alone
    rows = list(csv.reader(io.StringIO(csv_of(frame, index=True).decode(), newline="")))
    assert rows[1] == ["'@x", "'=1+1", "-1.5", "-3", "2020-01-01"]


def test_breaks_within_a_cell_stay_within_it():
    frame = pd.DataFrame({"a": ["one\r=two", "three\n=four"]})
    assert list(csv.reader(io.StringIO(csv_of(frame).decode(), newline="")))[1:] == [["one\r'=two"], ["three\n'=four"]]


def test_a_matrix_is_read_back_under_its_own_names():
    tasks = ("=cmd()", "'=x", "-1+1", "plain")
    frame = pd.DataFrame(np.eye(4), pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
    assert read_affinity(csv_of(frame, index=True), "m.csv").tasks == tasks


def test_losses_are_read_back_under_their_own_names():
    tasks = ("=a", "-b")
    study = Study(
        "@s", tasks, (StudyNetwork(tasks), StudyNetwork(("=a",))), {"test": np.array([[-1.0, 2], [3, np.nan]])}
    )
    text = to_csv(study)
    assert "\n'@s," in text and ",'=a," in text and ",-1.0," in text
    table = read_losses(text.encode(), "losses.csv")
    assert table.settings == ("@s",) and table.losses["@s"]["test"][(frozenset(tasks), 1.0)] == {"=a": -1.0, "-b": 2.0}
