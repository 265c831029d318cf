import json
import shutil

import numpy as np
import pytest
import torch

from engine.errors import KindredError
from engine.runs.study_config import StudyConfig
from engine.studies.study import TEST, VALIDATION
from engine.training.bundle import Served, load_bundle, write_bundle
from engine.training.losses import Tally
from engine.training.study_session import StudySession
from tests.engine.training.studying import StudyMemory, dataset

CONFIG = StudyConfig(
    "digits", networks="sign+third,sum@0.5", width=12, batch_size=8, learning_rate=0.1, epochs=4, patience=2
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    sink, session = StudyMemory(folder), StudySession(CONFIG, dataset())
    assert session.run(sink)
    serves = {("sign", "third"): ("sign", "third"), ("sum",): ("sum",)}
    served = [Served(each, serves[each.tasks]) for each in sink.shelf.measured.values()]
    path = write_bundle(folder / "mine", served, CONFIG, dataset(), sink.networks, {"grouping": "mine.json"})
    return path.parent, {task: each.measurement for each in served for task in each.serves}


def test_it_predicts_exactly_what_the_training_measured(written):
    folder, measured = written
    bundle, data = load_bundle(folder), dataset()
    for split in (VALIDATION, TEST):
        (samples,) = getattr(data, split)
        outputs = bundle.predict(samples.inputs)
        for task in data.tasks:
            tally = Tally(task)
            tally.add(torch.from_numpy(outputs[task.name]), torch.from_numpy(samples.labels[task.name]), False)
            place = measured[task.name].tasks.index(task.name)
            assert np.float32(tally.loss) == np.float32(measured[task.name].losses[split][place])
            assert np.float32(tally.metric) == np.float32(measured[task.name].metrics[split][place])


def test_it_says_what_each_network_serves_and_how_well(written):
    folder, measured = written
    content = json.loads((folder / "bundle.json").read_text())
    assert content["format"] == "kindred.bundle/1" and content["dataset"] == "digits"
    assert {task for network in content["networks"] for task in network["serves"]} == {"sign", "third", "sum"}
    for network in content["networks"]:
        assert (folder / network["file"]).exists()
        for task, loss in network["losses"][TEST].items():
            assert loss == measured[task].losses[TEST][measured[task].tasks.index(task)]


def test_some_tasks_alone_can_be_asked_for(written):
    bundle = load_bundle(written[0])
    inputs = dataset().test[0].inputs
    assert np.array_equal(bundle.predict(inputs, ["sum"])["sum"], bundle.predict(inputs)["sum"])
    assert set(bundle.predict(inputs, ["sum"])) == {"sum"}


@pytest.mark.parametrize(
    ("inputs", "tasks", "sentence"),
    [
        (np.zeros((2, 1, 4, 4)), ["depth"], "serves no task 'depth'; it serves"),
        (np.zeros((2, 1, 5, 4)), None, r"has the shape \(1, 5, 4\); the networks take \(1, 4, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(written, inputs, tasks, sentence):
    with pytest.raises(KindredError, match=sentence):
        load_bundle(written[0]).predict(inputs, tasks)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content | {"format": "kindred.bundle/9"}, "its format must be kindred.bundle/1"),
        (lambda content: content | {"networks": [{"file": "../../etc/passwd"}]}, "must be one in the bundle's own"),
        (lambda content: content | {"networks": [{"file": "network-1.safetensors"}]}, "is damaged"),
        (lambda content: {name: value for name, value in content.items() if name != "networks"}, "is damaged"),
    ],
)
def test_a_bundle_that_was_tampered_with_is_refused(written, tmp_path, change, sentence):
    folder, _ = written
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    content = json.loads((folder / "bundle.json").read_text())
    (tmp_path / "bundle.json").write_text(json.dumps(change(content)))
    with pytest.raises(KindredError, match=sentence):
        load_bundle(tmp_path)


def test_no_bundle_and_damaged_weights_are_told(written, tmp_path):
    with pytest.raises(KindredError, match="There is no bundle in"):
        load_bundle(tmp_path)
    for file in written[0].iterdir():
        (tmp_path / file.name).write_bytes(
            file.read_bytes()[:50] if file.suffix == ".safetensors" else file.read_bytes()
        )
    with pytest.raises(KindredError, match="cannot be read"):
        load_bundle(tmp_path)


def test_a_bundle_runs_no_code_unless_that_is_asked_for(written, tmp_path):
    folder, _ = written
    content = json.loads((folder / "bundle.json").read_text())
    for name in ("trunk", "heads"):
        changed = json.loads(json.dumps(content))
        changed["networks"][0]["settings"][name] = "tests.engine.training.test_bundle:never"
        shutil.copytree(folder, tmp_path / name)
        (tmp_path / name / "bundle.json").write_text(json.dumps(changed))
        with pytest.raises(KindredError, match="code that would be run"):
            load_bundle(tmp_path / name)
        with pytest.raises(KindredError, match="it was called"):
            load_bundle(tmp_path / name, own_code=True)


def never(*_):
    raise KindredError("it was called")


def test_a_description_of_a_huge_network_takes_no_memory(written, tmp_path):
    folder, _ = written
    content = json.loads((folder / "bundle.json").read_text())
    content["networks"][0]["settings"] |= {"width": 16_384, "depth": 64}
    shutil.copytree(folder, tmp_path / "huge")
    (tmp_path / "huge" / "bundle.json").write_text(json.dumps(content))
    with pytest.raises(KindredError, match="is damaged"):
        load_bundle(tmp_path / "huge")
