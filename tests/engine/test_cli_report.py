"""``report`` on the command line."""

import doctest

import pytest

from engine import cli_report
from engine.cli import main
from tests.app.views.stored import learned, seeds, trained


def test_the_documentations_examples_hold():
    assert doctest.testmod(cli_report).failed == 0


def test_a_report_is_written_where_it_is_asked_for(store, tmp_path, capsys):
    path = tmp_path / "a.html"
    run_id = trained(store)
    serving = ",".join(store.run(run_id).tasks[:3])
    told = ["--budget", "2", "--serve", serving, "--steps", "20-100", "--language", "zh", "--output", str(path)]
    assert main(["report", run_id, *told]) == 0
    html = path.read_text("utf-8")
    assert capsys.readouterr().out.strip() == str(path)
    assert 'lang="zh"' in html and f"--from 20 --to 100 --budget 2 --serve {serving}" in html


def test_its_name_is_the_runs_and_nothing_is_overwritten_unasked(store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_id = trained(store)
    assert main(["report", run_id]) == 0
    path = tmp_path / f"{run_id}.html"
    path.write_text("mine")
    assert main(["report", run_id]) == 2 and path.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert main(["report", run_id, "--force"]) == 0 and path.read_text("utf-8").startswith("<!doctype html>")


def test_seeds_are_reported_as_one(store, tmp_path):
    ids = seeds(store)
    path = tmp_path / "a.html"
    assert main(["report", ids[1], "--group", "--output", str(path)]) == 0
    assert all(run_id in path.read_text("utf-8") for run_id in ids)


def test_an_animation_is_written_instead(store, tmp_path):
    path = tmp_path / "a.html"
    assert main(["report", trained(store), "--steps", "20-60", "--animation", str(path)]) == 0
    assert "steps 20 to 30" in path.read_text() and "steps 60 to 70" not in path.read_text()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (["--steps", "a-b"], "--steps has 'a-b'"),
        (["--steps", "900-1000"], "holds no window"),
        (["--serve", "nobody"], "--serve names 'nobody'"),
        (["--budget", "-1"], "budget"),
        (["--output", "/nowhere/a.html"], "cannot be written"),
        (["--group"], "is in no group"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_a_sentence(store, tmp_path, monkeypatch, capsys, told, said):
    monkeypatch.chdir(tmp_path)
    assert main(["report", trained(store), *told]) == 2
    assert said in capsys.readouterr().err and not list(tmp_path.glob("*.html"))


def test_a_run_without_affinities_is_refused(store, capsys):
    assert main(["report", learned(store), "--output", "never.html"]) == 2
    assert "has observed no affinity" in capsys.readouterr().err


def test_why_there_is_no_grouping_is_said_beside_the_report(store, tmp_path, capsys):
    path = tmp_path / "a.html"
    assert main(["report", trained(store), "--budget", "0.5", "--output", str(path)]) == 0
    assert path.exists() and "0.5" in capsys.readouterr().err
