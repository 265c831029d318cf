"""Studies, wherever they come from: a run of this store, the published settings, or files that ship with Kindred."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.errors import KindredError
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.losses import read_losses
from engine.paths import DATA
from engine.runs.configs import config_of, kind_of
from engine.runs.reader import Reader
from engine.runs.run import Run
from engine.runs.study_config import StudyConfig
from engine.studies.files import from_json
from engine.studies.measurement import Measurement
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION, Study, StudyNetwork, from_losses

KIND = "study"
LINEARISED = "linearised"  # name of the artifact: a network's name → its losses as linearised, task by task
SPLITS = (VALIDATION, TEST, EARLY_STOPPED)
PUBLISHED = "Standley et al., ICML 2020"


def study_of(reader: Reader, run_id: str) -> Study:
    """A study run as what is known of its networks, whichever runs measured them; see ``study_from``.

    Raises:
        KindredError: if there is no such run, it is none of a study, or its tasks are not known yet.
    """
    run = reader.run(run_id)
    config = study_config(run)
    if not run.tasks:
        raise KindredError(f"The study {run_id!r} has not loaded its data yet; look again once it has begun.")
    series = reader.series(run_id)
    affinity = series.mean().affinity if len(series) else None
    study = study_from(run.name, run.tasks, config, reader.measurements(config.setting), affinity)
    told = reader.artifact(run_id, LINEARISED)
    if not told:
        return study
    nothing = [None] * len(study.tasks)
    rows = [told.get(network.name, nothing) for network in study.networks]
    return replace(study, linearised=np.array(rows, dtype=float))


def study_config(run: Run) -> StudyConfig:
    """How a study run is described.

    Raises:
        KindredError: if it is none of a study.
    """
    if kind_of(run.config) != KIND:
        raise KindredError(
            f"The run {run.id!r} is no study; begin one with `python -m engine measure`, or name a published one."
        )
    return config_of(run.config)


def study_from(
    name: str,
    tasks: Sequence[str],
    config: StudyConfig,
    measurements: Iterable[Measurement],
    affinity: np.ndarray | None = None,
) -> Study:
    """What is known of networks, from their measurements.

    Means and deviations are over those seeds of the study that are measured. The networks are those listed, and all
    others of its tasks that were measured. A task's weight is 1 over its validation loss alone at half size; at full
    size where that is not measured; else 1.

    Args:
        name: of the study.
        tasks: in the order of the data set.
        config: of the study.
        measurements: of its setting; those of other seeds or tasks are left out.
        affinity: ``[source, target]``, if it was observed.
    """
    tasks = tuple(tasks)
    mine = [each for each in measurements if each.seed in config.every_seed and set(each.tasks) <= set(tasks)]
    together = [each for each in mine if not each.transfer_from]
    lent = [each for each in mine if each.transfer_from]
    listed = [order.network for order in config.orders(tasks) if not order.transfer_from]
    networks = tuple(dict.fromkeys([*listed, *(each.order.network for each in together)]))
    of_network: list[list[Measurement]] = [[] for _ in networks]
    rows = {network: row for row, network in enumerate(networks)}
    for each in together:
        of_network[rows[each.order.network]].append(each)

    def table(of: Callable[[Measurement], np.ndarray], over_seeds: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """``[networks, tasks]``: what the seeds of a network come to; NaN where none is measured."""
        found = np.full((len(networks), len(tasks)), np.nan)
        for row, seeds in enumerate(of_network):
            if seeds:
                places = [tasks.index(task) for task in seeds[0].tasks]
                found[row, places] = over_seeds(np.stack([of(each) for each in seeds]))
        return found

    losses = {split: table(lambda each, split=split: each.losses[split], _mean) for split in SPLITS}
    epochs = [np.mean([each.epochs for each in seeds]) if seeds else np.nan for seeds in of_network]
    return Study(
        name,
        tasks,
        networks,
        losses=losses,
        spread={split: table(lambda each, split=split: each.losses[split], _deviation) for split in SPLITS},
        metrics={split: table(lambda each, split=split: each.metrics[split], _mean) for split in SPLITS},
        weights=_weights(tasks, rows, losses[VALIDATION]),
        affinity=affinity,
        transfer=_transfer(tasks, lent, rows, losses[TEST]) if lent else None,
        epochs=np.array(epochs),
        early_share=_early_share(config, together),
        source=_in_words(config),
    )


def published_studies() -> tuple[Study, ...]:
    """The four settings of Standley et al., each with all networks of five tasks; an early stop's cost is not known."""
    path = DATA / "published" / "standley2020_network_losses.csv"
    table = read_losses(path.read_bytes(), path.name)
    return tuple(from_losses(table, setting, PUBLISHED, early_share=math.nan) for setting in table.settings)


def kept_studies() -> tuple[Study, ...]:
    """The studies that ship with Kindred, by name; ``data/studies`` may be missing."""
    return tuple(from_json(path.read_bytes(), path.name) for path in sorted((DATA / "studies").glob("*.json")))


def find_study(reader: Reader, name: str) -> Study:
    """A study by a run's id or name, the newest of several, or by the name of one that is published or kept.

    Raises:
        KindredError: if there is none.
    """
    runs = [run for run in reader.runs() if kind_of(run.config) == KIND]
    run = next((run for run in runs if run.id == name), None) or next((run for run in runs if run.name == name), None)
    if run is not None:
        return study_of(reader, run.id)
    others = {study.name: study for study in (*published_studies(), *kept_studies())}
    if name not in others:
        mine = f"; of this store: {', '.join(run.id for run in runs[:5])}" if runs else ""
        raise KindredError(f"There is no study {name!r}; choose of {', '.join(others)}{mine}.")
    return others[name]


def _mean(seeds: np.ndarray) -> np.ndarray:
    return seeds.mean(axis=0)


def _deviation(seeds: np.ndarray) -> np.ndarray:
    return seeds.std(axis=0, ddof=1) if len(seeds) > 1 else np.full(seeds.shape[1], np.nan)


def _early_share(config: StudyConfig, measurements: Sequence[Measurement]) -> float:
    """What short trainings cost, as a share of what whole ones did; those end early, so it is more than was asked."""
    short = sum(each.cost * min(config.early_epochs, each.epochs) for each in measurements)
    return short / sum(each.snt_epochs for each in measurements) if measurements else config.early_share


def _weights(tasks: tuple[str, ...], rows: dict[StudyNetwork, int], losses: np.ndarray) -> np.ndarray:
    weights = np.ones(len(tasks))
    for place, task in enumerate(tasks):
        alone = [rows.get(StudyNetwork((task,), cost)) for cost in (HALF_SINGLE.cost, FULL.cost)]
        found = [losses[row, place] for row in alone if row is not None and losses[row, place] > 0]
        weights[place] = 1 / found[0] if found else 1.0
    return weights


def _transfer(
    tasks: tuple[str, ...], lent: Sequence[Measurement], rows: dict[StudyNetwork, int], losses: np.ndarray
) -> np.ndarray:
    """``[source, target]``: mean test losses on lent trunks; on the diagonal, on the target's own."""
    found = np.full((len(tasks), len(tasks)), np.nan)
    for place, task in enumerate(tasks):
        row = rows.get(StudyNetwork((task,)))
        found[place, place] = np.nan if row is None else losses[row, place]
    pairs: dict[tuple[int, int], list[float]] = {}
    for each in lent:
        if each.transfer_from in tasks:
            pair = tasks.index(each.transfer_from), tasks.index(each.tasks[0])
            pairs.setdefault(pair, []).append(float(each.losses[TEST][0]))
    for pair, seeds in pairs.items():
        found[pair] = np.mean(seeds)
    return found


def _in_words(config: StudyConfig) -> str:
    told = {name: value for name, value in config.decisive.items() if name not in ("version", "dataset")}
    seeds = f"seed {config.seed}" if config.seeds == 1 else f"seeds {config.seed} to {config.every_seed[-1]}"
    words = [f"{name.replace('_', ' ')} {value}" for name, value in told.items()]
    return ", ".join([f"measured on {config.dataset}", *words, seeds])
