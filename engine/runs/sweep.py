"""A sweep: every design and every weighting on one data set, over several seeds, against single-task training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from engine import catalog
from engine.errors import KindredError
from engine.runs.config import RunConfig, check_fit
from engine.runs.reader import Reader
from engine.runs.run import Run
from engine.runs.store import Store

SINGLE_TASK = "single_task"
STANDARD = "hard_sharing, equal"


@dataclass(frozen=True)
class Variant:
    """Attributes:
    name: the design and the weighting.
    settings: in which it differs from the sweep's base.
    """

    name: str
    settings: Mapping[str, object]


def variants(base: RunConfig) -> list[Variant]:
    """Single-task training, every design with equal weighting, and every other weighting with hard sharing.

    Those that do not fit the data set are left out. Single-task training is a tower a task without any tie.
    """
    found = [Variant(SINGLE_TASK, {"architecture": "soft_sharing", "tie_strength": 0.0, "weighting": "equal"})]
    pairs = [*product(_names("architecture"), ["equal"]), *product(["hard_sharing"], _names("weighting")[1:])]
    for architecture, weighting in pairs:
        chosen = {"architecture": architecture, "weighting": weighting}
        try:
            check_fit({"dataset": base.dataset, "trunk": base.trunk, **chosen})
        except KindredError:
            continue
        found.append(Variant(f"{architecture}, {weighting}", chosen))
    return found


def configs(base: RunConfig, seeds: int) -> dict[tuple[str, int], RunConfig]:
    """The configuration of each variant and seed, from ``base.seed`` on; affinity is not observed."""
    return {
        (variant.name, seed): replace(base, affinity="none", metric=False, seed=seed, **variant.settings)
        for variant in variants(base)
        for seed in range(base.seed, base.seed + seeds)
    }


def prepare(store: Store, sweep: str, base: RunConfig, seeds: int) -> list[str]:
    """Make, or put back into the queue, all runs of a sweep that have not finished; those that have are kept.

    Returns:
        the ids of the queued runs, seed by seed, so that a table of all variants stands early.

    Raises:
        KindredError: if the sweep has runs of other settings.
    """
    known = {RunConfig.from_json(run.config): run for run in runs_of(store, sweep)}
    wanted = configs(base, seeds)
    here = _without_variant(base, base)
    other = next((found for found in (_without_variant(config, base) for config in known) if found != here), None)
    if other is not None:
        field = next(name for name, value in here.to_json().items() if getattr(other, name) != value)
        raise KindredError(
            f"The sweep {sweep!r} was begun with {field} = {getattr(other, field)!r}, and now it is "
            f"{getattr(here, field)!r}; go on with the same settings, or give the sweep another name."
        )
    queued = []
    for (name, seed), config in sorted(wanted.items(), key=lambda item: item[0][1]):
        run = known.get(config)
        if run is None:
            queued.append(store.create(config, f"{name} · seed {seed}", f"{sweep}: {name}", sweep))
        elif run.resumable:
            store.requeue(run.id)
            queued.append(run.id)
        elif run.status == "queued":
            queued.append(run.id)
    return queued


def runs_of(store: Reader, sweep: str) -> list[Run]:
    """The runs of a sweep."""
    return [run for run in store.runs() if run.sweep == sweep]


def table(store: Reader, sweep: str, split: str = "validation") -> pd.DataFrame:
    """What came out: one row a variant, in the order of ``variants``.

    Columns: ``seeds`` finished; ``metric``, the mean over the judged tasks and seeds after the last epoch, and
    ``metric_sd`` over seeds; ``delta_m``, the mean relative gain over single-task training of the same seed in percent,
    and ``delta_m_sd``; ``worst_task``, the least gain of one task (mean over seeds); ``step_ratio``, the time of an
    update relative to hard sharing with equal weighting; ``parameters``; ``cost`` in SNT.

    A task's relative gain is that of its accuracy; for a regression, whose R² may lie around zero, how much less its
    squared error is. NaN where the runs to compare with have not finished.

    Raises:
        KindredError: if there is no such sweep.

    Source: Δm of Maninis et al., "Attentive Single-Tasking of Multiple Tasks", CVPR 2019, eq. 4.
    """
    runs = runs_of(store, sweep)
    if not runs:
        raise KindredError(f"There is no sweep {sweep!r} in this store; begin one with `python -m engine sweep`.")
    by_config = {RunConfig.from_json(run.config): run for run in runs}
    base = next((config for config in by_config if config.tie_strength), next(iter(by_config)))
    seeds = sorted({config.seed for config in by_config})
    start = replace(_without_variant(base, base), seed=seeds[0])
    finished: dict[str, dict[int, _Result]] = {}
    for (name, seed), config in configs(start, seeds[-1] - seeds[0] + 1).items():
        run = by_config.get(config)
        finished.setdefault(name, {})
        if run is not None and run.status == "finished":
            finished[name][seed] = _result(store, run, split)
    rows = [_row(name, finished) for name in finished]
    return pd.DataFrame(rows).set_index("variant")


@dataclass(frozen=True, eq=False)
class _Result:
    """``metrics`` and ``losses`` of the judged tasks, which of them are regressions, and the run."""

    metrics: np.ndarray
    losses: np.ndarray
    regression: np.ndarray
    run: Run


def _result(store: Reader, run: Run, split: str) -> _Result:
    last = [each for each in store.evaluations(run.id) if each.split == split][-1]
    primary = RunConfig.from_json(run.config).primary_tasks or run.tasks
    judged = [run.tasks.index(task) for task in primary]
    regression = np.array([run.metrics[place] == "R²" for place in judged])
    return _Result(last.metrics[judged].astype(float), last.losses[judged].astype(float), regression, run)


def _row(name: str, finished: Mapping[str, Mapping[int, _Result]]) -> dict[str, object]:
    mine = finished[name]
    single, standard = finished[SINGLE_TASK], finished[STANDARD]
    gains = np.array([_gain(mine[seed], single[seed]) for seed in mine if seed in single])
    metrics = np.array([result.metrics.mean() for result in mine.values()])
    ratios = [
        mine[seed].run.step_seconds / standard[seed].run.step_seconds
        for seed in mine
        if seed in standard and standard[seed].run.step_seconds
    ]
    any_run = next(iter(mine.values())).run if mine else None
    return {
        "variant": name,
        "seeds": len(mine),
        "metric": _mean(metrics),
        "metric_sd": _deviation(metrics),
        "delta_m": _mean(gains.mean(1)) if len(gains) else np.nan,
        "delta_m_sd": _deviation(gains.mean(1)) if len(gains) else np.nan,
        "worst_task": gains.mean(0).min() if len(gains) else np.nan,
        "step_ratio": _mean(ratios),
        "parameters": any_run.parameters if any_run else None,
        "cost": any_run.cost if any_run else None,
    }


def _gain(result: _Result, single: _Result) -> np.ndarray:
    """``[tasks]``: relative gain over single-task training, in percent."""
    with np.errstate(divide="ignore", invalid="ignore"):
        accuracy = result.metrics / single.metrics - 1
        error = 1 - result.losses / single.losses
    return 100 * np.where(result.regression, error, accuracy)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def _names(kind: str) -> list[str]:
    return [entry.name for entry in catalog.entries(kind)]


def _without_variant(config: RunConfig, base: RunConfig) -> RunConfig:
    """The configuration with what variants and seeds change set to one value."""
    single = config.architecture == "soft_sharing" and config.tie_strength == 0
    tie = base.tie_strength if single else config.tie_strength
    return replace(
        config, architecture="hard_sharing", weighting="equal", tie_strength=tie, seed=0, affinity="none", metric=False
    )
