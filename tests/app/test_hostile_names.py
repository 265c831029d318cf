"""Names that others chose are text on every page, in every chart and in every table: they are shown, never obeyed."""

import csv
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from google.protobuf.message import Message

from app.components import live_chart
from app.components.live_chart import sent
from app.main import PAGES
from engine.datasets.tables.keeping import keep
from engine.spreadsheets import as_written, inert
from tests.app.hostile import CELLS, MARKS, NAME, TASKS, filled
from tests.engine.datasets.tables.made import as_parquet

# Where Streamlit shows text as it stands, or does not show it; everything else is Markdown, or may become it.
LITERAL = {
    "Selectbox.options", "MultiSelect.options", "Selectbox.raw_value", "TextInput.default", "TextInput.value",
    "Code.code_text", "BidiComponent.json", "BidiComponent.mixed", "Arrow.alt", "DownloadButton.url",
}  # fmt: skip


def texts(message: Message, kind: str = ""):
    """(type.field, text) of every text in a message."""
    for field, value in message.ListFields():
        many = value if field.is_repeated else [value]
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        for each in many:
            if isinstance(each, Message):
                yield from texts(each)
            elif isinstance(each, str):
                yield f"{message.DESCRIPTOR.name}.{field.name}", each


def elements(node):
    """All elements of a page."""
    if isinstance(getattr(node, "proto", None), Message):
        yield node.proto
    for child in getattr(node, "children", {}).values():
        yield from elements(child)


def unescaped(text: str) -> list[str]:
    """The marks in it that Markdown would obey."""
    return [mark for mark in MARKS if re.search(rf"(?<!\\){re.escape(mark)}", text)]


def labels(frame: pd.DataFrame) -> list[str]:
    """All texts in a table, those of its index and columns included."""
    cells = [*frame.to_numpy().ravel(), *frame.index, *frame.columns, *frame.index.names, *frame.columns.names]
    return [cell for cell in cells if isinstance(cell, str)]


def drawn(part: object):
    """All texts of a figure that plotly may draw: what only tells traces from each other is none of them."""
    if isinstance(part, str):
        yield part
    parts = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, each in parts:
        if name not in ("legendgroup", "uid", "task"):
            yield from drawn(each)


@pytest.fixture
def figures(monkeypatch):
    """Every figure that a page draws, as the browser gets it."""
    found = []

    def kept(figure):
        found.append(as_data(figure))
        return found[-1]

    as_data = sent.as_data
    monkeypatch.setattr(sent, "as_data", kept)
    monkeypatch.setattr(live_chart, "as_data", kept)
    return found


@pytest.fixture
def everything(store):
    return filled(store)


WHERE = [
    *(("runs", {}), ("found", {}), ("data", {}), ("sweeps", {})),
    *(
        (page, {"run": kind})
        for page in ("overview", "affinity", "graph", "training", "grouping", "compare")
        for kind in ("network", "linear", "federated", "failed", "affinity", "matrix", "group", "study")
    ),
    ("affinity", {"run": "affinity", "pair": json.dumps(TASKS[:2])}),
    ("graph", {"run": "affinity", "node": TASKS[0]}),
    ("grouping", {"run": "affinity", "pin": json.dumps({TASKS[0]: TASKS[:2]}), "weights": json.dumps({TASKS[1]: 2})}),
    ("grouping", {"run": "affinity", "serve": json.dumps([NAME]), "together": json.dumps([[NAME, TASKS[0]]])}),
    ("compare", {"run": "affinity", "other": "other"}),
    *(("studies", {"study": "study", "study_part": part}) for part in ("gains", "networks", "groupings", "alike")),
    *(("verify", {"study": "study", "verify_part": part}) for part in ("advice", "predicted", "ways", "flow")),
    *((page, {"run": NAME}) for page in ("affinity", "training", "grouping")),
    *((page, {"study": NAME}) for page in ("studies", "verify")),
    ("data", {"dataset": "table", "table": NAME}),
    ("sweeps", {"sweep": NAME}),
]


@pytest.mark.parametrize(("page", "address"), WHERE, ids=str)
def test_no_page_obeys_a_name(show, everything, store, figures, page, address):
    group = f"seeds:{store.run(everything['affinity']).group}"
    told = {name: (everything | {"group": group}).get(value, value) for name, value in address.items()}
    app = show(page, **told)
    assert not app.exception
    if page == "affinity":  # what is drawn only where it is open
        for key in ("affinity-table", "reliability-course"):
            app.session_state[key] = True
        assert not app.run().exception
    assert look_at(app, figures) or page in ("found", "data", "sweeps"), "no name was shown at all"


def look_at(app, figures) -> int:
    """See that nothing on a page is obeyed; how many names it shows."""
    seen = 0
    for proto in elements(app._tree):
        for where, text in texts(proto):
            seen += any(mark.replace("\\", "") in text.replace("\\", "") for mark in MARKS)
            assert where in LITERAL or where.endswith(".id") or not unescaped(text), f"{where}: {text[:200]}"
    for table in app.table:  # whose cells are Markdown
        for text in labels(table.value):
            assert not unescaped(text), text
            seen += any(mark in text.replace("\\", "") for mark in MARKS)
    for frame in app.dataframe:  # whose cells are text, which a visitor may copy into a spreadsheet
        assert all(inert(as_written(text)) == text for text in labels(frame.value))
    for figure in figures:
        for text in drawn(figure):
            assert not any(mark in text for mark in ("<img", "<b onm", "`t` %{")), text
    return seen


@pytest.mark.parametrize("split", ["random", "group"])
def test_no_table_of_one_s_own_is_obeyed(show, store, split):
    columns = {name: np.random.default_rng(place).normal(size=60) for place, name in enumerate((*TASKS, NAME))}
    columns |= {"kind": [NAME, *CELLS, *TASKS] * 3 + [NAME] * 12, "<img>": [NAME, "b"] * 30}
    path = keep(as_parquet(pd.DataFrame(columns)), f"{NAME}.parquet", store.tables)
    address = {"targets": json.dumps([TASKS[0], NAME, "<img>"]), "leave_out": json.dumps([TASKS[4]])}
    address |= {"row_split": split} | ({"split_by": TASKS[1]} if split == "group" else {})
    app = show("data", dataset="table", table=path.name, **address)
    assert not app.exception and not [each.value for each in app.error]
    look_at(app, [])


def test_files_that_a_page_offers_hold_no_formula(show, everything, monkeypatch):
    offered = []
    monkeypatch.setattr(st, "download_button", lambda label, data, *_, **__: offered.append(data))
    shown = ("affinity", "training", "compare", "graph")
    for page, kind in [(page, kind) for page in shown for kind in ("network", "linear", "federated", "affinity")]:
        app = show(page, run=everything[kind])
        app.session_state["affinity-table"] = True
        app.run()
    for part in ("gains", "networks"):
        show("studies", study=everything["study"], study_part=part)
    show("sweeps")
    files = [data() if callable(data) else data for data in offered]
    tables = [file for file in files if isinstance(file, bytes) and not file.startswith(b"{")]
    assert len(tables) >= 12
    for table in tables:
        cells = [cell for row in csv.reader(io.StringIO(table.decode(), newline="")) for cell in row]
        assert all(inert(as_written(cell)) == cell for cell in cells)
    assert any(b"'=cmd()" in table for table in tables)


def test_every_page_is_looked_at():
    assert {page for page, _ in WHERE} == set(PAGES)
