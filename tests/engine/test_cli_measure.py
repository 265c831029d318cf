"""``measure`` and ``study`` on the command line, and the workers behind them."""

import json

import numpy as np
import pytest

from engine.cli import main
from engine.grouping.losses import read_losses
from engine.runs.configs import config_of
from engine.runs.studies import study_of
from engine.studies.files import from_json

TASKS = ["--dataset", "yeast", "--tasks", "Class1,Class2,Class3", "--samples", "200"]
SHORT = [*TASKS, "--epochs", "3", "--patience", "2"]


def printed(capsys, *arguments):
    assert main(arguments) == 0
    return capsys.readouterr()


def refused(capsys, *arguments):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and error.count("\n") == 1
    return error


def test_measure_tells_the_cost_before_and_prints_a_table_and_the_run(store, capsys):
    measure = ["measure", *SHORT, "--networks", "whole", "--seeds", "2", "--name", "mine"]
    told = printed(capsys, *measure)
    before = "20 trainings of 3 tasks, of which 0 are known; the others cost 51 SNT-epochs at most"
    assert before in told.err and "SNT-epochs trained" in told.err
    lines = told.out.splitlines()
    assert lines[0].split() == ["tasks", "SNT", "seeds", "validation", "test", "epochs"] and len(lines) == 13
    run = store.run(lines[-1])
    assert (run.status, run.step, run.steps, run.name) == ("finished", 20, 20, "mine")
    assert run.tasks == ("Class1", "Class2", "Class3") and run.step_seconds > 0
    study = study_of(store, run.id)
    row = study.place(("Class1", "Class3"))
    network, snt, seeds, validation, _, spread, test, epochs = next(
        line.split() for line in lines if line.startswith("Class1+Class3")
    )
    assert (snt, seeds) == ("1", "2") and float(epochs) == pytest.approx(study.epochs[row], abs=0.05)
    assert float(validation) == pytest.approx(np.nanmean(study.losses["validation"][row]), abs=1e-4)
    assert float(spread) == pytest.approx(np.nanmean(study.spread["validation"][row]), abs=1e-4)
    assert float(test) == pytest.approx(np.nanmean(study.losses["test"][row]), abs=1e-4)

    again = printed(capsys, *measure)
    assert "20 trainings of 3 tasks, of which 20 are known; the others cost 0 SNT-epochs" in again.err
    assert again.out.splitlines()[:-1] == lines[:-1] and len(store.measurements()) == 20


def test_a_study_is_exported_to_the_last_bit_and_grouped_by_the_solver(store, capsys, tmp_path):
    measure = ["measure", *SHORT, "--networks", "half_singles,singles,pairs,all_in_one", "--observe"]
    found = json.loads(printed(capsys, *measure, "--affinity", "lookahead", "--json").out)
    assert found["status"] == "finished"
    study = study_of(store, found["run"])
    for text in (printed(capsys, "study", found["run"], "--json").out, json.dumps(found["study"])):
        again = from_json(text)
        assert again.networks == study.networks
        np.testing.assert_array_equal(again.losses["test"], study.losses["test"])
        np.testing.assert_array_equal(again.affinity, store.series(found["run"]).mean().affinity)
    content = printed(capsys, "study", found["run"], "--csv").out
    assert len(read_losses(content.encode(), "s.csv").candidates(split="validation")[0]) == len(study.networks) == 10
    path = tmp_path / "losses.csv"
    path.write_text(content)
    solve = ["solve", "--losses", str(path), "--split", "validation", "--score", "test", "--budget", "2"]
    assert "budget 2" in printed(capsys, *solve).out


def test_published_settings_are_studies_too(store, capsys):
    lines = printed(capsys, "study", "setting1").out.splitlines()
    assert len(lines) == 1 + 36 + 1 and lines[1].split()[:2] == ["semantic_segmentation", "0.5"]
    assert len(from_json(printed(capsys, "study", "setting2", "--json").out).networks) == 36
    assert "choose of setting1" in refused(capsys, "study", "mine")


def test_the_settings_of_a_study_come_back_from_the_store(store, capsys):
    printed(capsys, "measure", *SHORT, "--networks", "singles", "--workers", "2", "--early-share", "0.5", "--detach")
    config = config_of(store.runs()[0].config)
    assert (config.kind, config.networks, config.workers, config.early_share) == ("study", "singles", 2, 0.5)
    assert config_of(config.to_json()) == config
    store.request_cancel(store.runs()[0].id)


def test_what_cannot_be_measured_is_refused_before_there_is_a_run(store, capsys):
    for more, said in (
        (["--networks", "Class1+Class9"], "no task 'Class9'"),
        (["--networks", "Class1@0"], "write SNT from"),
        (["--tasks", "Class1"], "two tasks or more"),
        (["--tasks", "", "--networks", "whole"], "14 tasks has 2^14"),
        (["--seeds", "0"], "Seeds is 0"),
        (["--observe", "--affinity", "none"], "estimator is none"),
    ):
        assert said in refused(capsys, "measure", *SHORT, *more)
    assert not [run for run in store.runs() if run.origin == "trained"]


def test_a_study_in_which_a_training_fails_keeps_the_others_and_says_so(store, capsys):
    assert main(["measure", *SHORT, "--networks", "Class1@0.01,Class2@100", "--width", "4000", "--json"]) == 2
    run = store.runs()[0]
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == run.status == "failed" and len(store.measurements()) == 1
    assert "1 of 2 networks could not be measured; the others are kept. Class2@100, seed 0: " in run.error
    assert "wider than 16384" in run.error and "choose a smaller capacity" in run.error
    assert main(["resume", run.id]) == 2 and len(store.measurements()) == 1
