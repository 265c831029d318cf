"""Affinity in a Hugging Face ``Trainer``: one callback."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn

from engine.affinity.observer import Losses
from engine.errors import KindredError
from engine.tracking.callback import Part, Tracking, losses_of, part_of
from engine.tracking.mirror import Mirror

try:
    from transformers import TrainerCallback
except ModuleNotFoundError as error:
    if error.name != "transformers":
        raise  # it is installed, but something that it needs is not
    raise KindredError(
        "engine.tracking.huggingface needs transformers, which is not installed; run `pip install transformers "
        "accelerate`, or use engine.AffinityTracker in a loop of your own."
    ) from None

STATE_FILE = "kindred_tracker.pt"


class AffinityCallback(TrainerCallback):
    """Observes the affinities of a Hugging Face training and writes them to the store while it runs.

    ::

        class Model(PreTrainedModel):
            def forward(self, inputs, labels):
                losses = ...                                      # dict: task → scalar, not weighted
                return {"loss": sum(losses.values()), "task_losses": losses}

        with AffinityCallback(["depth", "normals"], shared="trunk", run="my run") as callback:
            Trainer(model, args, train_dataset=data, callbacks=[callback]).train()

    These models compute their losses in ``forward``, so that a hook on it observes every training pass, and runs it
    again on the same arguments where a lookahead needs that. It works under accumulation, clipping, mixed precision,
    changing ``num_items_in_batch`` and distributed processes, and leaves training as it is, see ``AffinityTracker``.
    Its state is part of the checkpoints (``kindred_tracker.pt``): ``train(resume_from_checkpoint=True)`` goes on with
    the same run. (To resume from a folder outside ``output_dir``, name it in ``TrainingArguments`` too.)

    Every forward pass is an observation of its own, so that under accumulation the run counts these, not optimiser
    steps. A ``Trainer`` tells callbacks of no exception. One in ``forward`` is noticed, and ends the run as failed; one
    elsewhere is where ``with`` is used as above, or else when the program ends on it.

    A ``Trainer`` takes all that ``forward`` returns beside the loss for predictions when it evaluates: return the task
    losses in training mode only, or list them in the config's ``keys_to_ignore_at_inference``.

    Args:
        tasks: the task names.
        shared: where the shared part is in the model: a path such as ``"bert.encoder"``, or a function of the model
            that gives the module, or a list of parameters.
        losses: where the dict task → scalar loss is in what ``forward`` returns: a path, or a function of it.
        run: the run's name; left empty, one is made up.
        resume: whether a training that resumes from a checkpoint goes on with its run, or begins a new one.
        tracker: further arguments of ``AffinityTracker``, such as ``affinity``, ``overhead``, ``store``, ``writers``.
            The optimiser is the trainer's, unless ``optimizer`` or ``step_size`` says otherwise: give the latter for
            a lookahead under a schedule whose learning rate begins at zero.

    Raises:
        KindredError: when training starts, if an argument is not as it must be; see ``AffinityTracker``. Or if the
            trainer splits batches over devices with ``nn.DataParallel``, whose copies of the model cannot be followed.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Part,
        losses: Part = "task_losses",
        run: str = "",
        *,
        resume: bool = True,
        **tracker: Any,
    ) -> None:
        self._tracking = Tracking(tasks, run, resume, tracker)
        self._shared, self._losses = shared, losses
        self._hook: Any = None
        self._observing = False
        self._checkpoint = Mirror(f"The tracker's state in checkpoints ({STATE_FILE})")

    @property
    def run(self) -> str:
        """The run's id in the store; empty before training and in a process that does not write."""
        return self._tracking.run

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Begin: devices, processes and checkpoints are in place by now."""
        if args.n_gpu > 1:
            raise KindredError(
                f"The Trainer splits each batch over {args.n_gpu} devices with nn.DataParallel, whose copies of the "
                "model cannot be followed; start one process a device with torchrun, or show it one device only."
            )
        model, optimizer = others["model"], others["optimizer"]
        passes = args.gradient_accumulation_steps
        if state.global_step:
            self._load(args, state)
        self._tracking.begin(
            part_of(model, self._shared, "shared"),
            getattr(optimizer, "optimizer", optimizer),  # accelerate wraps it
            max(state.max_steps, 0) * passes,
            state.global_step * passes,
        )
        self._unhook()
        self._hook = model.register_forward_hook(
            torch.compiler.disable(self._after_forward), with_kwargs=True, always_call=True
        )

    def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Put the tracker's state beside the model's."""
        folder = _checkpoint_folder(args, state)
        if state.is_world_process_zero and folder.is_dir():
            content = io.BytesIO()
            torch.save(self._tracking.state(), content)
            self._checkpoint.attempt((folder / STATE_FILE).write_bytes, content.getvalue())

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """End the run."""
        self._unhook()
        self._tracking.finish()

    def __enter__(self) -> "AffinityCallback":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: TracebackType | None) -> None:
        self._unhook()
        if error is not None:
            self._tracking.fail(error)
        self._tracking.finish()

    def _after_forward(self, model: nn.Module, arguments: tuple, named: dict[str, Any], output: Any) -> None:
        """A forward hook; ``output`` is None where the pass raised."""
        if self._observing:
            return
        error = sys.exc_info()[1]
        if output is None and error is not None:
            self._tracking.fail(error)
        elif model.training and torch.is_grad_enabled() and self._tracking.active:
            self._observing = True

            def again() -> Losses:
                return losses_of(model(*arguments, **named), self._losses)

            try:
                self._tracking.observe(losses_of(output, self._losses), again)
            finally:
                self._observing = False

    def _load(self, args: Any, state: Any) -> None:
        """A trainer does not tell where it resumed from: where it saves, unless its arguments name the place."""
        for folder in (args.resume_from_checkpoint, _checkpoint_folder(args, state)):
            path = Path(folder or "") / STATE_FILE
            if folder and path.is_file():
                self._tracking.load(torch.load(path, map_location="cpu", weights_only=True))
                return

    def _unhook(self) -> None:
        if self._hook is not None:
            self._hook.remove()
            self._hook = None


def _checkpoint_folder(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"
