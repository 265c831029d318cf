"""The Hugging Face callback in real trainings by transformers' Trainer."""

import gc
import os
import subprocess
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainerCallback, TrainingArguments

from engine.errors import KindredError
from engine.runs.store import Store
from engine.tracking.huggingface import STATE_FILE, AffinityCallback
from tests.conftest import ROOT

TASKS = ("depth", "normals", "edges")


@pytest.fixture(scope="module", autouse=True)
def quick():
    """A Trainer collects garbage each time it starts; so small a network only waits for a second thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.freeze()
    yield
    gc.unfreeze()
    torch.set_num_threads(threads)


class Model(PreTrainedModel):
    """Three regressions on one trunk."""

    config_class = PretrainedConfig
    accepts_loss_kwargs = True

    def __init__(self, config):
        super().__init__(config)
        self.trunk = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.drop = nn.Dropout(0.2)
        self.heads = nn.ModuleList(nn.Linear(16, 1) for _ in TASKS)
        self.fails_at = None
        self.passes = []
        self.post_init()

    def forward(self, inputs, labels=None, num_items_in_batch=None):
        features = self.trunk(inputs)
        outputs = [head(self.drop(features)) for head in self.heads]
        targets = (labels[:, :1], labels[:, 1:2], labels[:, :1] - labels[:, 2:3])
        losses = {
            task: (output - target).float().square().mean()
            for task, output, target in zip(TASKS, outputs, targets, strict=True)
        }
        if not self.training:
            return {"loss": sum(losses.values()), "logits": torch.cat(outputs, 1)}
        self.passes.append((torch.is_grad_enabled(), self.training, (id(inputs), id(labels), int(num_items_in_batch))))
        if len(self.passes) == self.fails_at:
            raise RuntimeError("out of luck")
        return {"loss": sum(losses.values()), "task_losses": losses}


DATA = [
    {"inputs": row, "labels": row} for row in torch.randn(48, 6, generator=torch.Generator().manual_seed(0)).unbind()
]


def train(tmp_path, callbacks=(), resume=None, fails_at=None, **more):
    """Train, and give all that must not depend on being observed."""
    arguments = TrainingArguments(
        output_dir=str(tmp_path / "out"),
        **{"num_train_epochs": 2, "save_strategy": "no"} | more,
        per_device_train_batch_size=8,
        learning_rate=0.05,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
    )
    torch.manual_seed(0)
    model = Model(PretrainedConfig())
    model.fails_at = fails_at
    trainer = Trainer(model, arguments, train_dataset=DATA, eval_dataset=DATA[:9], callbacks=list(callbacks))
    trainer.train(resume_from_checkpoint=resume)
    assert not [hook for module in model.modules() for hook in module._forward_hooks.values()]
    return [*(value.clone() for value in model.state_dict().values()), torch.get_rng_state()], model


def callback_of(estimator, **more):
    return AffinityCallback(TASKS, "trunk", affinity=estimator, **{"run": "mine", "strict": True} | more)


KINDS = {
    "plain": ({}, 12),
    "accumulation": ({"gradient_accumulation_steps": 4}, 16),  # as if the second update of an epoch were a full one
    "mixed precision": ({"bf16": True}, 12),
    "evaluation": ({"eval_strategy": "epoch"}, 12),
    "plain descent": ({"optim": "sgd"}, 12),
}


@pytest.mark.parametrize(
    ("kind", "estimator"),
    [(kind, "lookahead") for kind in KINDS] + [("plain", "auto"), ("mixed precision", "last_layer")],
)
def test_the_run_is_stored_and_training_is_untouched(kind, estimator, store_url, tmp_path):
    arguments, steps = KINDS[kind]
    callback = callback_of(estimator)
    state, model = train(tmp_path, [callback], **arguments)
    plain, _ = train(tmp_path, **arguments)
    assert all(torch.equal(one, other) for one, other in zip(state, plain, strict=True))
    run, series = Store(store_url).run(callback.run), Store(store_url).series(callback.run)
    assert (run.name, run.status, run.error, run.step, run.steps) == ("mine", "finished", "", 12, steps)
    if estimator != "auto":  # which chooses when to look
        assert series.edges[-1] == 12
        assert series.updates.sum() == 12
    assert (series.mean().affinity.diagonal() > 0).all()


def test_the_first_lookahead_is_the_one_of_a_plain_loop(store_url, tmp_path):
    """The hook's repetition of the pass: ``1 − after / before`` by each task's step on the same batch and masks."""
    seen = []

    def losses(output):
        seen.append({task: loss.item() for task, loss in output["task_losses"].items()})
        return output["task_losses"]

    callback = callback_of("lookahead", losses=losses, every=100, step_size=0.01)
    train(tmp_path, [callback])
    before, again, after = seen[0], seen[1], seen[2:5]
    assert again == before  # the check that the batch is the same one
    expected = [[(1 - row[task] / before[task]) / 0.01 for task in TASKS] for row in after]
    np.testing.assert_allclose(Store(store_url).series(callback.run).mean().affinity, expected, rtol=1e-4)


def test_replays_get_the_arguments_of_the_pass(store_url, tmp_path):
    """``num_items_in_batch``, which a Trainer counts over all parts of an accumulated batch, too."""
    _, model = train(tmp_path, [callback_of("lookahead")], gradient_accumulation_steps=2, max_steps=1)
    assert len(model.passes) == 2 * (1 + 1 + 3)  # two parts of a batch: the pass, its repetition, a step of each task
    for part in (model.passes[:5], model.passes[5:]):
        assert [grad for grad, _, _ in part] == [True] + 4 * [False]
        assert all(training and arguments == part[0][2] for _, training, arguments in part)
    assert model.passes[0][2][2] == 2 * 8 * 6  # labels in both parts


def test_a_resumed_training_goes_on_with_its_run(store_url, tmp_path):
    """It fails in its third epoch, and goes on from the end of the second, to the windows of an undisturbed one."""
    whole = callback_of("last_layer", run="whole")
    train(tmp_path, [whole], num_train_epochs=3)
    first = callback_of("last_layer", run="parts")
    with pytest.raises(RuntimeError, match="out of luck"):
        train(tmp_path, [first], num_train_epochs=3, save_strategy="epoch", fails_at=15)
    failed = Store(store_url).run(first.run)
    assert failed.status == "failed" and "RuntimeError: out of luck" in failed.error and failed.step == 14
    assert (tmp_path / "out" / "checkpoint-12" / STATE_FILE).is_file()
    again = callback_of("last_layer", run="parts")
    train(tmp_path, [again], num_train_epochs=3, save_strategy="epoch", resume=True)
    assert again.run == first.run
    run = Store(store_url).run(again.run)
    assert (run.status, run.error, run.step) == ("finished", "", 18)
    series, expected = (Store(store_url).series(callback.run) for callback in (again, whole))
    np.testing.assert_array_equal(series.edges, expected.edges)
    np.testing.assert_array_equal(series.totals, expected.totals)


@pytest.mark.parametrize("tracked", [True, False], ids=["resume=False", "an untracked checkpoint"])
def test_a_resumed_training_may_begin_a_run_of_its_own(tracked, store_url, tmp_path):
    first = callback_of("last_layer")
    train(tmp_path, [first] if tracked else [], save_strategy="epoch")
    again = callback_of("last_layer", resume=not tracked)
    train(tmp_path, [again], num_train_epochs=3, resume=str(tmp_path / "out" / "checkpoint-12"))
    assert again.run != first.run
    series = Store(store_url).series(again.run)
    assert (series.edges[0], series.edges[-1]) == (12, 18)


def test_a_block_around_training_notices_any_failure(store_url, tmp_path):
    class Fails(TrainerCallback):
        def on_optimizer_step(self, args, state, control, **others):
            if state.global_step == 4:
                raise RuntimeError("outside of forward")

    with pytest.raises(RuntimeError, match="outside of forward"), callback_of("last_layer") as callback:
        train(tmp_path, [callback, Fails()])
    run = Store(store_url).run(callback.run)
    assert run.status == "failed" and "RuntimeError: outside of forward" in run.error and run.step == 5


def test_training_begun_anew_ends_the_run_that_was_left_open(store_url, tmp_path):
    callback = callback_of("last_layer")
    stop = type("Stop", (TrainerCallback,), {"on_step_end": lambda *_, **__: 1 / 0})()
    with pytest.raises(ZeroDivisionError):
        train(tmp_path, [callback, stop])
    left = callback.run
    train(tmp_path, [callback])
    runs = Store(store_url)
    assert runs.run(left).status == "failed" and "begun anew" in runs.run(left).error
    assert callback.run != left and runs.run(callback.run).status == "finished"


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ("losses", "`losses` is 'losses', but dict has no 'losses'"),
        (lambda output: output["loss"], "led to Tensor, where it must lead to a dict"),
        (lambda output: 1 / 0, "ZeroDivisionError"),
    ],
    ids=["no such key", "no dict", "raises"],
)
def test_losses_that_cannot_be_had_stop_tracking_only(losses, message, store_url, tmp_path):
    callback = AffinityCallback(TASKS, "trunk", losses, affinity="last_layer")
    with pytest.warns(UserWarning, match="Kindred stopped tracking; training goes on"):
        state, _ = train(tmp_path, [callback])
    plain, _ = train(tmp_path)
    assert all(torch.equal(one, other) for one, other in zip(state, plain, strict=True))
    run = Store(store_url).run(callback.run)
    assert run.status == "failed" and message in run.error


def test_a_wrong_path_is_refused_before_training(store_url, tmp_path):
    with pytest.raises(KindredError, match="`shared` is 'bert.encoder', but Model has no 'bert'"):
        train(tmp_path, [AffinityCallback(TASKS, "bert.encoder")])


def test_data_parallel_is_refused_with_the_way_out(store_url):
    arguments = type("Arguments", (), {"n_gpu": 2})()
    with pytest.raises(KindredError, match="over 2 devices with nn.DataParallel.*torchrun"):
        callback_of("last_layer").on_train_begin(arguments, None, None)


def test_without_transformers_the_import_says_what_to_install():
    check = "import sys; sys.modules['transformers'] = None; import engine.tracking.huggingface"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert "KindredError: engine.tracking.huggingface needs transformers" in done.stderr
