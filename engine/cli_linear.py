"""``python -m engine linear`` and ``federated``: comparisons of linear models on the command line."""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from engine.affinity.matrix import read_affinity
from engine.cli_runs import work_off_all
from engine.cli_settings import add_settings, settings_of
from engine.datasets.linear_samples import chosen_tasks
from engine.datasets.loading import load_dataset
from engine.datasets.settings import DataSettings
from engine.datasets.tables.columns import names_in
from engine.errors import KindredError
from engine.federated.settings import NEEDS_MATRIX
from engine.federated.summary import GOAL, outcomes
from engine.regularized.summary import Mean, mean_errors
from engine.runs.configs import Config, FederatedConfig, LinearConfig
from engine.runs.launching.queue import launch
from engine.runs.relations import Relation, observed_relation, of_tasks, similarity
from engine.runs.store import Store

Add = Callable[..., argparse.ArgumentParser]
FILES = (".csv", ".json")
OF_NETWORKS = ("sampling", "temperature", "parts_a_step")  # how an update draws from parts
ERRORS = {"squared": "mean squared error", "logistic": "share of wrong labels", "hinge": "share of wrong labels"}


def add_linear_commands(add: Add) -> None:
    """Add the commands to the command line's parser."""
    linear = add("linear", _linear, "compare regularised linear multi-task methods as samples a task grow")
    add_settings(linear, LinearConfig, leave_out=("relation", *OF_NETWORKS))
    linear.add_argument(
        "--relation",
        metavar="RUN|FILE",
        help="for graph_laplacian: a run's affinity, or a matrix in a file, .csv or .json; default: it is left out",
    )
    federated = add("federated", _federated, "compare federated linear methods, each task a client, in rounds")
    add_settings(federated, FederatedConfig, leave_out=("matrix", *OF_NETWORKS))
    federated.add_argument(
        "--matrix",
        metavar="RUN|FILE",
        help="for --relation similarity, which any affinity is brought to, and precision, as it is",
    )
    for command in (linear, federated):
        command.add_argument("--name", default="", help="default: the run's id")
        command.add_argument("--detach", action="store_true", help="print the id and leave the worker to itself")
        command.add_argument("--json", action="store_true")


def _linear(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    relation = _relation(store, arguments, arguments.relation)
    config = settings_of(arguments, LinearConfig, store.tables, relation=relation)
    return _work_off(store, config, arguments, "learning curves", _print_curves, _of_curves)


def _federated(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    matrix = _relation(store, arguments, arguments.matrix)
    if arguments.relation == NEEDS_MATRIX[0] and matrix:
        matrix = similarity(matrix)
    config = settings_of(arguments, FederatedConfig, store.tables, matrix=matrix)
    return _work_off(store, config, arguments, "rounds", _print_rounds, _of_rounds)


def _relation(store: Store, arguments: argparse.Namespace, named: str | None) -> Relation:
    """The matrix of a run or a file, of the tasks that are learned; empty where none is named."""
    if not named:
        return ()
    path = Path(named)
    if path.suffix.lower() in FILES:
        matrix = read_affinity(_content(path), path.name)
    else:
        matrix = observed_relation(store, named)
    dataset = load_dataset(settings_of(arguments, DataSettings, store.tables))
    return of_tasks(matrix, [task.name for task in chosen_tasks(dataset, names_in(arguments.tasks or ""))])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KindredError(f"The file {str(path)!r} cannot be read ({error.strerror}); check the path.") from None


def _work_off(
    store: Store,
    config: Config,
    arguments: argparse.Namespace,
    artifact: str,
    show: Callable[[dict[str, Any]], None],
    in_json: Callable[[dict[str, Any]], dict[str, Any]],
) -> int:
    """Work a new run off and print what came out, as far as it came; or leave it to itself."""
    run_id = store.create(config, arguments.name)
    if arguments.detach:
        launch(store, [run_id])
        print(run_id)
        return 0
    finished = work_off_all(store, [run_id])
    content = store.artifact(run_id, artifact)
    if arguments.json:
        found = {"run": run_id, "status": store.run(run_id).status, **(in_json(content) if content else {})}
        print(json.dumps(found, indent=2, allow_nan=False))
        return 0 if finished else 2
    if content:
        show(content)
    print(run_id)
    return 0 if finished else 2


def _print_curves(curves: dict[str, Any]) -> None:
    means = mean_errors(curves)
    columns = [_size(size, counts) for size, counts in zip(curves["sizes"], curves["counts"], strict=True)]
    cells = [[str(means[method, size]) for size in curves["sizes"]] for method in curves["methods"]]
    print(pd.DataFrame(cells, curves["methods"], columns).to_string())
    over = f"tasks ({len(curves['tasks'])}) and seeds ({len(curves['seeds'])})"
    print(
        f"columns = training samples a task; test error ({ERRORS[curves['loss']]}), mean over {over} ± half the "
        "interval of 95 % over seeds"
    )


def _size(size: int | None, counts: list[int]) -> str:
    if size is not None:
        return str(size)
    least, most = min(counts), max(counts)
    return f"all ({least})" if least == most else f"all ({least}–{most})"


def _of_curves(curves: dict[str, Any]) -> dict[str, Any]:
    means = [{"method": method, "size": size, **_plain(mean)} for (method, size), mean in mean_errors(curves).items()]
    return {**curves, "means": means}


def _plain(mean: Mean) -> dict[str, Any]:
    values = asdict(mean)
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}


def _print_rounds(rounds: dict[str, Any]) -> None:
    found = outcomes(rounds)
    rows = {
        name: {
            "final gap": "–" if each.gap is None else f"{each.gap:.2e}",
            f"rounds to {GOAL:g}": "–" if each.rounds_to_goal is None else str(each.rounds_to_goal),
            "kB up": f"{each.up / 1000:,.0f}",
            "kB down": f"{each.down / 1000:,.0f}",
            "test error": "diverged" if name in rounds["stopped"] else f"{each.error:.4f}",
        }
        for name, each in found.items()
    }
    print(pd.DataFrame.from_dict(rows, orient="index").to_string())
    clients, made = len(rounds["clients"]), max((course["round"] or [0])[-1] for course in rounds["methods"].values())
    print(
        f"after {made} rounds of {clients} clients; gap = relative duality gap; test error "
        f"({ERRORS[rounds['loss']]}), mean over clients"
    )
    for sentence in rounds["stopped"].values():
        print(sentence)


def _of_rounds(rounds: dict[str, Any]) -> dict[str, Any]:
    return {**rounds, "outcomes": {name: asdict(each) for name, each in outcomes(rounds).items()}}
