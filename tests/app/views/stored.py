"""Runs with numbers of their own in a test's store."""

from dataclasses import replace

import numpy as np

from engine.affinity.series import Window
from engine.runs.config import RunConfig
from engine.runs.store import Store
from engine.tasks import Evaluation, TaskWeights

TASKS = ["a", "b", "c", "d", "e"]
NEVER = ("a", "c")  # the pair that runs with `skipped` never observed


def windows(seed: int, count: int = 12, noise: float = 0.1, skipped: bool = False, about: int = 7) -> list[Window]:
    """Windows of ten updates about one matrix, the same for every seed but for noise."""
    truth = np.random.default_rng(about).normal(0, 1, (5, 5))
    generator = np.random.default_rng(seed)
    found = []
    for window in range(count):
        updates = truth + generator.normal(0, noise, (10, 5, 5))
        counts = None
        if skipped:
            counts = np.full((5, 5), 10)
            counts[0, 2] = counts[2, 0] = 0
            updates[:, 0, 2] = updates[:, 2, 0] = 0
        sums = updates.sum(0).astype(np.float32), (updates**2).sum(0).astype(np.float32)
        found.append(Window(10 * window, 10 * window + 10, 10, *sums, counts))
    return found


def trained(store: Store, count: int = 12, **also: object) -> str:
    """A finished run; ``also`` goes to ``windows``."""
    run_id = store.create(RunConfig("yeast"), "mine")
    _finish(store, run_id, windows(0, count, **also))
    return run_id


def with_readings(store: Store, *names: str, seed: int = 0, affinity: bool = True, **values: object) -> str:
    """A run with these readings, each about a matrix of its own; finished, unless ``values`` of columns differ."""
    run_id = store.create(RunConfig("yeast", affinity="lookahead" if affinity else "none"), f"read {seed}")
    _finish(store, run_id, windows(seed) if affinity else [], readings=readings(seed, *names), **values)
    return run_id


def readings(seed: int, *names: str) -> dict[str, list[Window]]:
    """Windows of readings: of a network's one state each, of gradients of ten updates."""
    found = {}
    for name in names:
        found[name] = windows(seed, about=len(name))
        if not name.startswith("gradient"):
            states = [window.total / 10 for window in found[name]]
            found[name] = [
                replace(window, updates=1, total=state, total_squares=state**2)
                for window, state in zip(found[name], states, strict=True)
            ]
    return found


def seeds(store: Store, number: int = 3, noise: float = 0.1, also: tuple[str, ...] = ()) -> list[str]:
    """A group of finished runs; ``also`` with other readings."""
    ids = store.create_seeds(RunConfig("yeast"), "yeast", number)
    for seed, run_id in enumerate(ids):
        _finish(store, run_id, windows(seed, noise=noise), readings=readings(seed, *also))
    return ids


def tracked(store: Store, status: str = "running", error: str = "", skipped: bool = False, step: int = 120) -> str:
    """A run that someone's own loop writes, which does not know how long it will be."""
    run_id, token = store.create_tracked("my run", TASKS, {"affinity": "auto"}, "affinity per unit of step size")
    note = "auto chose last_layer, every 2nd update"
    store.write(run_id, token, windows(3, skipped=skipped), step=step, status=status, error=error, note=note)
    return run_id


def _finish(store: Store, run_id: str, found: list[Window], **values: object) -> None:
    token = store.claim(run_id)
    usual = {"tasks": TASKS, "metrics": ["acc"] * 5, "step": 120, "steps": 120, "status": "finished"}
    if found:
        usual |= {"step": found[-1].step_to, "steps": found[-1].step_to}
    store.write(run_id, token, found, **(usual | values))


def learned(
    store: Store,
    tasks: tuple[str, ...] = tuple(TASKS),
    metrics: tuple[str, ...] | None = None,
    status: str = "finished",
    weights: np.ndarray | None = None,
    conflicts: bool = False,
    artifacts: dict | None = None,
    run_id: str = "",
    scale: float = 1.0,
    **settings: object,
) -> str:
    """A run that has made 40 steps, with losses, metrics and weights of its own; or what makes a queued one so.

    Args:
        scale: of the losses.
    """
    run_id = run_id or store.create(RunConfig("yeast", affinity="none", **settings), "learned")
    token = store.claim(run_id)
    count = len(tasks)
    best = np.arange(1, count + 1) / 10
    evaluations = []
    for step in range(0, 41, 10):
        losses = scale * (best + 1 / (step + 1)).astype(np.float32)
        evaluations.append(Evaluation(step, "validation", losses, 1 - losses / 2))
        if step:
            evaluations.append(Evaluation(step, "train", losses / 2, np.full(count, np.nan, np.float32)))
    given = np.ones((4, count)) if weights is None else weights
    columns = {"status": status, "tasks": list(tasks), "metrics": list(metrics or ["accuracy"] * count), "step": 40}
    if status == "finished":
        evaluations.append(Evaluation(40, "test", losses * 2, losses / 4))
        columns["step_seconds"] = 0.004
    readings = {}
    if conflicts:
        cosines = np.full((count, count), 0.25)
        cosines[0, 1] = cosines[1, 0] = -0.5
        found = {"gradient_cosine": cosines, "gradient_conflict": np.where(cosines < 0, -1.0, 1.0)}
        readings = {
            name: [
                Window(10 * each, 10 * each + 10, 10, (10 * matrix).astype(np.float32), 10 * matrix**2)
                for each in range(4)
            ]
            for name, matrix in found.items()
        }
    store.write(
        run_id,
        token,
        (),
        evaluations,
        readings=readings,
        weights=[TaskWeights(10 * place, 10 * place + 10, row.astype(np.float32)) for place, row in enumerate(given)],
        artifacts=artifacts or {},
        steps=40,
        parameters=12_345,
        cost=1.5,
        note="auto chose *nothing*",
        **columns,
    )
    return run_id
