"""Affinity in TensorBoard: a writer for a tracker."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.affinity.series import AffinitySeries, Window
from engine.errors import KindredError
from engine.tasks import Evaluation
from engine.tracking.mirror import Mirror

try:
    from torch.utils.tensorboard import SummaryWriter
except ModuleNotFoundError as error:
    if error.name != "tensorboard":
        raise  # it is installed, but something that it needs is not
    raise KindredError(
        "engine.tracking.tensorboard needs TensorBoard, which is not installed; run `pip install tensorboard`, or "
        "leave this writer out."
    ) from None

MOST_TASKS_IN_PAIRS = 12  # 132 curves; beyond, the matrix is an image only
SIDE = 240  # pixels of an image, about
FLUSH_SECONDS = 5
QUEUE = 1000  # the default of 10 would let the training loop wait for the disk

# Orange over white to blue, which stay apart under every common colour blindness: value from −1 to 1 → RGB.
RAMP_AT = (-1.0, -0.5, 0.0, 0.5, 1.0)
RAMP = np.array([(168, 67, 10), (226, 138, 66), (247, 247, 245), (92, 155, 211), (18, 83, 154)], np.float64)
BLANK = np.array((214, 217, 221), np.uint8)  # the diagonal, and pairs that were not observed


class TensorBoardWriter:
    """Mirrors every window of a tracked run to TensorBoard; see ``Writer``.

    ::

        AffinityTracker(tasks, model.trunk, writers=[TensorBoardWriter("runs/mine")])

    At the step at which a window ends:

    - ``loss/<task>``: its mean training loss in the window;
    - ``affinity/<source>→<target>``: the window's mean, for up to 12 tasks;
    - ``affinity of other tasks/mean``, ``/min`` and ``/max``: over the entries off the diagonal;
    - ``affinity``, an image: rows are sources, columns targets, in the order that the text ``tasks`` lists; see
      ``heatmap``.

    A resumed run goes on in the same folder, and what was shown of later steps is replaced. A full disk ends the mirror
    with a warning, not the tracking.

    Args:
        logdir: where TensorBoard looks.
    """

    def __init__(self, logdir: str | Path) -> None:
        self.logdir = str(logdir)
        self._mirror = Mirror(f"The TensorBoard log {self.logdir}")
        self._summary: SummaryWriter | None = None

    def begin(self, name: str, tasks: tuple[str, ...], quantity: str) -> None:
        """Remember what the windows will be of; the log is opened with the first one, as only that tells its step."""
        self.tasks = tasks
        order = "\n".join(f"{place}. {task}" for place, task in enumerate(tasks, 1))
        self._about = f"{name}: {quantity}. Rows are sources, columns targets, in this order:\n\n{order}"

    def window(self, window: Window, losses: Evaluation) -> None:
        """Log a window."""
        self._mirror.attempt(self._write, window, losses)

    def end(self, status: str, error: str) -> None:
        """Close the log."""
        if self._summary is not None:
            self._mirror.attempt(self._summary.close)
            self._summary = None

    def _write(self, window: Window, losses: Evaluation) -> None:
        step = window.step_to
        if self._summary is None:
            self._summary = SummaryWriter(
                self.logdir, purge_step=window.step_from + 1, max_queue=QUEUE, flush_secs=FLUSH_SECONDS
            )
            self._summary.add_text("tasks", self._about, step)
        affinity = AffinitySeries.of(self.tasks, [window]).mean().affinity
        for tag, value in self._scalars(affinity, losses.losses):
            if np.isfinite(value):
                self._summary.add_scalar(tag, value, step)
        if len(self.tasks) > 1:
            self._summary.add_image("affinity", heatmap(affinity), step)

    def _scalars(self, affinity: np.ndarray, losses: np.ndarray) -> Iterator[tuple[str, float]]:
        for task, loss in zip(self.tasks, losses, strict=True):
            yield f"loss/{task}", float(loss)
        apart = ~np.eye(len(self.tasks), dtype=bool)
        if len(self.tasks) <= MOST_TASKS_IN_PAIRS:
            for source, target in np.argwhere(apart):
                yield f"affinity/{self.tasks[source]}→{self.tasks[target]}", float(affinity[source, target])
        known = affinity[apart & np.isfinite(affinity)]
        if known.size:
            for name, summary in (("mean", known.mean()), ("min", known.min()), ("max", known.max())):
                yield f"affinity of other tasks/{name}", float(summary)


def heatmap(affinity: np.ndarray) -> np.ndarray:
    """A matrix as a picture: blue where the source helps the target, orange where it hurts, white at zero.

    The colours span the largest absolute entry off the diagonal. The diagonal, a task's effect on itself, is far larger
    than all others; it is left grey, as are pairs that were not observed.

    Args:
        affinity: ``[source, target]``; NaN where unknown.

    Returns:
        ``[3, height, width]``, uint8; rows are sources.
    """
    shown = affinity.copy()
    np.fill_diagonal(shown, np.nan)
    known = np.isfinite(shown)
    shown[~known] = 0.0
    most = np.abs(shown).max(initial=0.0)
    shares = shown / most if most > 0 else shown
    channels = [np.interp(shares, RAMP_AT, RAMP[:, channel]).round().astype(np.uint8) for channel in range(3)]
    pixels = np.where(known, np.stack(channels), BLANK[:, None, None])
    return pixels.repeat(scale := max(1, SIDE // len(affinity)), axis=1).repeat(scale, axis=2)
