"""``python -m engine advise``, ``replay`` and ``train``: which network to train next, and a grouping made real."""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from engine import catalog
from engine.cli_runs import work_off_all
from engine.cli_settings import add_settings, settings_of
from engine.datasets.dataset import only
from engine.datasets.loading import load_dataset
from engine.errors import KindredError
from engine.grouping.export import from_file, to_json
from engine.grouping.problem import check_budget
from engine.grouping.solution import Solution
from engine.runs.advised import all_budgets
from engine.runs.config import RunConfig
from engine.runs.configs import config_of, kind_of
from engine.runs.store import Store
from engine.runs.studies import find_study
from engine.runs.study_config import StudyConfig
from engine.studies.advisor import Advice, advise, score
from engine.studies.measurement import Order
from engine.studies.replay import replay_advisor, replay_way
from engine.studies.study import TEST, VALIDATION, Study, StudyNetwork
from engine.studies.ways import WAYS, grouping

Add = Callable[..., argparse.ArgumentParser]


def add_advise_commands(add: Add) -> None:
    """Add the commands to the command line's parser."""
    command = add("advise", _advise, "the best grouping by what is known of a study, and which network to train next")
    command.add_argument("study", metavar="RUN|NAME", help="a study of this store, published or kept")
    command.add_argument("--budget", type=float, metavar="SNT", help="default: all budgets alike")
    predictors = [entry.name for entry in catalog.entries("predictor")]
    command.add_argument("--predictor", choices=predictors, default=predictors[0])
    command.add_argument("--count", type=int, default=1, metavar="N", help="networks to train next; default: 1")
    command.add_argument("--seed", type=int, default=0, help="of the draws; default: 0")
    command.add_argument(
        "--grouping", type=Path, metavar="FILE", help="write the grouping, for `train`; needs --budget"
    )
    command.add_argument("--json", action="store_true")

    replay = add("replay", _replay, "what every way of choosing would have come to, on a study that is wholly measured")
    replay.add_argument("study", metavar="RUN|NAME")
    replay.add_argument("--budget", type=float, metavar="SNT", help="default: the mean over all budgets")
    replay.add_argument("--seed", type=int, default=0, help="of the advisor's draws; default: 0")
    replay.add_argument("--json", action="store_true")

    train = add("train", _train, "train the networks of a grouping file and write them as a bundle of models")
    train.add_argument("--grouping", required=True, metavar="FILE", help="as `solve --json` or the dashboard wrote it")
    train.add_argument("--to", metavar="FOLDER", help="of the bundle; default: the file's name without its ending")
    add_settings(
        train, StudyConfig, leave_out=("tasks", "networks", "seeds", "allowance", "budget", "bound", "observe")
    )


def _budgets(study: Study, budget: float | None) -> tuple[float, ...]:
    return all_budgets(len(study.tasks)) if budget is None else (check_budget(budget),)


def _advise(arguments: argparse.Namespace) -> int:
    study = find_study(Store(arguments.store), arguments.study)
    predictor = catalog.load("predictor", arguments.predictor)
    budgets = _budgets(study, arguments.budget)
    advice = advise(study, budgets, count=arguments.count, predictor=predictor, seed=arguments.seed)
    if arguments.grouping is not None:
        _write_grouping(arguments, study, advice)
    if arguments.json:
        print(json.dumps(_told(study, advice), indent=2, allow_nan=False))
        return 0
    for budget, chosen, value in zip(advice.budgets, advice.chosen, advice.value, strict=True):
        test = score(study, chosen)
        measured = f", test {test:.6g}" if math.isfinite(test) else ""
        print(f"budget {budget:g}: expected {value:.6g} on validation{measured}, lower is better")
        for network, serves in _serving(study, chosen).items():
            known = "" if study.known()[network] else "  (not trained yet)"
            print(f"  {study.networks[network].name} serves {', '.join(serves)}{known}")
    print(f"regret: {advice.regret:.3g} % expected, below {advice.bound:.3g} % with 95 % certainty")
    for network in advice.next:
        cost = study.networks[network].cost
        print(f"train next: {study.networks[network].name} ({cost:g} SNT; chance {advice.chance[network]:.0%})")
    if not advice.next:
        print("train next: nothing that matters is unknown")
    return 0


def _write_grouping(arguments: argparse.Namespace, study: Study, advice: Advice) -> None:
    if arguments.budget is None:
        raise KindredError("--grouping writes the grouping for one budget; give --budget SNT.")
    solution = grouping(study, advice.prediction.mean, advice.budgets[0])
    try:
        arguments.grouping.write_text(to_json(solution, {"run": arguments.study}), encoding="utf-8")
    except OSError as error:
        raise KindredError(
            f"{str(arguments.grouping)!r} cannot be written ({error.strerror}); check the path."
        ) from None


def _serving(study: Study, chosen: np.ndarray) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for task, network in zip(study.tasks, chosen.tolist(), strict=True):
        found.setdefault(network, []).append(task)
    return found


def _told(study: Study, advice: Advice) -> dict[str, Any]:
    return {
        "study": study.name,
        "known": int(study.known().sum()),
        "networks": len(study.networks),
        "regret": advice.regret,
        "bound": advice.bound,
        "groupings": [
            {
                "budget": budget,
                "validation": value,
                "test": _or_none(score(study, chosen, TEST)),
                "networks": [
                    {"network": study.networks[network].name, "cost": study.networks[network].cost, "serves": serves}
                    for network, serves in _serving(study, chosen).items()
                ],
            }
            for budget, chosen, value in zip(advice.budgets, advice.chosen, advice.value, strict=True)
        ],
        "next": [
            {"network": study.networks[network].name, "chance": float(advice.chance[network])}
            for network in advice.next
        ],
        "trust": advice.prediction.trust,
    }


def _replay(arguments: argparse.Namespace) -> int:
    study = find_study(Store(arguments.store), arguments.study)
    if not study.known().all() or not study.known(TEST).all():
        raise KindredError(
            f"Of the {len(study.networks)} networks of {study.name!r} only {int(study.known().sum())} are measured; a "
            "replay needs all, so measure the rest, or ask `advise` what to train next."
        )
    budgets = _budgets(study, arguments.budget)
    ways = {name: replay_way(study, name, budgets) for name in WAYS}
    flow = replay_advisor(study, budgets, seed=arguments.seed)
    if arguments.json:
        content = {
            "study": study.name,
            "budgets": budgets,
            "ways": {
                name: {"cost": _or_none(each.cost), "regret": [_or_none(value) for value in each.regret]}
                for name, each in ways.items()
            },
            "advisor": [
                {
                    "networks": each.networks,
                    "cost": each.cost,
                    "last": study.networks[each.last].name if each.last >= 0 else None,
                    "regret": each.regret,
                    "expected": each.expected,
                    "bound": each.bound,
                }
                for each in flow
            ],
        }
        print(json.dumps(content, indent=2, allow_nan=False))
        return 0
    print(f"{'':34}{'SNT':>7} {'regret, %':>10} {'bound, %':>9}")
    for name, each in ways.items():
        if np.isfinite(each.regret).any():
            print(f"{name:34}{each.cost:7.1f} {np.nanmean(each.regret):10.2f}")
    for each in flow:
        last = f"then {study.networks[each.last].name}" if each.last >= 0 else "advisor: every task alone"
        print(f"{last:34}{each.cost:7.1f} {np.mean(each.regret):10.2f} {each.bound:9.2f}")
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from engine.training.bundle import Served, write_bundle  # takes seconds to load, as it needs torch

    path = Path(arguments.grouping)
    try:
        solution, source = from_file(path.read_bytes())
    except OSError as error:
        raise KindredError(f"The file {str(path)!r} cannot be read ({error.strerror}); check the path.") from None
    store = Store(arguments.store)
    members = _members(solution)
    config = _settings(arguments, store, source, members)
    dataset = load_dataset(config)
    known = [task.name for task in dataset.tasks]
    for name in solution.problem.tasks:
        if name not in known and any(name in network.tasks for network in members):
            raise KindredError(f"The grouping has a task {name!r}; the tasks of {dataset.name} are {', '.join(known)}.")
    orders = [Order(tuple(task for task in known if task in each.tasks), each.cost, config.seed) for each in members]
    run_id = store.create(config, f"grouping {path.name}")
    if not work_off_all(store, [run_id]):
        raise KindredError(f"The networks could not all be trained: {store.run(run_id).error or 'see the run'}")
    measured = {each.key: each for each in store.measurements(config.setting)}
    served = [
        Served(measured[config.key(order)], network.serves)
        for order, network in zip(orders, solution.networks, strict=True)
    ]
    folder = Path(arguments.to or path.with_suffix(""))
    mine = only(dataset, [task for task in known if any(task in each.tasks for each in members)])
    about = {"grouping": path.name, "source": source, "run": run_id}
    written = write_bundle(folder, served, config, mine, store.files("networks"), about)
    for each in served:
        for task in each.serves:
            place = each.measurement.tasks.index(task)
            validation, test = (each.measurement.losses[split][place] for split in (VALIDATION, TEST))
            print(f"{task}: validation {validation:.6g}, test {test:.6g}, from {'+'.join(each.measurement.tasks)}")
    print(written)
    return 0


def _members(solution: Solution) -> list[StudyNetwork]:
    """The networks of a grouping, each at its capacity: what it costs without the heads beyond its first."""
    capacity = solution.problem.capacity_of
    return [StudyNetwork(each.tasks, float(capacity(len(each.serves), each.cost))) for each in solution.networks]


def _settings(
    arguments: argparse.Namespace, store: Store, source: dict[str, Any], members: list[StudyNetwork]
) -> StudyConfig:
    """How to train: as the flags say, or else as the run that the grouping comes from."""
    networks = ",".join(dict.fromkeys(each.name for each in members))
    tasks = ",".join(dict.fromkeys(task for each in members for task in each.tasks))
    if len({task for each in members for task in each.tasks}) == 1:
        tasks = ""
    if arguments.dataset or arguments.table:
        return settings_of(arguments, StudyConfig, store.tables, tasks=tasks, networks=networks)
    run_id = source.get("run") if isinstance(source.get("run"), str) else None
    run = next((run for run in store.runs() if run_id in (run.id, run.name)), None)
    if run is None or kind_of(run.config) not in ("network", "study") or "dataset" not in run.config:
        raise KindredError(
            "The grouping comes from no training in this store, so that it is not known how to train; say it, as in "
            "--dataset yeast --epochs 40."
        )
    told = config_of(run.config)
    own = {field.name: getattr(told, field.name) for field in fields(RunConfig)} | {"primary": "", "auxiliary": "none"}
    given = {field.name: getattr(arguments, field.name, None) for field in fields(StudyConfig)}
    own |= {name: value for name, value in given.items() if value is not None}
    study = {name: getattr(told, name) for name in ("patience", "early_share") if isinstance(told, StudyConfig)}
    return StudyConfig(**own | study | {"affinity": "none", "metric": False, "tasks": tasks, "networks": networks})


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
