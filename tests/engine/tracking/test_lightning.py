"""The Lightning callback in real Lightning trainings."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader

from engine.errors import KindredError
from engine.runs.store import Store
from engine.tracking.folder import FolderWriter
from engine.tracking.lightning import AffinityCallback
from tests.conftest import ROOT

TASKS = ("depth", "normals", "edges")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """So small a network only waits for a second one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Model(pl.LightningModule):
    """Three regressions on one trunk."""

    def __init__(self, manual, dropout, fails_at):
        super().__init__()
        self.automatic_optimization = not manual
        self.fails_at = fails_at
        self.net = nn.ModuleDict(
            {
                "trunk": nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU()),
                "drop": nn.Dropout(dropout),
                "heads": nn.ModuleList(nn.Linear(16, 1) for _ in TASKS),
            }
        )
        self.validated = 0

    def task_losses(self, batch):
        features = self.net["trunk"](batch)
        targets = (batch[:, :1], batch[:, 1:2], batch[:, :1] - batch[:, 2:3])
        return {
            task: (head(self.net["drop"](features)) - target).float().square().mean()
            for task, head, target in zip(TASKS, self.net["heads"], targets, strict=True)
        }

    def training_step(self, batch, batch_idx):
        if self.fails_at == (self.current_epoch, batch_idx):
            raise RuntimeError("out of luck")
        self.losses = self.task_losses(batch)
        loss = sum(self.losses.values())
        if self.automatic_optimization:
            return loss
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(self.losses["depth"], retain_graph=True)
        self.manual_backward(loss)  # a second backward pass of the same losses
        optimizer.step()

    def validation_step(self, batch, batch_idx):
        self.task_losses(batch)
        self.validated += 1

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)


def batches(count=6):
    return DataLoader(torch.randn(8 * count, 6, generator=torch.Generator().manual_seed(0)), 8)


def trainer_of(tmp_path, callbacks=(), **more):
    return pl.Trainer(
        **{"max_epochs": 2, "enable_checkpointing": False} | more,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        callbacks=list(callbacks),
    )


def fit(tmp_path, callbacks=(), manual=False, dropout=0.2, fails_at=None, ckpt_path=None, **more):
    """Train, and give all that must not depend on being observed."""
    torch.manual_seed(0)
    model = Model(manual, dropout, fails_at)
    trainer = trainer_of(tmp_path, callbacks, **more)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*(callbacks used to create|exists and is not empty|LeafSpec)")
        trainer.fit(model, batches(), batches(1), ckpt_path=ckpt_path)
    assert model.validated
    return [*(value.clone() for value in model.state_dict().values()), torch.get_rng_state()], trainer


def callback_of(estimator, **more):
    more = {"run": "mine", "strict": True} | more
    return AffinityCallback(
        TASKS, "net.trunk", "losses", closure=lambda model, batch: model.task_losses(batch), affinity=estimator, **more
    )


KINDS = {
    "plain": {},
    "manual": {"manual": True},
    "accumulation": {"accumulate_grad_batches": 4},
    "clipping": {"gradient_clip_val": 0.1},
    "mixed precision": {"precision": "bf16-mixed"},
}


@pytest.mark.parametrize(
    ("kind", "estimator"),
    [(kind, "lookahead") for kind in KINDS] + [("plain", "auto"), ("mixed precision", "last_layer")],
)
def test_the_run_is_stored_and_training_is_untouched(kind, estimator, store_url, tmp_path):
    callback = callback_of(estimator)
    state, _ = fit(tmp_path, [callback], **KINDS[kind])
    plain, _ = fit(tmp_path, **KINDS[kind])
    assert all(torch.equal(one, other) for one, other in zip(state, plain, strict=True))
    run, series = Store(store_url).run(callback.run), Store(store_url).series(callback.run)
    assert (run.name, run.status, run.error, run.step, run.steps) == ("mine", "finished", "", 12, 12)
    if estimator != "auto":  # which chooses when to look
        assert series.edges[-1] == 12
        assert series.updates.sum() == 12
    assert (series.mean().affinity.diagonal() > 0).all()


def test_functions_serve_as_well_as_paths(store_url, tmp_path):
    found = []
    for shared, losses in (
        ("net.trunk", "losses"),
        (lambda model: model.net["trunk"], lambda model: model.losses),
    ):
        callback = AffinityCallback(TASKS, shared, losses, affinity="last_layer", strict=True)
        fit(tmp_path, [callback])
        found.append(Store(store_url).series(callback.run).totals)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("limits", "steps"), [({"max_steps": 5, "max_epochs": -1}, 5), ({"max_epochs": 3}, 18)])
def test_the_length_of_the_run_is_known(limits, steps, store_url, tmp_path):
    callback = callback_of("last_layer")
    fit(tmp_path, [callback], **limits)
    run = Store(store_url).run(callback.run)
    assert run.steps == run.step == steps


def test_a_training_without_end_has_no_length(store_url, tmp_path):
    callback = callback_of("last_layer")
    fit(tmp_path, [callback, Stop(9)], max_epochs=-1)
    run = Store(store_url).run(callback.run)
    assert (run.status, run.step, run.steps) == ("finished", 9, 0)


class Stop(pl.Callback):
    """Ends training early, as early stopping does."""

    def __init__(self, at):
        self.at = at

    def on_train_batch_end(self, trainer, *_):
        trainer.should_stop = trainer.global_step >= self.at


def test_a_resumed_training_goes_on_with_its_run(store_url, tmp_path):
    """It fails in its third epoch, and goes on from the end of the first: to the windows of an undisturbed training."""
    whole = callback_of("last_layer", run="whole")
    fit(tmp_path, [whole], max_epochs=3, dropout=0.0)  # Lightning does not restore random generators
    saves = pl.callbacks.ModelCheckpoint(tmp_path, "saved", every_n_train_steps=6, save_top_k=-1, save_last=False)
    first = callback_of("last_layer", run="parts")
    with pytest.raises(RuntimeError, match="out of luck"):
        fit(tmp_path, [first, saves], max_epochs=3, dropout=0.0, enable_checkpointing=True, fails_at=(2, 3))
    failed = Store(store_url).run(first.run)
    assert failed.status == "failed" and "RuntimeError: out of luck" in failed.error and failed.step == 15
    again = callback_of("last_layer", run="parts")
    fit(tmp_path, [again], max_epochs=3, dropout=0.0, ckpt_path=tmp_path / "saved.ckpt")
    assert again.run == first.run
    run = Store(store_url).run(again.run)
    assert (run.status, run.error, run.step) == ("finished", "", 18)
    series, expected = (Store(store_url).series(callback.run) for callback in (again, whole))
    np.testing.assert_array_equal(series.edges, expected.edges)
    np.testing.assert_array_equal(series.totals, expected.totals)


def test_a_finished_training_is_prolonged_in_its_run(store_url, tmp_path):
    """Its last checkpoint is of its last step, when a window was open that its end then closed."""
    saves = pl.callbacks.ModelCheckpoint(tmp_path, "saved", every_n_train_steps=12, save_top_k=-1)
    first = callback_of("last_layer")
    fit(tmp_path, [first, saves, Stop(12)], max_epochs=-1, enable_checkpointing=True)
    assert Store(store_url).series(first.run).edges.tolist() == [0, 5, 10, 12]
    again = callback_of("last_layer")
    fit(tmp_path, [again, Stop(18)], max_epochs=-1, ckpt_path=tmp_path / "saved.ckpt")
    assert again.run == first.run
    run, series = Store(store_url).run(again.run), Store(store_url).series(again.run)
    assert (run.status, run.step) == ("finished", 18)
    assert series.edges[0] == 0 and series.edges[-1] == 18 and series.updates.sum() == 18


def test_a_resumed_training_goes_on_in_its_folder(store_url, tmp_path):
    folder = tmp_path / "mirror"
    _, trainer = fit(tmp_path, [callback_of("last_layer", run="mirrored", writers=[FolderWriter(folder)])])
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    again = callback_of("last_layer", run="mirrored", writers=[FolderWriter(folder, resume=True)])
    fit(tmp_path, [again], max_epochs=3, ckpt_path=tmp_path / "end.ckpt")
    steps = pd.read_csv(folder / "windows.csv").step_to.unique().tolist()
    assert steps == Store(store_url).series(again.run).edges[1:].tolist()


def test_a_resumed_training_may_begin_a_run_of_its_own(store_url, tmp_path):
    first = callback_of("last_layer")
    _, trainer = fit(tmp_path, [first])
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    again = callback_of("last_layer", resume=False)
    fit(tmp_path, [again], max_epochs=3, ckpt_path=tmp_path / "end.ckpt")
    assert again.run != first.run
    series = Store(store_url).series(again.run)
    assert (series.edges[0], series.edges[-1]) == (12, 18)


def test_the_state_of_another_estimator_is_refused_before_training(store_url, tmp_path):
    _, trainer = fit(tmp_path, [callback_of("last_layer")])
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    again = callback_of("auto")
    with pytest.raises(KindredError, match="does not fit this tracker .* or resume=False for a new run"):
        fit(tmp_path, [again], max_epochs=3, ckpt_path=tmp_path / "end.ckpt")
    assert Store(store_url).run(again.run).status == "failed"


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ("lossez", "has no 'lossez'"),
        ("net.trunk", "led to Sequential, where it must lead to a dict"),
        (lambda model: model.losses | {"depth": model.losses["depth"].detach()}, "has no graph"),
        (lambda model: 1 / 0, "ZeroDivisionError"),
    ],
    ids=["no such attribute", "no dict", "detached", "raises"],
)
def test_losses_that_cannot_be_had_stop_tracking_only(losses, message, store_url, tmp_path):
    callback = AffinityCallback(TASKS, "net.trunk", losses, affinity="last_layer")
    with pytest.warns(UserWarning, match="Kindred stopped tracking; training goes on"):
        state, _ = fit(tmp_path, [callback])
    plain, _ = fit(tmp_path)
    assert all(torch.equal(one, other) for one, other in zip(state, plain, strict=True))
    run = Store(store_url).run(callback.run)
    assert run.status == "failed" and message in run.error


@pytest.mark.parametrize(
    ("tasks", "shared", "message"),
    [(["a", "a"], "net.trunk", "occurs twice"), (TASKS, "trunk", "`shared` is 'trunk', but Model has no 'trunk'")],
)
def test_bad_arguments_are_refused_before_training(tasks, shared, message, store_url, tmp_path):
    with pytest.raises(KindredError, match=message):
        fit(tmp_path, [AffinityCallback(tasks, shared, "losses")])
    assert not [run for run in Store(store_url).runs() if run.origin == "tracked"]


def test_without_lightning_the_import_says_what_to_install():
    absent = "import sys; sys.modules['lightning'] = sys.modules['pytorch_lightning'] = None; "
    check = absent + "import engine.tracking.lightning"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert "KindredError: engine.tracking.lightning needs Lightning" in done.stderr
    assert "pip install pytorch-lightning" in done.stderr
