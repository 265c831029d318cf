"""``linear`` and ``federated`` on the command line, and the workers behind them."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.affinity.matrix import AffinityMatrix
from engine.cli import main
from engine.federated.session import FederatedSession
from engine.regularized.graph_laplacian import tied_pairs
from engine.regularized.session import LinearSession
from engine.runs.configs import FederatedConfig, LinearConfig
from engine.runs.launching.local import start_worker
from tests.engine.sinks import Memory

ROOT = Path(__file__).parents[2]
SLANTS = ("slant of 0", "slant of 1", "slant of 7")
TASKS = ["--dataset", "digit_slants", "--tasks", ",".join(SLANTS)]
LINEAR = ["linear", *TASKS, "--methods", "independent,mean_regularized", "--sizes", "10,all", "--seeds", "2"]
FEDERATED = ["federated", *TASKS, "--rounds", "20", "--drop", "0.3"]


def printed(capsys, *arguments):
    assert main(arguments) == 0
    return capsys.readouterr().out


def refused(capsys, *arguments):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and error.count("\n") == 1
    return error


@pytest.fixture
def houses(tmp_path):
    """A table of two prices."""
    path = tmp_path / "houses.csv"
    random = np.random.default_rng(0)
    rows = random.normal(size=(60, 3))
    prices = rows @ [[1.0, 1.2], [2.0, 1.8], [0.0, 0.1]] + 0.1 * random.normal(size=(60, 2))
    lines = [",".join(map(str, line)) for line in np.hstack([rows, prices]).round(6)]
    path.write_text("\n".join(["rooms,size,age,price,rent", *lines]))
    return path


def test_linear_prints_its_table_and_then_the_run(store, capsys):
    lines = printed(capsys, *LINEAR).splitlines()
    assert lines[0].split() == ["10", "all", "(107–109)"]
    assert [line.split()[0] for line in lines[1:3]] == ["independent", "mean_regularized"]
    assert lines[1].count("±") == 1 and "mean squared error" in lines[3] and "95 %" in lines[3]
    run = store.run(lines[-1])
    assert run.status == "finished" and run.tasks == SLANTS and (run.step, run.steps) == (8, 8)
    assert run.metrics == ("R²",) * 3 and run.parameters is run.cost is None and run.step_seconds > 0
    assert not (store.files(run.id) / "checkpoint.npz").exists()


def test_linear_as_json_holds_every_row_and_the_means(store, capsys):
    found = json.loads(printed(capsys, *LINEAR, "--json"))
    assert found["status"] == "finished" and len(found["rows"]) == 2 * 2 * 2
    assert [(mean["method"], mean["size"], mean["seeds"]) for mean in found["means"]] == [
        ("independent", 10, 2),
        ("independent", None, 1),
        ("mean_regularized", 10, 2),
        ("mean_regularized", None, 1),
    ]
    assert found["means"][1]["half_width"] is None
    assert store.artifact(found["run"], "learning curves")["rows"] == found["rows"]


def test_federated_prints_gaps_bytes_and_errors(store, capsys):
    lines = printed(capsys, *FEDERATED).splitlines()
    assert "final gap" in lines[0] and "rounds to 0.0001" in lines[0] and "kB up" in lines[0]
    assert [line.split()[0] for line in lines[1:4]] == ["mocha", "fedavg", "local"]
    assert "after 20 rounds of 3 clients" in lines[4]
    run = store.run(lines[-1])
    assert run.status == "finished" and (run.step, run.steps) == (60, 60)
    assert "MOCHA" in run.quantity and store.readings(run.id) == ("federated_relation",)


def test_clients_in_processes_of_their_own_find_the_same_bits(store, capsys):
    few = ["--methods", "mocha,local", "--rounds", "3", "--json"]
    found = json.loads(printed(capsys, *FEDERATED, *few, "--clients", "processes", "--relation", "learned"))
    config = FederatedConfig(
        "digit_slants", tasks=TASKS[-1], methods="mocha,local", rounds=3, drop=0.3, relation="learned"
    )
    here = Memory()
    assert FederatedSession(config).run(here)
    assert found["methods"] == here.artifacts["rounds"]["methods"]
    assert found["outcomes"].keys() == {"mocha", "local"} and found["outcomes"]["local"]["up"] == 0


def test_the_affinity_of_another_run_is_the_relation_matched_by_name(store, capsys):
    names = ("slant of 7", "slant of 4", "slant of 1", "slant of 0")
    values = np.arange(16.0).reshape(4, 4)
    other = store.add_matrix(AffinityMatrix(names, values), "other")
    graph = ["--methods", "graph_laplacian", "--sizes", "10", "--seeds", "1"]
    run_id = printed(capsys, "linear", *TASKS, *graph, "--relation", other).splitlines()[-1]
    places = [3, 2, 0]
    wanted = values[np.ix_(places, places)]
    assert store.run(run_id).config["relation"] == wanted.tolist()
    np.testing.assert_allclose(
        store.series(run_id, "regulariser_graph").mean().affinity, tied_pairs(wanted, 3), rtol=1e-6
    )

    similar = ["--relation", "similarity", "--matrix", other, "--methods", "mocha", "--rounds", "2"]
    run_id = printed(capsys, "federated", *TASKS, *similar).splitlines()[-1]
    np.testing.assert_allclose(store.run(run_id).config["matrix"], tied_pairs(wanted, 3))


def test_the_relation_may_come_from_a_file(store, tmp_path, capsys):
    path = tmp_path / "relation.csv"
    path.write_text(",slant of 1,slant of 0,slant of 7\nslant of 1,0,1,2\nslant of 0,1,0,3\nslant of 7,2,3,0\n")
    graph = ["--methods", "graph_laplacian", "--sizes", "10", "--seeds", "1", "--relation", str(path)]
    run_id = printed(capsys, "linear", *TASKS, *graph).splitlines()[-1]
    assert store.run(run_id).config["relation"] == [[0, 1, 3], [1, 0, 2], [3, 2, 0]]


def test_a_relation_that_does_not_fit_is_refused(store, tmp_path, capsys):
    other = store.add_matrix(AffinityMatrix(("slant of 0", "b"), np.eye(2)), "other")
    error = refused(capsys, "linear", *TASKS, "--relation", other)
    assert "no task 'slant of 1' and 1 more; its tasks are slant of 0, b" in error
    assert "no run 'nothing'" in refused(capsys, "linear", *TASKS, "--relation", "nothing")
    assert "cannot be read" in refused(capsys, "linear", *TASKS, "--relation", str(tmp_path / "none.csv"))
    assert "needs a matrix" in refused(capsys, "federated", *TASKS, "--relation", "similarity")
    assert "no task 'slant of 11'" in refused(
        capsys, "linear", "--dataset", "digit_slants", "--tasks", "slant of 11", "--relation", other
    )


def test_tasks_that_linear_models_do_not_learn_end_the_run_with_the_way_out(store, capsys):
    assert main(["linear", "--dataset", "digits", "--name", "mixed"]) == 2
    error = store.runs()[0].error
    assert "all binary, or all a single real number" in error and "such as ink,height_of_centre,width" in error
    assert capsys.readouterr().out.strip() == store.runs()[0].id


def test_a_table_needs_no_data_set_and_is_kept_as_it_was(store, houses, capsys):
    linear = [
        "--table",
        str(houses),
        "--targets",
        "price,rent",
        "--methods",
        "independent",
        "--sizes",
        "10",
        "--seeds",
        "1",
    ]
    run_id = printed(capsys, "linear", *linear).splitlines()[-1]
    kept = Path(store.run(run_id).config["table"])
    assert kept.parent == store.tables and kept.read_bytes() == houses.read_bytes()
    assert store.run(run_id).config["dataset"] == "table" and store.run(run_id).tasks == ("price", "rent")
    houses.write_text("gone")
    assert main(["federated", "--table", str(kept), "--targets", "price,rent", "--rounds", "2"]) == 0
    assert Path(store.runs()[0].config["table"]) == kept


def test_networks_take_a_table_without_a_data_set_too(store, houses, capsys, monkeypatch):
    table = ["--table", houses.name, "--targets", "price,rent"]
    monkeypatch.chdir(houses.parent)
    assert "hard_sharing" in printed(capsys, "describe", *table)
    assert not store.tables.exists()
    run_id = printed(capsys, "run", *table, "--epochs", "1", "--batch-size", "8", "--affinity", "none").split()[-1]
    assert store.run(run_id).status == "finished" and Path(store.run(run_id).config["table"]).parent == store.tables


@pytest.mark.parametrize("command", ["run", "describe", "sweep", "linear", "federated"])
def test_without_a_data_set_and_a_table_a_sentence_says_so(store_url, command, capsys):
    with pytest.raises(SystemExit) as refusal:
        main([command])
    error = capsys.readouterr().err
    assert refusal.value.code == 2 and error.count("\n") == 1
    assert "with --dataset, or a file with --table" in error and "--help" in error


def test_a_cancelled_run_keeps_its_rows_and_goes_on_to_the_same_ones(store, capsys):
    config = LinearConfig(
        "digit_slants", tasks=TASKS[-1], methods="independent,mean_regularized", sizes="5,10", seeds=30
    )
    run_id = store.create(config)
    worker = start_worker(store, run_id)
    for _ in range(600):
        if store.run(run_id).step > 4:
            break
        time.sleep(0.05)
    store.request_cancel(run_id)
    assert worker.wait(60) == 0
    run = store.run(run_id)
    kept = store.artifact(run_id, "learning curves")["rows"]
    assert run.status == "cancelled" and 4 < run.step == len(kept) < run.steps == 120
    assert main(["resume", run_id]) == 0
    rows = store.artifact(run_id, "learning curves")["rows"]
    whole = Memory()
    assert LinearSession(config).run(whole)
    assert rows[: len(kept)] == kept and rows == whole.artifacts["learning curves"]["rows"]


@pytest.mark.parametrize(
    "config",
    [
        LinearConfig("digit_slants", methods="independent,pooled", sizes="5", seeds=1),
        FederatedConfig("digit_slants", methods="local", rounds=1),
    ],
)
def test_a_worker_without_a_network_loads_no_torch(store, config):
    run_id = store.create(config)
    check = (
        "import sys; from engine.runs.store import Store; from engine.runs.worker import work; "
        f"work(Store({store.url!r}), {run_id!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0
    assert store.run(run_id).status == "finished"


def test_a_table_that_cannot_be_learned_from_is_refused_before_there_is_a_run(store, tmp_path, capsys):
    lines = ["id,area,price", *(f"H{number},{number % 7},{number}" for number in range(40))]
    (tmp_path / "houses.csv").write_text("\n".join(lines), encoding="utf-8")
    for command in (["run"], ["linear", "--seeds", "1"], ["federated"], ["sweep"]):
        assert main([*command, "--table", str(tmp_path / "houses.csv"), "--targets", "price"]) == 2
        assert "'id' differs in every row" in capsys.readouterr().err
    assert main(["run", "--dataset", "celeba", "--folder", str(tmp_path)]) == 2
    assert "list_attr_celeba.txt is neither in" in capsys.readouterr().err
    assert not [run for run in store.runs() if run.origin == "trained"]
