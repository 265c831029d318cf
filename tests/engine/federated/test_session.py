"""Federated methods side by side: what they report, and that a resumed comparison repeats it."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.federated.local import Local
from engine.federated.session import FederatedSession
from engine.federated.summary import outcomes, rounds_to
from engine.federated.systems import turnout
from engine.runs.configs import FederatedConfig
from tests.engine.sinks import Memory, dataset, same_windows, stopped_and_resumed

CONFIG = FederatedConfig("yeast", rounds=6, drop=0.4, stragglers=0.5, relation="learned", relation_every=2)


def worked_off(config, data):
    sink = Memory()
    session = FederatedSession(config, data)
    assert session.run(sink)
    assert [step for step, _ in sink.reported] == list(range(1, session.steps + 1))
    return session, sink


@pytest.mark.parametrize("binary", [False, True])
def test_every_method_has_every_round(binary):
    session, sink = worked_off(CONFIG, dataset(binary))
    told = sink.artifacts["rounds"]
    assert told["loss"] == ("logistic" if binary else "squared")
    assert told["clients"] == ["task 0", "task 1", "task 2"] and told["samples"] == [24, 36, 30]
    assert list(told["methods"]) == ["mocha", "fedavg", "local"]
    for name, course in told["methods"].items():
        assert course["round"] == [1, 2, 3, 4, 5, 6] and {len(values) for values in course.values()} == {6}
        assert np.shape(course["losses"]) == np.shape(course["errors"]) == (6, 3)
        assert (course["gap"] == [None] * 6) == (name == "fedavg")
        assert course["up"] == sorted(course["up"]) and (course["down"][-1] == 0) == (name == "local")
    assert [(w.step_from, w.step_to) for w in sink.readings["federated_relation"]] == [(n, n + 1) for n in range(6)]
    assert "MOCHA" in session.quantity


def test_clients_that_drop_out_are_the_same_for_all_methods():
    session, sink = worked_off(CONFIG, dataset())
    told = sink.artifacts["rounds"]["methods"]
    drawn = [
        int(turnout(CONFIG.settings("squared"), number, session.samples.names).present.sum()) for number in range(1, 7)
    ]
    assert told["mocha"]["present"] == told["fedavg"]["present"] == drawn
    assert told["local"]["present"] == [3] * 6 and min(drawn) < 3


@pytest.mark.parametrize("after", [1, 5, 12])
def test_a_resumed_comparison_equals_an_undisturbed_one_bit_for_bit(after):
    data = dataset(binary=True)
    _, whole = worked_off(CONFIG, data)
    before, later, windows = stopped_and_resumed(lambda: FederatedSession(CONFIG, data), after)
    assert later.artifacts == whole.artifacts
    assert same_windows(windows, whole.readings)
    made = [len(course["round"]) for course in before.artifacts["rounds"]["methods"].values()]
    assert sum(made) == after and max(made) - min(made) <= 1


def test_a_checkpoint_of_other_methods_is_refused():
    state = FederatedSession(CONFIG, dataset()).state()
    with pytest.raises(KindredError, match="checkpoint.npz and resume"):
        FederatedSession(replace(CONFIG, methods="local"), dataset()).load_state(state)


def test_errors_are_those_of_each_clients_model_on_its_test_samples():
    data = dataset(binary=True)
    session, sink = worked_off(replace(CONFIG, methods="local"), data)
    with Local(CONFIG.settings("logistic")) as method:
        state = method.begin(list(zip(*session.samples.train, strict=True)), session.samples.names)
        for _ in range(6):
            report = method.round(state)
    expected = [
        np.mean((part.inputs @ w + b > 0) != part.labels[f"task {number}"])
        for number, (part, w, b) in enumerate(zip(data.test, report.coefficients, report.intercepts, strict=True))
    ]
    assert sink.artifacts["rounds"]["methods"]["local"]["errors"][-1] == pytest.approx(expected)
    assert outcomes(sink.artifacts["rounds"])["local"].error == pytest.approx(np.mean(expected))


def test_a_long_course_is_thinned_and_keeps_its_first_and_last_round():
    session, sink = worked_off(replace(CONFIG, methods="mocha", relation="mean", rounds=401), dataset())
    rounds = sink.artifacts["rounds"]["methods"]["mocha"]["round"]
    assert rounds[:3] == [1, 3, 6] and rounds[-1] == 401 and len(rounds) <= 202
    windows = sink.readings["federated_relation"]
    assert (windows[0].step_from, windows[-1].step_to) == (0, 401) and len(windows) <= 101
    assert all(one.step_to == other.step_from for one, other in zip(windows, windows[1:], strict=False))


def test_rounds_to_a_gap():
    course = {"round": [1, 4, 8], "gap": [1.0, 0.1, 0.01]}
    assert [rounds_to(course, gap) for gap in (1.0, 0.5, 0.1, 0.001)] == [1, 4, 4, None]
    assert rounds_to({"round": [1], "gap": [None]}, 1.0) is None


@pytest.mark.parametrize(("loss", "binary"), [("hinge", False), ("squared", True)])
def test_a_loss_that_the_tasks_are_not_for_is_refused(loss, binary):
    with pytest.raises(KindredError, match="choose auto or"):
        FederatedSession(replace(CONFIG, loss=loss), dataset(binary))
    assert FederatedSession(replace(CONFIG, loss="hinge"), dataset(True)).loss == "hinge"


def test_a_matrix_of_other_clients_is_refused():
    config = replace(CONFIG, relation="similarity", matrix=((0, 1), (1, 0)))
    with pytest.raises(KindredError, match="3 clients need"):
        FederatedSession(config, dataset()).run(Memory())


def test_a_method_that_diverges_stops_with_a_sentence_and_the_others_go_on():
    data, config = dataset(), replace(CONFIG, rounds=12, learning_rate=3.0)
    _, sink = worked_off(config, data)
    told = sink.artifacts["rounds"]
    assert list(told["stopped"]) == ["fedavg"] and sink.notes[-1] == told["stopped"]["fedavg"]
    assert "a learning rate of 3 is too high" in sink.notes[-1]
    made = {name: len(course["round"]) for name, course in told["methods"].items()}
    assert made["mocha"] == made["local"] == 12 and 0 < made["fedavg"] < 12
    assert max(told["methods"]["fedavg"]["losses"][-1]) < 1e8
    _, later, _ = stopped_and_resumed(lambda: FederatedSession(config, data), 33)
    assert later.artifacts == sink.artifacts


def test_a_comparison_of_which_every_method_diverges_ends_in_a_sentence_and_keeps_what_was_reported():
    sink = Memory()
    config = replace(CONFIG, methods="fedavg", rounds=300, learning_rate=3.0)
    with pytest.raises(KindredError, match="objective of FedAvg is .* a learning rate of 3 is too high"):
        FederatedSession(config, dataset()).run(sink)
    assert sink.artifacts["rounds"]["methods"]["fedavg"]["round"] and sink.artifacts["rounds"]["stopped"]
