"""The Data page: tables of one's own, uploaded, corrected, kept and used."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from engine.datasets.tables.keeping import keep
from engine.runs.config import RunConfig
from engine.texts import speaking
from tests.app.views.test_data import button, chosen, said, tasks

ROWS = 60
HOUSES = pd.DataFrame(
    {
        "id": [f"H{place:03d}" for place in range(ROWS)],
        "area": np.linspace(40, 200, ROWS).round(1),
        "district": ["north", "south", "old town"] * (ROWS // 3),
        "grade": [place % 4 for place in range(ROWS)],
        "price": [None if place % 6 == 0 else 1000 * place for place in range(ROWS)],
        "sold": ["yes" if place % 2 else "no" for place in range(ROWS)],
    }
)
ONLY_SOLD = dict.fromkeys(("area", "district", "grade", "price"), {"role": "left out"}) | {"sold": {"role": "target"}}


def csv(frame=HOUSES):
    return frame.to_csv(index=False).encode()


@pytest.fixture
def upload(show):
    """``upload(name, content)``: the page with that table uploaded."""

    def uploaded(name="houses.csv", content=None, **parameters):
        app = show("data", dataset="table", **parameters)
        app.file_uploader[0].upload(name, csv() if content is None else content).run()
        assert not app.exception
        return app

    return uploaded


def correct(app, **changes):
    """``column={"role": …, "kind": …}``: changed in the table of columns."""
    editor = app.data_editor[0]
    names = editor.value["column"].tolist()
    edited = {names.index(column): change for column, change in changes.items()}
    app.session_state[editor.key] = {"edited_rows": edited, "added_rows": [], "deleted_rows": []}
    app.run()
    assert not app.exception
    return app


def columns(app):
    return app.data_editor[0].value.set_index("column")


def test_an_uploaded_table_shows_what_its_columns_were_taken_for(upload):
    app = upload()
    assert "**houses.csv**: 60 rows, 6 columns, 2.8% of the cells empty." in said(app)
    table = columns(app)
    assert table["kind"].to_dict() == {
        "id": "identifier", "area": "number", "district": "category", "grade": "number", "price": "number",
        "sold": "binary",
    }  # fmt: skip
    assert table["role"].to_dict() == dict.fromkeys(table.index, "input") | {"id": "left out"}
    assert table["missing"]["price"] == pytest.approx(100 / 6)
    assert "grade: a number of 4 values: if they are codes" in said(app).replace("**", "")
    assert "at least one column the role of a target" in said(app)


def test_a_corrected_table_is_shown_as_a_data_set(upload):
    app = correct(
        upload(), price={"role": "target"}, sold={"role": "target"}, grade={"role": "target", "kind": "category"}
    )
    assert not app.error
    table = tasks(app)
    assert table["loss"].to_dict() == {
        "grade": "cross-entropy", "price": "squared error", "sold": "binary cross-entropy"
    }  # fmt: skip
    assert 70 < table["known"]["price"] < 95
    rows = next(each.value for each in app.dataframe if each.value.index.name == "row")
    assert list(rows.columns[:3]) == ["grade", "price", "sold"]
    assert (rows["id"] == [f"H{row - 1:03d}" for row in rows.index]).all()


def test_a_used_table_is_kept_and_launched_with_what_was_corrected(upload, gone, store):
    app = correct(upload(), price={"role": "target"}, grade={"kind": "category"}, area={"role": "left out"})
    button(app, "Use this table").click().run()
    assert gone == ["runs"] and app.session_state["kept:launching"] is True
    (path,) = store.tables.iterdir()
    assert path.read_bytes() == csv()
    assert (chosen(app, "dataset"), chosen(app, "table"), chosen(app, "targets")) == ("table", path.name, ("price",))
    assert chosen(app, "leave_out") == ("id", "area") and chosen(app, "kinds") == (("grade", "category"),)
    RunConfig("table", table=str(path), targets="price", leave_out="id,area", kinds="grade=category")


def test_a_kept_table_can_be_chosen_again_and_its_address_says_all(show, store, gone):
    path = keep(csv(), "houses.csv", store.tables)
    app = show("data", dataset="table")
    picker = next(each for each in app.selectbox if each.label == "Or one that you used before")
    assert picker.options[0].startswith("houses.csv") and picker.value is None
    picker.set_value(path.name).run()
    correct(app, sold={"role": "target"}, grade={"kind": "category"})
    parameters = dict(app.query_params)
    assert json.loads(parameters["targets"]) == ["sold"] and parameters["table"] == path.name
    again = show("data", **parameters)
    assert columns(again)["role"]["sold"] == "target" and columns(again)["kind"]["grade"] == "category"
    assert tasks(again).index.tolist() == ["sold"]
    button(again, "Use this table").click().run()
    assert gone == ["runs"] and len(list(store.tables.iterdir())) == 1


def test_another_table_forgets_the_settings_of_the_last(show, store):
    first, second = keep(csv(), "houses.csv", store.tables), keep(csv(HOUSES[::-1]), "other.csv", store.tables)
    app = show("data", dataset="table", table=first.name, targets='["sold"]')
    assert columns(app)["role"]["sold"] == "target"
    next(each for each in app.selectbox if each.label.startswith("Or one")).set_value(second.name).run()
    assert columns(app)["role"]["sold"] == "input"


def test_an_address_of_a_table_that_is_not_kept_says_so(show, store):
    keep(csv(), "houses.csv", store.tables)
    app = show("data", dataset="table", table="../kindred.db")
    assert not app.exception and "is not kept here" in app.warning[0].value


def test_an_address_with_columns_that_are_not_there_begins_anew(show, store):
    path = keep(csv(), "houses.csv", store.tables)
    app = show("data", dataset="table", table=path.name, targets='["gone"]', kinds='{"also":"number"}')
    assert not app.exception and not app.error and columns(app)["role"]["id"] == "left out"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"a,b\n1,2\n", "at least 20 are needed"),
        ("a.csv", b"\x00\x01\x02", "is no text"),
        ("a.csv", b"a;b\n" + b"1;\xe9\n" * 30, "no UTF-8"),
        ("a.csv", b"a,a\n" + b"1,2\n" * 30, "two columns named 'a'"),
        ("a.parquet", b"PAR1 nonsense PAR1", "cannot be read as a Parquet file"),
        ("a.npz", b"PK\x03\x04 nonsense", "cannot be read as an NPZ file"),
        ("a.csv", b"", "is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(upload, name, content, problem):
    app = upload(name, content)
    assert [problem in error.value.replace("\\", "") for error in app.error] == [True]
    assert not any(each.label == "Use this table" for each in app.button)


def test_parquet_and_npz_are_read_as_well(upload):
    parquet, npz = io.BytesIO(), io.BytesIO()
    HOUSES.to_parquet(parquet)
    np.savez(npz, x=np.random.default_rng(0).normal(size=(30, 2)), y=np.arange(30) % 2)
    assert columns(upload("houses.parquet", parquet.getvalue()))["kind"]["sold"] == "binary"
    assert list(columns(upload("two.npz", npz.getvalue())).index) == ["x_0", "x_1", "y"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": {"role": "target"}}, "differs in nearly every row, as an identifier does"),
        ({"id": {"role": "input"}, "sold": {"role": "target"}}, "as an identifier does"),
        ({"district": {"role": "target", "kind": "number"}}, "row 1 has 'north'"),
        ({"price": {"role": "target", "kind": "binary"}}, "but a binary one has two"),
        (ONLY_SOLD, "no input that differs"),
    ],
)  # fmt: skip
def test_a_use_that_cannot_be_is_a_sentence_without_the_command_line(upload, changes, problem):
    app = correct(upload(), **changes)
    assert problem in " ".join(error.value.replace("\\", "") for error in app.error)
    assert "--" not in " ".join(error.value.replace("\\", "") for error in app.error)
    assert not any(each.label == "Use this table" for each in app.button)


def test_rows_are_split_by_a_group_or_by_time(upload):
    app = correct(upload(), sold={"role": "target"})
    app.segmented_control[0].set_value("group").run()
    assert "Choose the column of the groups" in said(app)
    app.selectbox[-1].set_value("district").run()
    assert not app.error and chosen(app, "split_by") == "district"
    assert len(tasks(app)) == 1
    app.segmented_control[0].set_value("time").run()
    assert chosen(app, "split_by") is None and not app.error  # in the order of the rows
    app.selectbox[-1].set_value("sold").run()
    assert "is a target and also to be split by" in app.error[0].value


def test_nothing_in_a_name_is_markup(upload):
    frame = HOUSES.rename(columns={"price": "<b>*price*</b>, in £", "sold": "[x](y)"})
    app = correct(
        upload("a.csv", csv(frame)), **{"<b>*price*</b>, in £": {"role": "target"}, "[x](y)": {"role": "target"}}
    )
    assert tasks(app).index.tolist() == ["<b>*price*</b>, in £", "[x](y)"]
    assert not any("<b>" in each.value or "](y)" in each.value for each in (*app.markdown, *app.caption))


def test_roles_and_kinds_are_kept_alike_in_every_language(upload):
    with speaking("zh"):  # AppTest finds what is chosen by its words
        app = correct(upload(language="zh"), price={"role": "target"}, sold={"role": "target"})
    assert not app.error and len(tasks(app)) == 2 and "60 行，6 列，2.8% 的单元格为空" in said(app)
    assert columns(app)["role"].to_dict()["id"] == "left out" and chosen(app, "targets") == ("price", "sold")
