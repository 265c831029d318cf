"""All that a page changes or launches, in one place: for editors only, and each user only so many runs at a time."""

from typing import Any

from app import access
from app.components.datasets import kept_tables
from app.components.runs import opened
from engine.datasets.tables.keeping import keep
from engine.errors import KindredError
from engine.runs.configs import Config
from engine.runs.launching.queue import launch
from engine.runs.run import Run
from engine.runs.store import Store
from engine.texts import text


def may_edit() -> bool:
    """Whether the visitor may change anything."""
    return access.current().editor


def for_editors(help: str | None = None, disabled: bool = False) -> dict[str, Any]:
    """The settings ``help`` and ``disabled`` of a widget that changes something: off, with the reason, for a viewer."""
    return {"help": help, "disabled": disabled} if may_edit() else {"help": text("editing.viewer"), "disabled": True}


def editing_store() -> Store:
    """The store, to be written.

    Raises:
        KindredError: if the visitor only looks.
    """
    if not may_edit():
        raise KindredError(text("editing.viewer"))
    return opened()


def launch_runs(config: Config, name: str, seeds: int = 1) -> list[str]:
    """New runs as of ``Store.create_seeds``, with a worker for each; their ids.

    Raises:
        KindredError: if the visitor only looks, has too many runs at work, or a run cannot be made or launched.
    """
    store = editing_store()
    _check_origin(store, config)
    run_ids = store.create_seeds(config, name, seeds, owner=access.current().name, limit=access.limit())
    launch(store, run_ids)
    return run_ids


def resume(run: Run) -> None:
    """Launch a run that stopped early again; it counts for whoever launched it first.

    Raises:
        KindredError: as of ``launch_runs``.
    """
    store = editing_store()
    store.requeue(run.id, limit=access.limit())
    launch(store, [run.id])


def keep_table(content: bytes, name: str, most_bytes: int) -> str:
    """Keep an uploaded table beside the store; the name of its file there.

    Raises:
        KindredError: if the visitor only looks, or it cannot be kept.
    """
    return keep(content, name, editing_store().tables, most_bytes).name


def _check_origin(store: Store, config: Config) -> None:
    """See that what a run reads or imports is Kindred's own, a table kept here, or what an earlier run was given on the
    command line: whatever a page is made to say, it names no file and no code."""
    told = config.to_json()
    named = {name: value for name in ("dataset", "trunk", "heads") if ":" in (value := told.get(name) or "")}
    if told.get("folder"):
        named["folder"] = told["folder"]
    if told.get("table") and told["table"] not in map(str, kept_tables().values()):
        named["table"] = told["table"]
    if named and not any(named.items() <= run.config.items() for run in store.runs()):
        name, value = next(iter(named.items()))
        raise KindredError(text("editing.not_from_here", name=name, value=value))
