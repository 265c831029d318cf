"""Flags of the command line that are the fields of a settings class, and what they come to."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from engine.datasets.loading import data_of, load_dataset
from engine.datasets.settings import OF_SOME, DataSettings
from engine.datasets.tables.keeping import keep
from engine.datasets.tables.limits import MOST_BYTES, content_of

Settings = TypeVar("Settings", bound=DataSettings)
TABLE = "table"
READ_FROM_FILES = tuple(name for names in OF_SOME for name in names)


def add_settings(command: argparse.ArgumentParser, settings: type[DataSettings], leave_out: Sequence[str] = ()) -> None:
    """A flag for every field of the class but those to leave out."""
    for field in fields(settings):
        if field.name in leave_out:
            continue
        flag = "--" + field.name.replace("_", "-")
        if field.type is bool or field.type == "bool":
            command.add_argument(flag, action=argparse.BooleanOptionalAction, help=f"default: {field.default}")
        else:
            type_ = {"int": int, "float": float, "str": str}.get(str(field.type), field.type)
            shown = "needed, but with --table" if field.name == "dataset" else f"default: {field.default}"
            command.add_argument(flag, type=type_, help=shown)
    command.set_defaults(parser=command)


def data_name(arguments: argparse.Namespace) -> str:
    """The data set that is named, or meant by ``--table``; without either the command ends with a sentence."""
    if not arguments.dataset and not arguments.table:
        arguments.parser.error("name the data set with --dataset, or a file with --table")
    return arguments.dataset or TABLE


def settings_of(
    arguments: argparse.Namespace, settings: type[Settings], tables: Path | None = None, **more: Any
) -> Settings:
    """What the flags say, and ``more``, which counts above them.

    Args:
        tables: the store's folder of tables, where the one that is named is kept, so that the run does not depend on a
            file that may change; None to leave it where it is.

    Raises:
        KindredError: for a value out of range, or files that cannot be learned from, or a table that cannot be kept.
    """
    given = {field.name: getattr(arguments, field.name, None) for field in fields(settings)}
    told = {name: value for name, value in given.items() if value is not None}
    told["dataset"] = data_name(arguments)
    if told.get("folder"):  # a worker has a working directory of its own
        told["folder"] = os.path.abspath(os.path.expanduser(told["folder"]))
    if told.get("table"):
        told["table"] = str(Path(told["table"]).expanduser().absolute())
    config = settings(**told | more)
    if tables is None or config.dataset not in READ_FROM_FILES:
        return config
    load_dataset(data_of(config))  # what cannot be learned from is refused before there is a run
    if config.table:
        path = Path(config.table)
        config = replace(config, table=str(keep(content_of(path, path.name, MOST_BYTES), path.name, tables)))
    return config
