"""What changes the store or launches runs: for editors only, and a limit to each user's runs."""

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from app import access
from app.components import editing
from app.components.runs import store as reading
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.run import SILENCE
from engine.runs.store import Store
from engine.texts import text
from tests.app.views.stored import tracked, trained
from tests.engine.runs.test_store import silent_for

APP = Path(editing.__file__).parents[1]
TABLE = b"area,rooms,price\n" + b"".join(b"%d,%d,%d\n" % (place, place % 5, 7 * place) for place in range(40))


@pytest.fixture
def visitor(store, monkeypatch):
    """``visitor(claims)``: who looks at the dashboard from now on; those of the group ``editors`` may change it."""
    monkeypatch.setenv("KINDRED_AUTH", "oidc")
    monkeypatch.setenv("KINDRED_EDITORS", "groups=editors")

    def comes(name: str, *groups: str) -> None:
        monkeypatch.setattr(access, "_claims", lambda: {"is_logged_in": True, "sub": name, "groups": list(groups)})

    return comes


@pytest.fixture(autouse=True)
def launched(monkeypatch):
    """Runs that were launched, without their workers."""
    runs = []
    monkeypatch.setattr(editing, "launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


def content(store: Store) -> list:
    """All rows of all tables."""
    with store._database.reading() as connection:
        names = sorted(sa.inspect(connection).get_table_names())
        return [(name, *connection.execute(sa.text(f"SELECT * FROM {name}")).all()) for name in names]


def test_a_viewer_can_do_nothing_even_where_a_button_is_pressed_nevertheless(show, store, visitor, launched):
    trained(store)
    tracked(store)
    dead = store.create(RunConfig("yeast"))
    store.claim(dead)
    silent_for(store, dead, SILENCE + 1)
    before = content(store)
    visitor("bob")
    app = show("runs")
    assert not app.exception and not app.error
    pressed = {"Launch a run", "Import a matrix", "Stop tracking", "Cancel", "Resume", "Rename", "Delete"}
    seen = set()
    for place, each in enumerate(app.button):
        if each.label in pressed:
            assert each.disabled and (each.help == text("editing.viewer"))
            again = show("runs")
            again.button[place].proto.disabled = False  # as whoever writes to the server without a browser may
            again.button[place].click().run()
            assert not again.exception and content(store) == before and not launched
            seen.add(each.label)
    assert seen == pressed - {"Cancel"}


def test_a_viewer_looks_at_every_page_and_is_offered_no_upload(show, store, visitor):
    trained(store)
    visitor("bob")
    for page in ("affinity", "graph", "training", "grouping", "compare", "studies", "verify", "found"):
        app = show(page)
        assert not app.exception and app.title
        assert all(each.disabled for each in app.file_uploader)
    app = show("data", dataset="table")
    assert app.file_uploader[0].disabled and not app.exception
    app.file_uploader[0].proto.disabled = False
    app.file_uploader[0].set_value(("t.csv", TABLE, "text/csv")).run()
    assert not any(each.label == "Use this table" for each in app.button)


def test_every_door_refuses_a_viewer(store, visitor):
    visitor("bob")
    run_id = trained(store)
    for door in (
        editing.editing_store,
        lambda: editing.launch_runs(RunConfig("yeast"), "mine"),
        lambda: editing.resume(store.run(run_id)),
        lambda: editing.keep_table(TABLE, "t.csv", 10**6),
    ):
        with pytest.raises(KindredError, match="not change it"):
            door()
    assert not store.tables.exists()
    assert not isinstance(reading(), Store) and not hasattr(reading(), "delete")


def test_what_is_read_is_read_only_for_an_editor_too(store, visitor):
    visitor("ann", "editors")
    assert type(reading()).__name__ == "Reader" and isinstance(editing.editing_store(), Store)


def test_whoever_has_not_logged_in_cannot_even_read(store, visitor, monkeypatch):
    visitor("bob")
    monkeypatch.setattr(access, "_claims", dict)
    for door in (reading, editing.editing_store, editing.may_edit):
        with pytest.raises(KindredError, match="not logged in"):
            door()


def test_each_user_may_have_so_many_runs_at_work(store, visitor, launched, monkeypatch):
    monkeypatch.setenv("KINDRED_LAUNCH_LIMIT", "2")
    visitor("ann", "editors")
    with pytest.raises(KindredError, match="ann would have 3 runs queued or running, and may have 2"):
        editing.launch_runs(RunConfig("yeast"), "too many", 3)
    first, second = editing.launch_runs(RunConfig("yeast"), "two", 2)
    with pytest.raises(KindredError, match="ann would have 3"):
        editing.launch_runs(RunConfig("yeast"), "one more")
    visitor("eve", "editors")
    (hers,) = editing.launch_runs(RunConfig("yeast"), "hers")
    assert [store.run(each).owner for each in (first, second, hers)] == ["ann", "ann", "eve"]
    editing.editing_store().request_cancel(first)
    visitor("ann", "editors")
    editing.launch_runs(RunConfig("yeast"), "again")
    with pytest.raises(KindredError, match="ann would have 3"):
        editing.resume(store.run(first))
    visitor("eve", "editors")
    with pytest.raises(KindredError, match="ann would have 3"):
        editing.resume(store.run(first))
    assert len(launched) == 4 and all(run.owner for run in store.runs() if run.id in launched)


def test_without_a_login_there_is_no_limit_unless_one_is_set(store, launched, monkeypatch):
    editing.launch_runs(RunConfig("yeast"), "many", 30)
    assert len(launched) == 30
    monkeypatch.setenv("KINDRED_LAUNCH_LIMIT", "31")
    editing.launch_runs(RunConfig("yeast"), "the last")
    with pytest.raises(KindredError, match="You would have 32 runs"):
        editing.launch_runs(RunConfig("yeast"), "beyond")


OUTSIDE = [
    {"dataset": "os:getcwd"},
    {"dataset": "yeast", "trunk": "os:system"},
    {"dataset": "yeast", "heads": "builtins:print"},
    {"dataset": "celeba", "folder": "/etc"},
    {"dataset": "table", "table": "/etc/passwd", "targets": "price"},
    {"dataset": "table", "table": "file:///etc/passwd", "targets": "price"},
    {"dataset": "table", "table": "https://example.org/t.csv", "targets": "price"},
    {"dataset": "table", "table": "s3://bucket/t.parquet", "targets": "price"},
    {"dataset": "table", "table": "t.csv\0", "targets": "price"},
]


@pytest.mark.parametrize("told", OUTSIDE, ids=str)
def test_no_page_names_code_or_a_file_from_elsewhere(store, launched, told):
    with pytest.raises(KindredError, match="is not for the dashboard"):
        editing.launch_runs(RunConfig(**told), "mine")
    assert not launched and not any(run.origin == "trained" for run in store.runs())


def test_a_table_is_one_that_is_kept_and_no_way_around(store, launched, tmp_path):
    name = editing.keep_table(TABLE, "../../houses.csv", 10**6)
    assert Path(name).name == name and (store.tables / name).read_bytes() == TABLE
    (tmp_path / "out.csv").write_bytes(TABLE)
    (store.tables / "link.csv").symlink_to(tmp_path / "out.csv")
    around = (store.tables / ".." / "tables" / name, store.tables / "link.csv", tmp_path / "out.csv")
    for path in around:
        with pytest.raises(KindredError, match="is not for the dashboard"):
            editing.launch_runs(RunConfig("table", table=str(path), targets="price"), "mine")
    editing.launch_runs(RunConfig("table", table=str(store.tables / name), targets="price"), "mine")
    assert len(launched) == 1


def test_what_the_command_line_launched_can_be_launched_likewise(store, launched):
    told = RunConfig("yeast", trunk="my.package:make")
    store.create(told, "on the command line")
    editing.launch_runs(told, "again")
    with pytest.raises(KindredError, match="is not for the dashboard"):
        editing.launch_runs(RunConfig("yeast", trunk="my.package:other"), "another")


def test_the_store_is_written_and_runs_are_launched_in_one_place():
    doors = {
        "engine.runs.store": {"components/runs.py", "components/editing.py"},
        "engine.runs.launching.queue": {"components/editing.py"},
        "keep": {"components/editing.py"},
        "opened": {"components/editing.py", "server.py", "endpoints.py"},  # the server itself, not a visitor
        "subprocess": set(),
    }
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                for name in (node.module, *(each.name for each in node.names)):
                    assert path.relative_to(APP).as_posix() in doors.get(name, {path.relative_to(APP).as_posix()}), name
            if isinstance(node, ast.Import):
                assert all(each.name not in doors for each in node.names)


def test_a_form_that_was_open_before_the_right_was_lost_launches_nothing(store, visitor, launched):
    visitor("bob")
    app = AppTest.from_string(
        "from app import state\nfrom app.views import runs_launch\nstate.keep('launching', True)\n"
        "runs_launch.launch_button()",
        default_timeout=30,
    ).run()
    assert not app.exception and [each.label for each in app.button] == ["Launch a run"]
