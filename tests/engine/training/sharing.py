"""Runs small enough to be trained over and over, by one process or by several that share out every batch."""

import os
import socket
from dataclasses import replace

import numpy as np
import torch
import torch.multiprocessing as mp

from engine import catalog
from engine.datasets.dataset import Dataset, Samples
from engine.runs.config import RunConfig
from engine.tasks import Task
from engine.training.ranks import join
from engine.training.session import Session
from tests.engine.training.test_session import Recorder

CONFIG = RunConfig("digits", affinity="first_order", epochs=1, batch_size=9, width=8, learning_rate=0.1, window=2)
TASKS = (Task("sign", "binary_cross_entropy"), Task("third", "cross_entropy", 3), Task("sum", "squared_error"))


def _estimated(**settings):
    return "whole", {"learning_rate": 0.05, **settings}


CASES = {
    **{f"the weighting {each.name}": ("whole", {"weighting": each.name}) for each in catalog.entries("weighting")},
    **{
        f"the design {each.name}": (
            "whole",
            {
                "architecture": each.name,
                "affinity": "lookahead" if catalog.SHARED in each.has else "none",
                "settle": 0.6,
            },
        )
        for each in catalog.entries("architecture")
    },
    "an optimiser's lookahead": _estimated(affinity="lookahead", lookahead_step="optimizer", momentum=0.9),
    "Adam's own weights": _estimated(affinity="first_order", optimizer="adam", preconditioned=True),
    "a fitted metric": _estimated(affinity="last_layer", metric=True),
    "three projected layers": _estimated(affinity="last_layer", layers=3, columns=4, depth=3),
    "a lookahead of heads": _estimated(affinity="head_lookahead", batch_norm=True, dropout=0.2),
    "a control variate": _estimated(affinity="corrected", correct_every=2),
    "cosines": _estimated(affinity="gradient_cosine"),
    "conflicts": _estimated(affinity="gradient_conflict"),
    "representations": _estimated(affinity="representation", batch_size=18),
    "dropout": _estimated(dropout=0.4, affinity="lookahead"),
    "batch normalisation": _estimated(batch_norm=True, affinity="lookahead", optimizer="adam", learning_rate=0.01),
    "convolutions with both": _estimated(dropout=0.3, batch_norm=True, trunk="convolutional", affinity="last_layer"),
    "attention with both": _estimated(dropout=0.3, batch_norm=True, architecture="mtan", affinity="none"),
    "drawn gates with dropout": _estimated(dropout=0.3, architecture="adashare", affinity="lookahead"),
    "labels that are missing": ("sparse", {"affinity": "lookahead", "weighting": "pcgrad"}),
    "metrics of labels that are missing": ("sparse", {"weighting": "dtp", "batch_norm": True}),
    "weights for labels that are missing": ("sparse", {"weighting": "gradnorm", "affinity": "last_layer"}),
    "every place of a map": ("dense", {"trunk": "convolutional", "batch_norm": True, "weighting": "dwa"}),
    "inputs of their own": ("separate", {"affinity": "lookahead", "batch_norm": True}),
    "a drawn part of the inputs": ("separate", {"parts_a_step": 2, "weighting": "upgrad", "affinity": "last_layer"}),
}
BY_THREE = [
    "the weighting mgda_ub",
    "the weighting gradnorm",
    "the design mtan",
    "representations",
    "convolutions with both",
    "drawn gates with dropout",
    "metrics of labels that are missing",
    "inputs of their own",
]
RESUMED = {
    "gates": {"architecture": "adashare", "optimizer": "adam", "learning_rate": 0.01, "dropout": 0.3},
    "statistics": {"weighting": "gradnorm", "momentum": 0.9, "batch_norm": True, "affinity": "corrected"},
}


def dataset_of(kind):
    """Three tasks on 36 random images, in whatever is torch's type of real numbers.

    ``sparse``: most labels are missing, and in some batches all of a task; ``dense``: a label at every pixel;
    ``separate``: each task has images of its own.
    """
    generator = torch.Generator().manual_seed(0)

    def split(samples):
        return (Samples(*(_drawn(samples, generator, kind))),)

    if kind == "separate":
        splits = [
            tuple(
                Samples(inputs, {task.name: labels[task.name]})
                for task in TASKS
                for inputs, labels in [_drawn(count, generator, "whole")]
            )
            for count in (36, 20, 20)
        ]
    else:
        splits = [split(count) for count in (36, 21, 20)]
    tasks = tuple(replace(task, dense=True) for task in TASKS) if kind == "dense" else TASKS
    return Dataset("made", tasks, *splits)


def _drawn(samples, generator, kind):
    inputs = torch.randn(samples, 1, 4, 4, generator=generator)
    flat = inputs.flatten(1)
    labels = {"sign": (flat[:, 0] > 0).to(inputs), "third": flat[:, :3].argmax(1), "sum": flat[:, :4].sum(1)}
    if kind == "dense":
        maps = inputs[:, 0]
        labels = {"sign": (maps > 0).to(inputs), "third": (maps > 0.5).long() + (maps > -0.5).long(), "sum": maps * 2}
    labels = {name: values.numpy() for name, values in labels.items()}
    if kind == "sparse":
        there = torch.rand(samples, 3, generator=generator).numpy() < [0.5, 0.1, 0.4]
        labels["sign"][~there[:, 0]] = float("nan")
        labels["third"][~there[:, 1]] = -1
        labels["sum"][~there[:, 2]] = float("nan")
    return inputs.numpy(), labels


def trained(config, dataset, ranks=None, state=None, stop_after=None):
    """All that a run says, and its last state, as plain values and tensors."""
    session, sink = Session(config, dataset, ranks), Recorder(stop_after)
    if state is not None:
        session.load_state(state)
    session.run(sink)
    kept = ("step_from", "step_to", "updates", "counts", "total", "total_squares")
    windows = {"affinity": sink.windows, **sink.readings}
    numbers = {
        f"{reading}, {field}": torch.tensor(np.array([getattr(window, field) for window in every]))
        for reading, every in windows.items()
        for field in kept
    }
    numbers["losses"] = torch.tensor(np.array([[*each.losses, *each.metrics] for each in sink.evaluations]))
    numbers["weights"] = torch.tensor(np.array([each.weights for each in sink.weighed]))
    numbers |= {name: value.clone() for name, value in session.model.state_dict().items()}
    return numbers, sink.saved


def cases(size):
    """The settings and the data set of each case that so many processes go through."""
    names = BY_THREE if size == 3 else CASES
    batch = {} if size == 2 else {"batch_size": 7}  # which they cannot share evenly
    return {name: (replace(CONFIG, **CASES[name][1] | batch), dataset_of(CASES[name][0])) for name in names}


def halfway():
    """The state of each of `RESUMED` after 2 updates by one process."""
    return {
        name: trained(replace(CONFIG, **settings), dataset_of("whole"), stop_after=2)[1]
        for name, settings in RESUMED.items()
    }


def meet(rank, size, port):
    """A process's place among others on this machine."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_default_dtype(torch.float64)
    return join()


def process(rank, size, port, folder):
    """What a process of several finds in all cases, in a file of its own."""
    ranks = meet(rank, size, port)
    found = {}
    for name, (config, dataset) in cases(size).items():
        found[name], _ = trained(config, dataset, ranks)
    begun = torch.load(folder / "halfway.pt", weights_only=True)
    for name, settings in RESUMED.items():
        config = replace(CONFIG, **settings)
        found[f"{name}, gone on with"], _ = trained(config, dataset_of("whole"), ranks, begun[name])
        _, found[f"{name}, left"] = trained(config, dataset_of("whole"), ranks, stop_after=2)
        ranks.ending.clear()  # a process usually ends with its run
    torch.save(found, folder / f"{size}-{rank}.pt")
    os._exit(0)  # gloo's threads can abort a process that tears itself down


def start(function, size, *arguments):
    """Run a function of rank, size, port and more in so many processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mp.start_processes(function, (size, port, *arguments), nprocs=size, start_method="spawn")
