"""A study: what it trains, what it does not train again, and how it goes on after it was stopped."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import KindredError
from engine.runs.checkpoint import FORMATS
from engine.runs.launching.local import start_worker
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Order
from engine.training import crew, study_session
from engine.training.study_session import StudySession
from engine.training.weights import load_weights
from tests.engine.training.studying import Shelf, StudyMemory, dataset, same

CONFIG = StudyConfig("digits", networks="whole", width=12, batch_size=8, learning_rate=0.1, epochs=4, patience=2)
TASKS = ("sign", "third", "sum")


def finished(config, folder, shelf=None, data=None, **more):
    sink, session = StudyMemory(folder, shelf, **more), StudySession(config, data or dataset())
    assert session.run(sink)
    return session, sink


def alike(one, other):
    return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)


def test_a_whole_study_of_three_tasks_has_seven_networks_and_three_of_half_size(tmp_path):
    session, sink = finished(CONFIG, tmp_path)
    assert session.steps == session.step == len(sink.shelf.measured) == 10
    networks = [order.network.name for order in session.plan]
    assert networks == [
        "sign@0.5", "third@0.5", "sum@0.5", "sign", "third", "sum", "sign+third+sum", "sign+third", "sign+sum",
        "third+sum",
    ]  # fmt: skip
    assert set(sink.shelf.trained.values()) == {1} and not list(sink.workspace.glob("*.pt"))
    assert session.spent == sum(each.cost * each.epochs for each in sink.shelf.measured.values())
    assert sorted(sink.steps) == sink.steps and "SNT-epochs trained" in sink.notes[-1]


def test_nothing_is_trained_again_by_the_same_study_or_one_that_overlaps(tmp_path):
    _, first = finished(CONFIG, tmp_path)
    session, again = finished(replace(CONFIG, workers=2), tmp_path, first.shelf)
    assert set(first.shelf.trained.values()) == {1} and session.spent == 0 and again.steps[-1] == 10
    other = replace(CONFIG, tasks="sum,sign", networks="all_in_one,singles,sum@0.25", seeds=2)
    session, sink = finished(other, tmp_path, first.shelf)
    assert [task.name for task in session.tasks] == ["sign", "sum"] and session.steps == 8
    assert len(first.shelf.trained) == 10 + 1 + 4 and set(first.shelf.trained.values()) == {1}


def test_two_processes_find_the_same_bits_as_this_one(tmp_path):
    config = replace(CONFIG, networks="all_in_one,singles,transfer", dropout=0.2)
    _, here = finished(config, tmp_path / "here")
    session, there = finished(replace(config, workers=2), tmp_path / "there")
    assert len(here.shelf.measured) == 1 + 3 + 6 and alike(here.shelf.measured, there.shelf.measured)
    for path in here.networks.glob("*"):
        one, other = load_weights(path), load_weights(there.networks / path.name)
        assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert session.seconds > 0 and len(list(there.networks.glob("*"))) == 10


def test_a_study_stopped_within_a_training_goes_on_there(tmp_path, monkeypatch):
    config = replace(CONFIG, networks="singles", dropout=0.2)
    _, whole = finished(config, tmp_path / "whole")
    sink = StudyMemory(tmp_path / "stopped", stop_after=1)
    monkeypatch.setattr(study_session, "TELL_SECONDS", 0.0)
    updates = iter(range(1000))

    def note(text):  # stops within the second training
        sink.stopping = "third" in text and next(updates) > 10

    sink.note = note
    session = StudySession(config, dataset())
    sink.stop_after = None
    assert not session.run(sink) and session.step == 1
    (state,) = sink.workspace.glob("*.pt")
    reached = FORMATS[".pt"].parse(state.read_bytes())["session"]["step"]
    assert 0 < reached < 28 and len(sink.shelf.measured) == 1
    resumed, later = StudySession(config, dataset()), StudyMemory(tmp_path / "stopped", sink.shelf)
    resumed.load_state(FORMATS[".npz"].parse(sink.saved))
    assert resumed.step == 1 and resumed.spent == session.spent
    taken_up = []
    take_up = crew.take_up
    monkeypatch.setattr(crew, "take_up", lambda session, path: taken_up.append(path) or take_up(session, path))
    assert resumed.run(later)
    assert taken_up == [state] and not state.exists()
    assert alike(later.shelf.measured, whole.shelf.measured) and set(later.shelf.trained.values()) == {1}


def test_a_network_that_another_run_trains_is_put_off_and_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(study_session, "ASK_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(study_session, "POLL_SECONDS", 0.01)
    _, whole = finished(CONFIG, tmp_path / "whole")
    first, second = (CONFIG.key(Order(tasks)) for tasks in (("sign",), ("sum",)))
    shelf = Shelf()
    shelf.held = {first: "another", second: "another"}
    sink = StudyMemory(tmp_path / "mine", shelf)
    waits = []

    def note(text):
        if "waiting for sign, seed 0" in text:
            waits.append(len(shelf.measured))
            if len(waits) == 3:  # the other run measures one, and dies before the other
                shelf.measured[first] = whole.shelf.measured[first]
                del shelf.held[second]

    sink.note = note
    session = StudySession(CONFIG, dataset())
    assert session.run(sink)
    assert waits[0] == 8 and alike(shelf.measured, whole.shelf.measured)
    assert first not in shelf.trained and shelf.trained[second] == 1
    assert session.spent == sum(whole.shelf.measured[key].snt_epochs for key in shelf.trained)


def test_a_network_that_diverges_loses_no_other(tmp_path):
    config = replace(CONFIG, networks="whole,transfer")
    sink, session = StudyMemory(tmp_path), StudySession(config, dataset(1e18))
    with pytest.raises(
        KindredError, match="of 16 networks could not be measured; the others are kept. sum@0.5"
    ) as told:
        session.run(sink)
    assert "lower the learning rate" in str(told.value) and session.step == session.steps
    assert {each.order.network.name for each in sink.shelf.measured.values() if not each.transfer_from} == {
        "sign@0.5", "third@0.5", "sign", "third", "sign+third",
    }  # fmt: skip
    assert {each.transfer_from for each in sink.shelf.measured.values()} == {"", "sign", "third"}
    assert session.failed[Order(("sign",), transfer_from="sum")].startswith("There is no trunk of sum, seed 0")


def test_the_network_of_all_tasks_observes_first_even_where_its_losses_are_known(tmp_path):
    plain = replace(CONFIG, networks="singles,all_in_one", seeds=2)
    _, known = finished(plain, tmp_path)
    watching = replace(plain, observe=True, affinity="lookahead", networks="singles")
    session, sink = finished(watching, tmp_path, known.shelf)
    assert session.plan[0] == Order(TASKS) and session.steps == 8 and "inter-task affinity" in session.quantity
    assert [window.total.shape for window in sink.windows] == [(3, 3)] * len(sink.windows) and sink.windows
    edges = [(window.step_from, window.step_to) for window in sink.windows]
    assert edges[0][0] == 0 and all(left[1] == right[0] for left, right in zip(edges, edges[1:], strict=False))
    key = CONFIG.key(Order(TASKS))
    assert (
        known.shelf.trained[key] == 2 and sum(known.shelf.trained.values()) == 9
    )  # that one alone, for its affinities
    assert [each.step for each in sink.evaluations] == [7 * epoch for epoch in range(len(sink.evaluations))]


@pytest.mark.parametrize("known", [False, True])
def test_an_observed_network_goes_on_where_it_was_stopped(known, tmp_path, monkeypatch):
    config = replace(CONFIG, networks="all_in_one", observe=True, affinity="lookahead", dropout=0.2)
    _, whole = finished(config, tmp_path / "whole")
    sink = StudyMemory(tmp_path / "stopped")
    sink.shelf.measured |= whole.shelf.measured if known else {}
    monkeypatch.setattr(study_session, "TELL_SECONDS", 0.0)
    sink.note = lambda text: setattr(sink, "stopping", len(sink.windows) == 9)
    session = StudySession(config, dataset())
    assert not session.run(sink) and sink.flushed > 0  # before its state was kept
    resumed, later = StudySession(config, dataset()), StudyMemory(tmp_path / "stopped", sink.shelf)
    resumed.load_state(FORMATS[".npz"].parse(sink.saved))
    assert resumed.run(later)
    windows = sink.windows + later.windows
    assert len(windows) == len(whole.windows)
    assert all(np.array_equal(one.total, other.total) for one, other in zip(windows, whole.windows, strict=True))
    assert alike(later.shelf.measured, whole.shelf.measured)


def test_networks_that_cannot_be_made_are_refused_before_any_is_trained():
    for config, said in (
        (replace(CONFIG, networks="sign+length"), "no task 'length' in the study.*sign, third, sum"),
        (replace(CONFIG, tasks="sign,length"), "no task 'length' in made"),
        (replace(CONFIG, tasks="sign"), "two tasks or more"),
    ):
        with pytest.raises(KindredError, match=said):
            StudySession(config, dataset())


def wait_for(condition, seconds=60):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)


def test_a_real_worker_is_cancelled_within_its_trainings_and_goes_on_to_the_same_numbers(store, tmp_path):
    config = StudyConfig(
        "yeast", tasks="Class1,Class2", networks="singles,all_in_one", samples=300, epochs=250, patience=250, workers=2
    )
    run_id = store.create(config)
    worker = start_worker(store, run_id)
    workspace = store.files(run_id) / "training"
    wait_for(lambda: store.run(run_id).note.startswith("training Class1, seed 0, Class2, seed 0"))
    wait_for(store.measurements)  # the third network is begun
    store.request_cancel(run_id)
    assert worker.wait(20) == 0
    run = store.run(run_id)
    assert run.status == "cancelled" and 0 < run.step == len(store.measurements()) < run.steps == 3
    assert list(workspace.glob("*.pt"))
    store.requeue(run_id)
    assert start_worker(store, run_id).wait(120) == 0
    assert store.run(run_id).status == "finished" and not list(workspace.glob("*.pt"))
    _, here = finished(replace(config, workers=1), tmp_path / "here", data=StudySession(config).dataset)
    assert alike({each.key: each for each in store.measurements()}, here.shelf.measured)
    assert {path.stem for path in store.networks.glob("*")} == here.shelf.measured.keys()


def test_where_affinities_are_observed_every_network_is_also_estimated_from_the_one_of_all_tasks(tmp_path):
    config = replace(CONFIG, networks="whole", observe=True, affinity="first_order")
    _, sink = finished(config, tmp_path)
    told = sink.artifacts["linearised"]
    assert set(told) == {order.network.name for order in StudySession(config, dataset()).plan}
    assert told["sign+sum"][1] is None and all(loss > 0 for loss in told["sign+third+sum"])


def test_an_allowance_is_spent_on_what_the_advisor_asks_for_and_goes_on_after_a_stop(tmp_path):
    config = replace(CONFIG, allowance=20.0, budget=2.0)
    session, sink = finished(config, tmp_path / "whole")
    assert session.spent <= 20 and 4 < len(sink.shelf.measured) < 10
    advice = sink.artifacts["advice"]
    assert advice["ended"] == "The allowance is spent." and "with 95 % certainty" in sink.notes[-1]
    stopped = StudyMemory(tmp_path / "stopped", stop_after=4)
    assert not StudySession(config, dataset()).run(stopped)
    stopped.stop_after = None
    later = StudySession(config, dataset())
    later.load_state(FORMATS[".npz"].parse(stopped.saved))
    assert later.run(stopped)
    assert alike(stopped.shelf.measured, sink.shelf.measured) and set(stopped.shelf.trained.values()) == {1}
    assert stopped.artifacts["advice"]["steps"] == advice["steps"]
