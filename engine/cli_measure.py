"""``python -m engine measure`` and ``study``: networks trained to convergence, and what is known of them."""

import argparse
import json
import sys
from collections.abc import Callable

import numpy as np

from engine.cli_runs import work_off_all
from engine.cli_settings import add_settings, settings_of
from engine.datasets.linear_samples import chosen_tasks
from engine.datasets.loading import load_dataset
from engine.datasets.tables.columns import names_in
from engine.runs.launching.queue import launch
from engine.runs.store import Store
from engine.runs.studies import find_study, study_of
from engine.runs.study_config import StudyConfig
from engine.studies.files import to_csv, to_json
from engine.studies.study import TEST, VALIDATION, Study

Add = Callable[..., argparse.ArgumentParser]


def add_measure_commands(add: Add) -> None:
    """Add the commands to the command line's parser."""
    measure = add(
        "measure",
        _measure,
        "train networks to convergence and keep their losses; none is trained twice. The last line is the run's id",
    )
    add_settings(measure, StudyConfig)
    measure.add_argument("--name", default="", help="default: the run's id")
    measure.add_argument("--detach", action="store_true", help="print the id and leave the worker to itself")
    measure.add_argument("--json", action="store_true")

    study = add("study", _study, "what is known of the networks of a study: of this store, published or kept")
    study.add_argument("study", metavar="RUN|NAME")
    form = study.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="all of it, to the last bit (kindred.study/1)")
    form.add_argument("--csv", action="store_true", help="its losses, as `solve --losses` reads them")


def _measure(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    config = settings_of(arguments, StudyConfig, store.tables)
    _announce(store, config)
    run_id = store.create(config, arguments.name)
    if arguments.detach:
        launch(store, [run_id])
        print(run_id)
        return 0
    finished = work_off_all(store, [run_id])
    run = store.run(run_id)
    study = study_of(store, run_id) if run.tasks else None
    if arguments.json:
        content = json.loads(to_json(study)) if study else None
        print(json.dumps({"run": run_id, "status": run.status, "study": content}, indent=2, allow_nan=False))
        return 0 if finished else 2
    if study:
        _print(study, _seeds(store, config))
    print(run_id)
    return 0 if finished else 2


def _study(arguments: argparse.Namespace) -> int:
    study = find_study(Store(arguments.store), arguments.study)
    if arguments.json or arguments.csv:
        print(to_json(study) if arguments.json else to_csv(study), end="")
        return 0
    _print(study, {})
    return 0


def _announce(store: Store, config: StudyConfig) -> None:
    """What the study would train, on standard error, before it begins."""
    tasks = [task.name for task in chosen_tasks(load_dataset(config), names_in(config.tasks))]
    orders = config.orders(tasks)
    known = {each.key for each in store.measurements(config.setting)}
    left = [order for order in orders if config.key(order) not in known]
    cost = sum(order.cost for order in left) * config.epochs
    print(
        f"kindred: {len(orders)} trainings of {len(tasks)} tasks, of which {len(orders) - len(left)} are known; "
        f"the others cost {cost:g} SNT-epochs at most",
        file=sys.stderr,
        flush=True,
    )


def _seeds(store: Store, config: StudyConfig) -> dict[tuple[frozenset[str], float], int]:
    """Of each network that is measured."""
    found: dict[tuple[frozenset[str], float], int] = {}
    for each in store.measurements(config.setting):
        if each.seed in config.every_seed and not each.transfer_from:
            network = frozenset(each.tasks), each.cost
            found[network] = found.get(network, 0) + 1
    return found


def _print(study: Study, seeds: dict[tuple[frozenset[str], float], int]) -> None:
    """One row a network that is measured, from few tasks to many; a loss is the mean over the network's tasks."""
    known = study.known(VALIDATION)
    width = max((len("+".join(network.tasks)) for network in study.networks), default=0)
    width = min(max(width, len("tasks")), 60)
    print(f"{'tasks':{width}} {'SNT':>5} {'seeds':>5} {'validation':>17} {'test':>8} {'epochs':>6}")
    for row, network in enumerate(study.networks):
        if not known[row]:
            continue
        named = "+".join(network.tasks)
        named = named if len(named) <= width else f"{named[: width - 1]}…"
        count = seeds.get((frozenset(network.tasks), network.cost))
        loss = _mean(study.losses[VALIDATION], row)
        spread = _mean(study.spread[VALIDATION], row) if VALIDATION in study.spread else np.nan
        shown = f"{loss:8.4f} ± {spread:6.4f}" if np.isfinite(spread) else f"{loss:8.4f}{'':9}"
        test = _mean(study.losses[TEST], row) if TEST in study.losses else np.nan
        epochs = f"{study.epochs[row]:6.1f}" if study.epochs is not None else f"{'–':>6}"
        print(f"{named:{width}} {network.cost:5g} {count or '–':>5} {shown:>17} {test:8.4f} {epochs}")
    unknown = int((~known).sum())
    if unknown:
        print(f"not measured yet: {unknown} networks")
    print("losses: mean over the network's tasks, ± deviation over seeds; lower is better")


def _mean(table: np.ndarray, row: int) -> float:
    values = table[row][np.isfinite(table[row])]
    return float(values.mean()) if len(values) else float("nan")
