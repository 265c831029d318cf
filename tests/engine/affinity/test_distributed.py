"""Two processes that share a batch see what one process sees of all of it, and a fault in one stops both."""

import json
import os

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from engine.affinity.build import plan_of
from engine.affinity.observer import Observer
from engine.affinity.settings import AffinitySettings
from engine.affinity.shared import Shared
from engine.errors import KindredError
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TASKS, problem, sgd

SETTINGS = {
    "lookahead": {"affinity": "lookahead"},
    "first_order": {"affinity": "first_order"},
    "last_layer": {"affinity": "last_layer", "metric": True},
    "head_lookahead": {"affinity": "head_lookahead"},
    "corrected": {"affinity": "corrected", "correct_every": 2},
    "gradient_cosine": {"affinity": "gradient_cosine"},
    "representation": {"affinity": "representation"},
}
STEPS = 4


def train(settings, part, wrap=lambda model: model, steps=STEPS, absent=None):
    """Windows of a loop on the given part of the batch; and the weights at its end."""
    model, inputs, labels = problem(double=True, samples=32)
    inputs, labels = inputs[part], {task: values[part] for task, values in labels.items()}
    shared, optimizer = Shared(model.trunk, len(TASKS)), sgd(model)
    plan = plan_of(AffinitySettings(**settings), shared, len(TASKS))
    observer = Observer([task.name for task in TASKS], shared, plan, lambda step: step == steps, optimizer)
    wrapped, window = wrap(model), None
    for _ in range(steps):

        def evaluate():
            return task_losses(TASKS, wrapped(inputs), labels)

        losses = evaluate()
        given = dict(losses)
        if absent is not None:
            given.pop(absent)
        window = observer.observe(given, evaluate if absent is None else None) or window
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    return window, model


def process(rank, address, folder):
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    part = slice(rank, None, 2)
    found = {}
    for name, settings in SETTINGS.items():
        window, model = train(settings, part, torch.nn.parallel.DistributedDataParallel)
        found[name] = window.total.tolist()
        found[f"{name}, weights"] = [parameter.tolist() for parameter in model.parameters()]
    _, plain = train({"affinity": "gradient_cosine", "every": 100}, part, torch.nn.parallel.DistributedDataParallel)
    found["plain, weights"] = [parameter.tolist() for parameter in plain.parameters()]
    window, _ = train({"affinity": "first_order"}, part, absent="kind" if rank else "age")
    found["counts"] = window.counts.tolist()
    chosen, _ = train({"affinity": "auto"}, part, torch.nn.parallel.DistributedDataParallel, steps=12)
    found["auto"] = None if chosen is None else [chosen.updates, chosen.total.tolist()]
    found["faults"] = _faults(rank, part)
    (folder / f"{rank}.json").write_text(json.dumps(found))
    os._exit(0)  # gloo's threads can abort a process that tears itself down


def _faults(rank, part):
    """The message of each process when the closure fails in the second one only."""
    model, inputs, labels = problem(double=True, samples=32)
    shared = Shared(model.trunk, len(TASKS))
    plan = plan_of(AffinitySettings(affinity="lookahead"), shared, len(TASKS))
    observer = Observer([task.name for task in TASKS], shared, plan, lambda step: False, sgd(model))
    calls = []

    def evaluate():
        calls.append(1)
        if rank == 1 and len(calls) == 4:
            raise RuntimeError("the loader ran dry")
        return task_losses(TASKS, model(inputs[part]), {task: values[part] for task, values in labels.items()})

    try:
        observer.observe(evaluate(), evaluate)
    except (KindredError, RuntimeError) as error:
        return str(error)
    return "no fault"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    mp.start_processes(process, (f"file://{folder / 'meeting'}", folder), nprocs=2, start_method="spawn")
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("name", SETTINGS)
def test_two_processes_equal_one_on_the_joint_batch(found, name):
    window, model = train(SETTINGS[name], slice(None))
    for rank in range(2):
        np.testing.assert_allclose(found[rank][name], window.total, rtol=2e-5, atol=1e-7)
        for one, other in zip(found[rank][f"{name}, weights"], model.parameters(), strict=True):
            np.testing.assert_allclose(one, other.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SETTINGS)
def test_weights_are_bit_identical_to_those_of_untracked_processes(found, name):
    for rank in range(2):
        assert found[rank][f"{name}, weights"] == found[rank]["plain, weights"]


def test_a_pair_is_observed_where_all_processes_have_labels(found):
    names = [task.name for task in TASKS]
    counts = np.array(found[0]["counts"])
    assert found[0]["counts"] == found[1]["counts"]
    absent = [names.index("kind"), names.index("age")]
    assert (counts[absent] == 0).all() and (counts[:, absent] == 0).all()
    assert (np.delete(np.delete(counts, absent, 0), absent, 1) == STEPS).all()


def test_auto_chooses_alike_in_both(found):
    assert found[0]["auto"] == found[1]["auto"] and found[0]["auto"] is not None


def test_a_fault_in_one_process_stops_both_and_none_waits(found):
    assert found[1]["faults"] == "the loader ran dry"
    assert found[0]["faults"] == "Another process of this run gave up tracking; see its own message."
