"""Copying a store and pruning it on the command line."""

import json
import threading

import pytest

from engine.cli import main
from engine.runs.database import Database
from engine.runs.store import Store
from tests.engine.runs.stocked import content_of, files_of, stock
from tests.engine.runs.writing import running, window


def printed(capsys, *arguments):
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_a_copy_that_is_made_while_a_worker_writes_and_its_way_back_into_an_empty_store(store, tmp_path, capsys):
    """What the README calls a backup."""
    stock(store)
    run_id, token = running(store)
    ended = threading.Event()

    def write():
        step = 0
        while not ended.is_set():
            store.write(run_id, token, [window(step, step + 1)], step=step + 1)
            step += 1

    writer = threading.Thread(target=write)
    writer.start()
    backup, restored = (f"sqlite:///{tmp_path / name / 'kindred.db'}" for name in ("backup", "restored"))
    try:
        told = json.loads(printed(capsys, "store", "copy", store.url, backup, "--at-work", "--json"))
    finally:
        ended.set()
        writer.join()
    assert (told["runs"], told["there"], told["at_work"], told["measured"]) == (9, 0, [], 1)
    assert sorted(path.name for path in (tmp_path / "backup").iterdir()) == ["kindred.db", "kindred.files"]
    assert main(["store", "copy", backup, restored]) == 0
    copies = [Database(url, present=True) for url in (backup, restored)]
    assert content_of(copies[0]) == content_of(copies[1]) and files_of(copies[0]) == files_of(copies[1])
    mine, kept = content_of(store._database), content_of(copies[1])
    others = [table for table in mine if table not in ("runs", "windows")]
    assert {table: mine[table] for table in others} == {table: kept[table] for table in others}
    assert set(kept["windows"]) <= set(mine["windows"])
    assert sum(run_id in row for row in set(mine["runs"]) ^ set(kept["runs"])) == 2  # the one at work, and no other
    run = Store(restored).run(run_id)
    assert run.status == "interrupted" and len(Store(restored).series(run_id)) == run.step > 0
    assert files_of(copies[1]) == files_of(store._database)


def test_files_are_where_they_are_named_or_beside_the_database(store, tmp_path, monkeypatch, capsys):
    stock(store, runs=1)
    expected = files_of(store._database)
    monkeypatch.setenv("KINDRED_FILES", str(tmp_path / "of KINDRED_STORE"))
    main(["store", "copy", store.url, f"sqlite:///{tmp_path / 'a.db'}", "--from-files", str(store.folder)])
    main(
        [
            "store",
            "copy",
            f"sqlite:///{tmp_path / 'a.db'}",
            f"sqlite:///{tmp_path / 'b.db'}",
            "--to-files",
            str(tmp_path / "b"),
        ]
    )
    for place, url in (("a.files", "a.db"), ("b", "b.db")):
        assert files_of(Database(f"sqlite:///{tmp_path / url}", str(tmp_path / place))) == expected
    monkeypatch.setenv("KINDRED_STORE", f"sqlite:///{tmp_path / 'mine.db'}")
    main(["store", "copy", f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'mine.db'}"])
    assert files_of(Database(f"sqlite:///{tmp_path / 'mine.db'}")) == expected
    assert (tmp_path / "of KINDRED_STORE").is_dir()


def test_runs_at_work_end_it_with_a_sentence_that_names_them(store, tmp_path, capsys):
    run_id, token = running(store)
    to = f"sqlite:///{tmp_path / 'to.db'}"
    assert main(["store", "copy", store.url, to]) == 2
    output = capsys.readouterr()
    assert "copied: runs 6," in output.out and f"not copied: {run_id}; wait" in output.err
    store.write(run_id, token, status="finished")
    assert "copied: runs 1," in printed(capsys, "store", "copy", store.url, to)


def test_what_would_go_is_listed_and_stays_and_what_went_is_told(store, capsys):
    first, second = stock(store)
    told = json.loads(printed(capsys, "prune", "--older-than", "1d", "--dry-run", "--json"))
    assert told["dry_run"] and [run["id"] for run in told["runs"]] == [first, second]
    assert told["bytes"] == sum(run["bytes"] for run in told["runs"]) > 2_000_000 and told["orphans"] == []
    assert "would remove: runs 2, " in printed(capsys, "prune", "--older-than", "1d", "--dry-run")
    assert {first, second} < {run.id for run in store.runs()}
    assert "removed: runs 0, orphans 0, 0.0 MB" in printed(
        capsys, "prune", "--older-than", "2w", "--status", "failed,cancelled", "--orphans"
    )
    listed = printed(capsys, "prune", "--older-than", "12h", "--status", "finished")
    assert first in listed and listed.endswith(f"removed: runs 2, {told['bytes'] / 1e6:.1f} MB\n")
    assert not {first, second} & {run.id for run in store.runs()}
    assert len(store.runs()) == 6  # published matrices go only if asked for
    printed(capsys, "prune", "--older-than", "0h", "--origin", "published,imported")
    assert store.runs() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prune"], "--older-than"),
        (["prune", "--older-than", "30"], "'30' is no age; write hours, days or weeks, as in 12h, 30d or 8w"),
        (["prune", "--older-than", "1d", "--status", "running"], "'running' is none of finished, failed"),
        (["prune", "--older-than", "1d", "--origin", "mine"], "'mine' is none of trained, tracked"),
        (["store"], "required: COMMAND"),
        (["store", "copy", "sqlite:///a.db"], "required: TO"),
    ],
)
def test_words_that_cannot_be_read_are_one_sentence(arguments, said, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(arguments)
    error = capsys.readouterr().err
    assert refusal.value.code == 2 and error.startswith("kindred: ") and error.count("\n") == 1 and said in error


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("{tmp_path}/none.db", "{tmp_path}/to.db", "no such file"),
        ("{tmp_path}/kindred.db", "{tmp_path}/kindred.db", "name another one"),
        ("{tmp_path}/kindred.db", "/proc/nowhere/to.db", "/proc/nowhere/to.db failed"),
    ],
)
def test_what_cannot_be_copied_is_one_sentence(store, tmp_path, capsys, source, target, said):
    urls = (f"sqlite:///{each.format(tmp_path=tmp_path)}" for each in (source, target))
    assert main(["store", "copy", *urls]) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and error.count("\n") == 1 and said in error
