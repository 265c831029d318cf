from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from engine.datasets.dataset import Dataset, Samples
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.studies.study import StudyNetwork, whole_study
from engine.tasks import Task
from engine.training import linearised
from engine.training.linearised import linearised_losses
from engine.training.session import Session

HERE = "tests.engine.training.test_linearised"
PLAIN = RunConfig("digits", trunk=f"{HERE}:one_layer", heads=f"{HERE}:first", affinity="none", batch_size=8, epochs=1)


SMALL = replace(PLAIN, trunk="mlp", heads="", width=8)


def one_layer(shape):
    """A trunk that is linear in its parameters."""
    return [nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 1, bias=False))]


class _Same(nn.Module):
    def forward(self, features):
        return features


def first(task, shape):
    """A head with no parameters, so that the trunk's are all there are."""
    return _Same()


def data(tasks, samples=80, features=5, seed=0, hidden=0.0):
    random = np.random.default_rng(seed)
    models = random.normal(size=(len(tasks), features))

    def split():
        inputs = random.normal(size=(samples, features)).astype(np.float32)
        labels = {}
        for task, model in zip(tasks, models, strict=True):
            score = inputs @ model + 0.5 * random.normal(size=samples)
            values = (score > 0 if task.loss == "binary_cross_entropy" else score).astype(np.float32)
            values[random.random(samples) < hidden] = np.nan
            labels[task.name] = values
        return (Samples(inputs, labels),)

    return Dataset("made", tuple(tasks), split(), split(), split())


REAL = [Task(name, "squared_error") for name in ("a", "b", "c")]
BINARY = [Task(name, "binary_cross_entropy") for name in ("a", "b")]


def stacked(dataset, names):
    (samples,) = dataset.train
    return np.concatenate([samples.inputs for _ in names]), np.concatenate([samples.labels[name] for name in names])


def test_of_a_linear_model_it_is_ridge_regression_on_the_tasks_together():
    dataset, ridge = data(REAL), 0.05
    session = Session(PLAIN, dataset)
    networks = whole_study(("a", "b", "c"))
    found = linearised_losses(session, networks, ridge=ridge)
    base = next(session.model.shared.parameters()).detach().numpy().ravel().astype(float)
    (train,), (validation,) = dataset.train, dataset.validation
    scale = np.square(train.inputs).mean()
    for row, network in enumerate(networks):
        inputs, labels = stacked(dataset, network.tasks)
        n = len(train)
        left = inputs.T @ inputs / n + ridge * scale * len(network.tasks) * np.eye(5)
        step = np.linalg.solve(left, inputs.T @ (labels - inputs @ base) / n)
        for place, task in enumerate(("a", "b", "c")):
            if task in network.tasks:
                error = validation.inputs @ (base + step) - validation.labels[task]
                assert found[row, place] == pytest.approx(np.mean(error**2), rel=1e-4)
            else:
                assert np.isnan(found[row, place])


def test_of_a_linear_classifier_it_is_logistic_regression():
    dataset, ridge = data(BINARY, samples=200), 0.02
    session = Session(PLAIN, dataset)
    with torch.no_grad():
        next(session.model.shared.parameters()).zero_()
    found = linearised_losses(session, (StudyNetwork(("a",)), StudyNetwork(("a", "b"))), ridge=ridge)
    scale = float(np.square(dataset.train[0].inputs).mean())
    for row, names in enumerate((("a",), ("a", "b"))):
        inputs, labels = stacked(dataset, names)
        strength = 1 / (2 * ridge * scale * len(dataset.train[0]) * len(names))
        fitted = LogisticRegression(C=strength, fit_intercept=False, tol=1e-10, max_iter=1000).fit(inputs, labels)
        (validation,) = dataset.validation
        score = validation.inputs @ fitted.coef_.ravel()
        loss = np.logaddexp(0, score) - validation.labels["a"] * score
        assert found[row, 0] == pytest.approx(loss.mean(), rel=1e-3)


def test_a_second_task_with_the_same_labels_changes_nothing():
    dataset = data(REAL[:2])
    same = [tuple(Samples(s.inputs, {"a": s.labels["a"], "b": s.labels["a"]}) for s in getattr(dataset, split))
            for split in ("train", "validation", "test")]  # fmt: skip
    session = Session(PLAIN, Dataset("made", dataset.tasks, *same))
    found = linearised_losses(session, (StudyNetwork(("a",)), StudyNetwork(("a", "b"))))
    assert found[1] == pytest.approx([found[0, 0]] * 2, rel=1e-4)


def test_the_order_of_the_networks_and_their_size_play_no_part():
    session = Session(SMALL, data(REAL))
    networks = whole_study(("a", "b", "c"))
    found = linearised_losses(session, networks)
    turned = linearised_losses(session, networks[::-1])
    assert turned[::-1] == pytest.approx(found, rel=1e-5, nan_ok=True)
    assert np.array_equal(found[:3], found[3:6], equal_nan=True)  # alone at half size, and at full


def test_permuting_the_tasks_permutes_the_result():
    dataset, order = data(REAL), [2, 0, 1]
    session = Session(SMALL, dataset)
    tasks = tuple(dataset.tasks[place] for place in order)
    turned = Session(SMALL, Dataset("made", tasks, dataset.train, dataset.validation, dataset.test))
    turned.model.shared.load_state_dict(session.model.shared.state_dict())
    with torch.no_grad():  # each task keeps its head
        for task in tasks:
            for other, own in zip(heads_of(turned, task), heads_of(session, task), strict=True):
                other.copy_(own)
    networks = whole_study(("a", "b", "c"))
    found = linearised_losses(session, networks, dimensions=40)
    again = linearised_losses(turned, networks, dimensions=40)
    assert again == pytest.approx(found[:, order], rel=1e-4, nan_ok=True)


def heads_of(session, task):
    """The parameters of a task's head."""
    place = [each.name for each in session.tasks].index(task.name)
    return session.model.heads.layers[place].parameters()


def test_training_goes_on_as_if_nothing_had_been_estimated():
    looked_at, left_alone = Session(SMALL, data(REAL)), Session(SMALL, data(REAL))
    for step in range(4):
        if step == 2:
            linearised_losses(looked_at, (StudyNetwork(("a", "b")),))
        looked_at.update(), left_alone.update()
    assert looked_at.model.training
    for one, other in zip(looked_at.model.parameters(), left_alone.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_samples_without_a_label_are_not_looked_at():
    dataset = data(REAL[:1], hidden=0.3)
    networks = (StudyNetwork(("a",)),)
    before = linearised_losses(Session(PLAIN, dataset), networks)
    for split in (dataset.train, dataset.validation):
        (samples,) = split
        hidden = np.isnan(samples.labels["a"])
        assert hidden.any()
        samples.inputs[hidden] = 100.0
    assert np.array_equal(linearised_losses(Session(PLAIN, dataset), networks), before)


def test_where_most_labels_are_missing_those_that_there_are_get_drawn():
    dataset, ridge = data(REAL[:1], samples=300, hidden=0.9), 0.05
    session = Session(PLAIN, dataset)
    (train,), (validation,) = dataset.train, dataset.validation
    inputs, labels = (values[~np.isnan(train.labels["a"])] for values in (train.inputs, train.labels["a"]))
    assert 10 < len(labels) < 50
    found = linearised_losses(session, (StudyNetwork(("a",)),), samples=50, ridge=ridge)
    base = next(session.model.shared.parameters()).detach().numpy().ravel().astype(float)
    left = inputs.T @ inputs / len(inputs) + ridge * np.square(inputs).mean() * np.eye(5)
    step = np.linalg.solve(left, inputs.T @ (labels - inputs @ base) / len(inputs))
    errors = validation.inputs @ (base + step) - validation.labels["a"]
    assert found[0, 0] == pytest.approx(np.nanmean(errors**2), rel=1e-4)


def test_a_sketch_comes_nearer_to_all_parameters_the_more_directions_it_has():
    session = Session(replace(PLAIN, trunk="mlp", heads="", width=32), data(REAL, features=12, samples=60))
    networks = (StudyNetwork(("a",)), StudyNetwork(("a", "b", "c")))
    exact = linearised_losses(session, networks, dimensions=10**6, ridge=0.05)
    off = []
    for count in (10, 100, 1000):
        seeds = [linearised_losses(session, networks, dimensions=count, ridge=0.05, seed=seed) for seed in range(3)]
        off.append(np.nanmean(np.abs(np.stack(seeds) - exact)))
    assert off[0] > off[1] > off[2]


def maps(loss):
    """A session of one dense task and one with classes, that share a trunk of convolutions."""
    outputs = 3 if loss == "cross_entropy" else 1
    tasks = [Task("map", loss, outputs, dense=True), Task("flat", "cross_entropy", 3)]
    random = np.random.default_rng(0)

    def split():
        inputs = random.normal(size=(30, 1, 8, 8)).astype(np.float32)
        kind = np.int64 if loss == "cross_entropy" else np.float32
        labels = (random.integers(0, outputs if outputs > 1 else 2, (30, 8, 8))).astype(kind)
        return (Samples(inputs, {"map": labels, "flat": random.integers(0, 3, 30)}),)

    dataset = Dataset("made", tuple(tasks), split(), split(), split())
    config = RunConfig("rooms", trunk="encoder", width=4, depth=2, affinity="none", batch_size=8, epochs=1)
    return Session(config, dataset)


@pytest.mark.parametrize("loss", ["cross_entropy", "absolute_error", "squared_error", "binary_cross_entropy"])
def test_maps_and_classes_have_losses_too(loss):
    found = linearised_losses(maps(loss), whole_study(("map", "flat")), dimensions=50)
    assert np.isfinite(found[-1]).all() and (found[-1] > 0).all()


def test_without_a_step_to_take_the_losses_are_those_of_the_base(monkeypatch):
    monkeypatch.setattr(linearised, "PLACES", 200)
    session = maps("cross_entropy")
    places, flat = linearised_losses(session, (StudyNetwork(("map", "flat")),), dimensions=20, ridge=1e9)[0]
    wanted = session.evaluate("validation").losses
    assert places == pytest.approx(wanted[0], rel=0.03)  # of places drawn
    assert flat == pytest.approx(wanted[1], rel=1e-4)


def test_how_many_gradients_are_held_at_a_time_changes_nothing(monkeypatch):
    networks = whole_study(("map", "flat"))
    found = linearised_losses(maps("cross_entropy"), networks, dimensions=50)
    monkeypatch.setattr(linearised, "NUMBERS", 1)
    one_by_one = linearised_losses(maps("cross_entropy"), networks, dimensions=50)
    assert one_by_one == pytest.approx(found, rel=1e-3, nan_ok=True)


def test_no_graph_outlives_the_gradients_of_a_piece(monkeypatch):
    sketched = []
    sketch = linearised._Sketch.__call__

    def watched(self, gradients):
        sketched.append(sketch(self, gradients))
        return sketched[-1]

    monkeypatch.setattr(linearised._Sketch, "__call__", watched)
    linearised_losses(maps("absolute_error"), (StudyNetwork(("map", "flat")),), dimensions=20)
    assert sketched and not any(each.requires_grad for each in sketched)


def test_towers_that_share_nothing_are_refused():
    session = Session(replace(PLAIN, trunk="mlp", heads="", architecture="soft_sharing", width=4), data(REAL))
    with pytest.raises(KindredError, match="'soft_sharing' has no trunk that all tasks share"):
        linearised_losses(session, (StudyNetwork(("a",)),))


def test_labels_that_are_made_in_training_are_refused():
    config = RunConfig(
        "digits", affinity="none", batch_size=8, epochs=1, auxiliary="maxl", primary="digit", subclasses=2
    )
    session = Session(config)
    with pytest.raises(KindredError, match="made while the network trains.*set auxiliary to none"):
        linearised_losses(session, (StudyNetwork(("digit",)),))


def test_a_task_that_the_base_was_not_trained_on_is_refused():
    session = Session(PLAIN, data(REAL))
    with pytest.raises(KindredError, match="network a.z holds 'z', but the base was trained on a, b, c"):
        linearised_losses(session, (StudyNetwork(("a", "z")),))
