import json

import numpy as np
import pytest

from engine.cli import main
from engine.datasets.loading import load_dataset
from engine.datasets.settings import DataSettings
from engine.runs.store import Store
from engine.training.bundle import load_bundle

SMALL = ["--width", "8", "--epochs", "3", "--patience", "2", "--samples", "200"]


@pytest.fixture
def store(tmp_path):
    return f"sqlite:///{tmp_path / 'kindred.db'}"


def told(capsys, *arguments):
    assert main(list(arguments)) == 0
    return json.loads(capsys.readouterr().out)


def test_advice_on_a_published_study_has_nothing_left_to_train(store, capsys):
    found = told(capsys, "advise", "setting1", "--budget", "2.5", "--json", "--store", store)
    assert found["known"] == found["networks"] == 36 and found["next"] == [] and found["bound"] == 0
    (grouping,) = found["groupings"]
    assert {task for network in grouping["networks"] for task in network["serves"]} == {
        "semantic_segmentation", "depth", "normals", "keypoints", "edges",
    }  # fmt: skip
    assert sum(network["cost"] for network in grouping["networks"]) <= 2.5


def test_a_replay_tells_every_way_and_the_advisors_flow(store, capsys):
    found = told(capsys, "replay", "setting2", "--json", "--store", store)
    assert np.mean(found["ways"]["HOA"]["regret"]) == pytest.approx(0.356, abs=0.001)
    assert found["ways"]["TAG"]["regret"][0] is None
    assert [step["networks"] for step in found["advisor"]][:3] == [5, 6, 7]
    assert main(["replay", "setting2", "--budget", "2", "--store", store]) == 0
    assert "HOA" in capsys.readouterr().out


def test_an_allowance_is_spent_by_the_advisors_word_and_its_steps_are_kept(store, capsys):
    arguments = ["--dataset", "yeast", "--tasks", "Class1,Class2,Class3", "--networks", "whole", *SMALL]
    assert main(["measure", *arguments, "--allowance", "20", "--budget", "2", "--store", store]) == 0
    run_id = capsys.readouterr().out.splitlines()[-1]
    kept = Store(store)
    advice = kept.artifact(run_id, "advice")
    assert advice["ended"] and advice["steps"][0]["networks"] == 3
    assert sum(each.snt_epochs for each in kept.measurements()) <= 20
    found = told(capsys, "advise", run_id, "--budget", "2", "--json", "--store", store)
    assert found["known"] == advice["steps"][-1]["networks"] < found["networks"]


def test_the_advised_grouping_is_written_and_trained_as_its_study_was(store, tmp_path, capsys):
    arguments = ["--dataset", "yeast", "--tasks", "Class1,Class2,Class3", "--networks", "whole", *SMALL]
    assert main(["measure", *arguments, "--name", "mine", "--store", store]) == 0
    measured = len(Store(store).measurements())
    file = tmp_path / "mine.json"
    assert main(["advise", "mine", "--budget", "2", "--grouping", str(file), "--store", store]) == 0
    content = json.loads(file.read_text())
    assert content["direction"] == "lower is better" and content["proved_optimal"]
    capsys.readouterr()
    assert main(["train", "--grouping", str(file), "--store", store]) == 0
    assert len(Store(store).measurements()) == measured  # all of it was known
    bundle = load_bundle(tmp_path / "mine")
    assert sorted(bundle.tasks) == ["Class1", "Class2", "Class3"]
    assert main(["advise", "mine", "--grouping", str(file), "--store", store]) == 2
    assert "give --budget SNT" in capsys.readouterr().err


def test_a_grouping_is_trained_and_written_as_a_bundle(store, tmp_path, capsys):
    losses = tmp_path / "losses.csv"
    losses.write_text(
        "network,cost_snt,task,loss\nClass1+Class2,1,Class1,0.5\nClass1+Class2,1,Class2,0.5\nClass3,0.5,Class3,0.4\n"
    )
    assert main(["solve", "--losses", str(losses), "--budget", "1.5", "--json", "--store", store]) == 0
    grouping = tmp_path / "mine.json"
    grouping.write_text(capsys.readouterr().out)
    command = ["train", "--grouping", str(grouping), "--dataset", "yeast", *SMALL, "--store", store]
    assert main(command) == 0
    written = capsys.readouterr().out.splitlines()
    assert written[-1] == str(tmp_path / "mine" / "bundle.json") and written[0].startswith("Class1: validation 0.")
    samples = load_dataset(DataSettings("yeast")).test[0]
    outputs = load_bundle(tmp_path / "mine").predict(samples.inputs)
    assert {name: values.shape for name, values in outputs.items()} == {
        f"Class{number}": (len(samples), 1) for number in (1, 2, 3)
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["advise", "nothing"], "There is no study 'nothing'"),
        (["advise", "setting1", "--budget", "0.2"], "budgets go in half steps"),
        (["train", "--grouping", "absent.json"], "'absent.json' cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(store, capsys, arguments, sentence):
    assert main([*arguments, "--store", store]) == 2
    assert sentence in capsys.readouterr().err


def test_a_grouping_of_no_training_and_one_of_other_tasks_are_refused(store, tmp_path, capsys):
    losses = tmp_path / "losses.csv"
    losses.write_text("network,cost_snt,task,loss\na+b,1,a,0.5\na+b,1,b,0.5\n")
    assert main(["solve", "--losses", str(losses), "--budget", "1", "--json", "--store", store]) == 0
    grouping = tmp_path / "mine.json"
    grouping.write_text(capsys.readouterr().out)
    assert main(["train", "--grouping", str(grouping), "--store", store]) == 2
    assert "it is not known how to train" in capsys.readouterr().err
    assert main(["train", "--grouping", str(grouping), "--dataset", "yeast", "--store", store]) == 2
    assert "The grouping has a task 'a'" in capsys.readouterr().err
