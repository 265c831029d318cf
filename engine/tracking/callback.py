"""What the callbacks of training frameworks share: where a model keeps its losses, and how a tracker lives in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from engine.affinity.matrix import check_tasks
from engine.affinity.observer import Losses
from engine.errors import KindredError
from engine.tracking.tracker import AffinityTracker

# Where something is: a dotted path of attributes, keys and submodules, or a function that gets it.
Part = str | Callable[[Any], Any]


class Unavailable(Mapping[str, Tensor]):
    """Losses that could not be had: looking at them raises why.

    So a tracker meets the reason where it would have met the losses, and deals with it as with any fault.
    """

    def __init__(self, reason: Exception) -> None:
        self.reason = reason

    def __getitem__(self, task: str) -> Tensor:
        raise self.reason

    def __iter__(self) -> Iterator[str]:
        raise self.reason

    def __len__(self) -> int:
        raise self.reason


def part_of(whole: Any, part: Part, argument: str) -> Any:
    """What ``part`` names in ``whole``.

    Args:
        whole: a module, or what it returned.
        part: see ``Part``.
        argument: the callback's argument that it was given as, for messages.

    Raises:
        KindredError: if a path leads nowhere.
    """
    if callable(part):
        return part(whole)
    found = whole
    for name in part.split("."):
        try:
            found = found[name] if isinstance(found, Mapping) else getattr(found, name)
        except (KeyError, AttributeError):
            raise KindredError(
                f"`{argument}` is {part!r}, but {type(found).__name__} has no {name!r}; give the path of an attribute "
                f"of {type(whole).__name__}, or a function that takes it."
            ) from None
    return found


def losses_of(whole: Any, part: Part) -> Losses:
    """The losses that ``part`` names in ``whole``; ``Unavailable`` if they cannot be had. Never raises."""
    try:
        found = part_of(whole, part, "losses")
        if not isinstance(found, Mapping):
            raise KindredError(
                f"`losses` led to {type(found).__name__}, where it must lead to a dict from task to scalar loss; set "
                "it before the backward pass, or name another place."
            )
        return found
    except Exception as reason:
        return Unavailable(reason)


class Tracking:
    """A tracker that begins when training does, whose state goes into training's checkpoints.

    Args:
        tasks, run: as of ``AffinityTracker``.
        resume: whether a resumed training goes on with the run that its checkpoint belongs to; a new run otherwise.
        options: further arguments of ``AffinityTracker``. With a ``step_size`` the framework's optimiser is not asked.

    Raises:
        KindredError: if the tasks are not as they must be.
    """

    def __init__(self, tasks: Sequence[str], run: str, resume: bool, options: dict[str, Any]) -> None:
        self.tasks, self.name, self.resume, self.options = check_tasks(tasks), run, resume, options
        self.tracker: AffinityTracker | None = None
        self._loaded: dict[str, Any] = {}

    @property
    def active(self) -> bool:
        """Whether a tracker observes."""
        return self.tracker is not None and self.tracker.active

    @property
    def run(self) -> str:
        """The run's id in the store; empty before training and in a process that does not write."""
        return "" if self.tracker is None else self.tracker.run

    def begin(self, shared: nn.Module | list[nn.Parameter], optimizer: Optimizer | None, steps: int, step: int) -> None:
        """Begin a run, or go on with the one whose state was loaded.

        Args:
            shared: what the tasks share.
            optimizer: the one that trains it.
            steps: forward passes that training will make; 0 if unknown.
            step: those it made before; a loaded state knows it better.

        Raises:
            KindredError: as ``AffinityTracker``, or if the state does not fit.
        """
        self.fail(KindredError("training was begun anew before it had ended"))
        state, self._loaded = self._loaded if self.resume else {}, {}
        self.tracker = AffinityTracker(
            self.tasks,
            shared,
            state.get("run") or self.name,
            steps=steps,
            resume=bool(state),
            step=None if state else step,
            **({} if "step_size" in self.options else {"optimizer": optimizer}) | self.options,
        )
        if state:
            try:
                self.tracker.load_state_dict(state["tracker"])
            except Exception as error:
                self.fail(error)
                raise KindredError(
                    f"The checkpoint's tracker state does not fit this tracker ({type(error).__name__}: {error}); give "
                    "the callback the tasks and settings of before, or resume=False for a new run."
                ) from error

    def observe(self, losses: Losses, closure: Callable[[], Losses] | None) -> None:
        """As of ``AffinityTracker``; nothing where no tracker is active."""
        if self.active:
            self.tracker.observe(losses, closure)

    def finish(self) -> None:
        """End the run well."""
        if self.active:
            self.tracker.finish()

    def fail(self, error: BaseException) -> None:
        """End the run, if it has not ended, on what stopped training."""
        if self.active:
            self.tracker.__exit__(type(error), error, None)

    def state(self) -> dict[str, Any]:
        """For training's checkpoint, as tensors and plain values; empty before training."""
        return {} if self.tracker is None else {"run": self.run, "tracker": self.tracker.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Keep a checkpoint's state for ``begin``."""
        self._loaded = state
