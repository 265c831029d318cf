"""Runs of several processes as they are really started: cancelled, interrupted, resumed by others, and broken."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch.multiprocessing as mp

from engine.cli import main
from engine.errors import KindredError
from engine.paths import ROOT
from engine.runs.config import RunConfig
from engine.runs.configs import LinearConfig
from engine.runs.store import Store
from engine.runs.together import resumed_run
from engine.runs.worker import work
from engine.training.session import Session
from tests.engine.training.sharing import start
from tests.waiting import wait_for

CONFIG = RunConfig("yeast", epochs=6, affinity="lookahead", window=4, width=16, dropout=0.2, weighting="pcgrad")
RUN = [
    *("run", "--dataset", "yeast", "--epochs", "6", "--affinity", "lookahead", "--window", "4", "--width", "16"),
    *("--dropout", "0.2", "--weighting", "pcgrad"),
]
PATIENCE = 90


@pytest.fixture
def store_url(tmp_path, monkeypatch):
    """Of one database, as the first process is to it what every worker is."""
    url = f"sqlite:///{tmp_path / 'kindred.db'}"
    monkeypatch.setenv("KINDRED_STORE", url)
    return url


def torchrun(size, *arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(size), "--standalone"]
    return subprocess.Popen(
        [*command, "-m", "engine", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_that_two_began_goes_on_with_three_and_ends_with_one(store):
    undisturbed = store.create(CONFIG)
    work(store, undisturbed)
    before = {run.id for run in store.runs()}

    two = torchrun(2, *RUN)
    (run_id,) = wait_for(lambda: {run.id for run in store.runs()} - before)
    wait_for(lambda: len(store.series(run_id)) > 1)
    store.request_cancel(run_id)
    output, _ = two.communicate(timeout=PATIENCE)
    cancelled = store.run(run_id)
    assert two.returncode == 0 and output.split() == [run_id]
    assert cancelled.status == "cancelled" and 0 < cancelled.step < cancelled.steps
    assert cancelled.config == CONFIG.to_json()

    three = torchrun(3, "resume", run_id)
    wait_for(lambda: store.run(run_id).step > cancelled.step)
    three.send_signal(signal.SIGINT)  # as Ctrl-C does
    three.communicate(timeout=PATIENCE)
    interrupted = store.run(run_id)
    assert interrupted.status == "interrupted" and cancelled.step < interrupted.step < interrupted.steps

    store.requeue(run_id)
    work(store, run_id)
    found, wanted = store.series(run_id), store.series(undisturbed)
    assert store.run(run_id).status == "finished" and np.array_equal(found.edges, wanted.edges)
    # Rounding of 32 bits, which grows where an activation lies within it of a ReLU's kink.
    first = slice(0, 2)
    np.testing.assert_allclose(found.totals[first], wanted.totals[first], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.totals, wanted.totals, atol=0.02 * np.abs(wanted.totals).max())


def breaking(rank, size, port, store_url, how):
    """A process of several, of which the last fails at its third update."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    update = Session.update

    def failing(self):
        if self.step == 3 and how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.step == 3:
            raise OSError("no such image")
        return update(self)

    if rank == size - 1:
        Session.update = failing
    main([*RUN, "--store", store_url])


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("fails", "Process 1 of 2 ended: an unexpected error (OSError('no such image')); see what it printed."),
        ("killed", "One of the 2 processes was killed, or can no longer be reached; see what it printed, then resume"),
    ],
)
def test_a_process_that_breaks_ends_the_others_and_the_run_tells_why(store, store_url, how, told):
    with pytest.raises(mp.ProcessExitedException):
        start(breaking, 2, store_url, how)
    run = store.runs()[0]
    wait_for(lambda: Store(store_url).run(run.id).status == "failed")
    assert Store(store_url).run(run.id).error.startswith(told)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["measure", "--dataset", "yeast"], "torchrun shares out one training, by run or resume"),
        (["sweep", "--dataset", "yeast"], "torchrun shares out one training, by run or resume"),
        ([*RUN, "--seeds", "2"], "--seeds does not go with torchrun"),
        ([*RUN, "--detach"], "--detach does not go with torchrun"),
    ],
)
def test_what_is_not_one_training_is_refused_and_leaves_no_run(store, monkeypatch, capsys, command, told):
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    before = len(store.runs())
    assert main(command) == 2
    assert told in capsys.readouterr().err
    assert len(store.runs()) == before


def test_linear_models_are_not_resumed_by_several(store):
    run_id = store.create(LinearConfig(dataset="yeast"))
    with pytest.raises(KindredError, match="of the kind 'linear'; only the training of one network is shared out"):
        resumed_run(store, run_id, print)
