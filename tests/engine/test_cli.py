"""The command line, as its users and other tools call it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.affinity.series import Window
from engine.cli import main
from engine.grouping.export import from_file

ROOT = Path(__file__).parents[2]


def engine(*arguments):
    """A real process; the store comes from the environment."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def matrix_csv(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(",a,b,c\na,9,1,-1\nb,2,9,-2\nc,-3,1,9\n")
    return str(path)


def printed(capsys, *arguments):
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_a_run_from_start_to_grouping_file(store_url):
    done = engine(
        "run", "--dataset", "yeast", "--epochs", "2", "--affinity", "lookahead", "--every", "1", "--seed", "0"
    )
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.splitlines()[-1]

    listed = {run["id"]: run for run in json.loads(engine("runs", "--json").stdout)}
    assert listed[run_id]["status"] == "finished" and listed[run_id]["step"] == 44

    affinity = json.loads(engine("affinity", run_id, "--from", "10", "--to", "30", "--json").stdout)
    assert affinity["orientation"] == "source,target" and affinity["updates"] == 20
    assert np.array(affinity["affinity"]).shape == np.array(affinity["standard_error"]).shape == (14, 14)
    assert affinity["tasks"] == [f"Class{number}" for number in range(1, 15)]

    grouping = engine("solve", "--run", run_id, "--serve", "Class1,Class2,Class3", "--budget", "2", "--json").stdout
    solution, source = from_file(grouping)
    assert solution.problem.serving == ("Class1", "Class2", "Class3") and solution.proved_optimal
    assert (source["run"], source["from"], source["to"], source["updates"]) == (run_id, 0, 44, 44)

    assert engine("delete", run_id).returncode == 0
    assert run_id not in engine("runs").stdout


def test_a_detached_run_can_be_cancelled_and_resumed(store):
    done = engine("run", "--dataset", "digits", "--epochs", "3000", "--detach")
    run_id = done.stdout.strip()
    assert store.run(run_id).status in ("queued", "running")
    assert engine("cancel", run_id).returncode == 0
    resumed = None
    for _ in range(100):
        if store.run(run_id).status == "cancelled":
            resumed = engine("resume", run_id, "--detach")
            break
        subprocess.run(["sleep", "0.2"])
    assert resumed is not None and resumed.stdout.strip() == run_id
    assert engine("cancel", run_id).returncode == 0


def test_seeds_are_worked_off_as_one_group(store):
    done = engine(
        "run", "--dataset", "digits", "--epochs", "2", "--seeds", "2", "--seed", "5", "--name", "both", "--window", "4",
        "--affinity", "lookahead",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second, last = done.stdout.split()
    assert last == first and first != second
    members = store.group(first)
    assert [(run.id, run.status, run.config["seed"]) for run in members] == [
        (first, "finished", 5),
        (second, "finished", 6),
    ]
    for named in (first, second):
        content = json.loads(engine("affinity", named, "--group", "--json").stdout)
        each = [store.series(run_id).mean() for run_id in (first, second)]
        assert content["seeds"] == 2 and content["updates"] == sum(mean.updates for mean in each)
        np.testing.assert_allclose(content["affinity"], np.mean([mean.affinity for mean in each], axis=0))
        np.testing.assert_allclose(content["spread"], np.std([mean.affinity for mean in each], axis=0, ddof=1))
        assert 0 <= content["reliability"] <= 1 and np.isin(content["agreement"], (0.5, 1)).all()


def tracked(store, counts):
    """A run that someone's own loop has written: ten windows of ten updates each."""
    run_id, token = store.create_tracked("my loop", ["a", "b", "c"], {}, "affinity per unit of step size")
    random = np.random.default_rng(0)
    for place in range(10):
        total = np.where(counts > 0, np.arange(9.0).reshape(3, 3) + random.normal(size=(3, 3)), 0).astype(np.float32)
        store.write(run_id, token, [Window(place * 10, place * 10 + 10, 10, total, total**2, counts)], step=100)
    return run_id


def test_affinity_says_how_sure_it_is_and_leaves_out_counts_of_all_updates(store, capsys):
    run_id = tracked(store, np.full((3, 3), 10))
    content = json.loads(printed(capsys, "affinity", run_id, "--json"))
    assert content.keys() == {
        "run", "reading", "from", "to", "tasks", "orientation", "affinity", "standard_error", "updates", "batches",
        "reliability",
    }  # fmt: skip
    assert (content["updates"], content["batches"]) == (100, 10) and 0.8 < content["reliability"] <= 1


def test_pairs_that_were_never_observed_are_null_and_counted(store, capsys):
    counts = np.array([[10, 10, 0], [10, 10, 10], [0, 4, 10]])
    run_id = tracked(store, counts)
    content = json.loads(printed(capsys, "affinity", run_id, "--json"))
    assert content["affinity"][0][2] is content["standard_error"][0][2] is None
    assert content["counts"] == (10 * counts).tolist()
    assert "NaN" in printed(capsys, "affinity", run_id)


def test_solve_leaves_out_an_auxiliary_that_was_never_observed_and_refuses_a_serving_task(store, capsys):
    run_id = tracked(store, np.array([[10, 10, 0], [10, 10, 10], [0, 4, 10]]))
    assert main(["solve", "--run", run_id, "--budget", "2"]) == 2
    error = capsys.readouterr().err
    assert "'a' onto 'c' was never observed" in error and "observe longer" in error and error.count("\n") == 1
    assert main(["solve", "--run", run_id, "--serve", "a,b", "--budget", "2", "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["tasks"] == ["a", "b"] and output.err.endswith("never observed: c\n")


def test_a_run_of_unknown_length_is_listed_by_its_step_alone(store, capsys):
    run_id = tracked(store, np.full((3, 3), 10))
    (line,) = [line for line in printed(capsys, "runs").splitlines() if line.startswith(run_id)]
    assert line.split() == [run_id, "running", "100", "3", "tasks", "my", "loop"]


def test_solve_prints_exactly_the_promised_fields(matrix_csv, capsys):
    file = json.loads(printed(capsys, "solve", "--affinity", matrix_csv, "--budget", "1", "--json"))
    assert file.keys() == {
        "format", "tasks", "orientation", "affinity", "serving", "budget", "networks", "value", "bound", "gap",
        "proved_optimal", "direction", "aggregate", "singleton", "solver", "source",
    }  # fmt: skip
    assert file["format"] == "kindred.grouping/1"
    assert file["networks"] == [{"tasks": ["a", "b", "c"], "serves": ["a", "b", "c"], "cost": 1.0}]
    assert file["value"] == pytest.approx(((2 - 3) / 2 + (1 + 1) / 2 + (-1 - 2) / 2) / 3)
    assert file["solver"].keys() == {"name", "seconds"}


def test_without_a_budget_solve_prints_one_grouping_for_each(matrix_csv, capsys):
    files = json.loads(printed(capsys, "solve", "--affinity", matrix_csv, "--json"))
    assert [file["budget"] for file in files] == [1, 2, 3]
    assert files[0]["value"] < files[1]["value"] <= files[2]["value"]


@pytest.mark.parametrize(("rule", "scores"), [("diagonal", (9, 9, 9)), ("0.5", (2, 1, 0.5)), ("-1", (2, 1, -1))])
def test_the_singleton_rule_reaches_the_solver(matrix_csv, capsys, rule, scores):
    """With a network for each task, each takes its best helper alone, or none."""
    arguments = "solve", "--affinity", matrix_csv, "--serve", "a,b,c", "--budget", "3", "--singleton", rule, "--json"
    assert json.loads(printed(capsys, *arguments))["value"] == pytest.approx(sum(scores) / 3)


def test_npy_needs_names_and_reads_rows_as_sources(tmp_path, capsys):
    path = tmp_path / "m.npy"
    np.save(path, np.array([[0.0, 5.0], [1.0, 0.0]]))
    file = json.loads(printed(capsys, "solve", "--affinity", str(path), "--tasks", "a,b", "--serve", "b", "--json"))[0]
    assert file["value"] == 5.0


def test_a_run_of_its_own_is_no_group(store, capsys):
    run_id = store.runs()[0].id
    assert main(["affinity", run_id, "--group"]) == 2
    assert "in no group of seeds; leave out --group" in capsys.readouterr().err


def test_affinity_of_a_single_update_has_no_standard_error(store, capsys):
    content = json.loads(printed(capsys, "affinity", store.runs()[0].id, "--json"))
    assert content["standard_error"][0] == [None] * 9


def test_datasets_are_listed(capsys):
    listed = printed(capsys, "datasets")
    assert "yeast" in listed and "digits" in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["solve", "--affinity", "CSV", "--serve", "a,x"], "'x'"),
        (["solve", "--affinity", "CSV", "--budget", "0"], "budgets go in half steps from 0.5 SNT on"),
        (["solve", "--affinity", "CSV", "--aggregate", "max"], "'max'"),
        (["solve", "--affinity", "CSV", "--singleton", "maybe"], "'maybe'"),
        (["solve", "--affinity", "/nowhere.csv"], "cannot be read"),
        (["solve", "--run", "nope"], "no run 'nope'"),
        (["affinity", "nope"], "no run 'nope'"),
        (["cancel", "nope"], "no run 'nope'"),
        (["affinity", "nope", "--group"], "no group 'nope'"),
        (["resume", "nope"], "no run 'nope'"),
        (["delete", "nope"], "no run 'nope'"),
        (["run", "--dataset", "yeast", "--epochs", "0"], "Epochs is 0"),
        (["run", "--dataset", "yeast", "--seeds", "0"], "number of seeds is 0"),
        (["run", "--dataset", "nope"], "no dataset 'nope'"),
        (["runs", "--store", "nonsense"], "neither an SQLite file"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, said, matrix_csv, store_url, capsys):
    arguments = [matrix_csv if argument == "CSV" else argument for argument in arguments]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and error.count("\n") == 1
    assert said in error


@pytest.mark.parametrize(
    "arguments", [["solve", "--affinity", "m.csv", "--budget", "many"], ["run"], ["solve"], ["run", "--epochs", "many"]]
)
def test_words_that_cannot_be_read_are_one_sentence_too(arguments, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(arguments)
    error = capsys.readouterr().err
    assert refusal.value.code == 2
    assert error.startswith("kindred: ") and error.count("\n") == 1 and "--help" in error


def test_a_foreground_run_says_why_it_could_not_go_on(store_url):
    done = engine("run", "--dataset", "yeast", "--batch-size", "9999")
    assert done.returncode == 2
    assert "Batch size is 9999" in done.stderr and "Traceback" not in done.stderr
