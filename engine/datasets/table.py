"""A table of the user's own: some of its columns are predicted from the others."""

import os
from pathlib import Path

import pandas as pd

from engine.datasets.dataset import Dataset, divide
from engine.datasets.settings import DataSettings
from engine.datasets.tables.columns import INPUT, TARGET, describe_table, kinds_in, names_in
from engine.datasets.tables.encoding import inputs_of, target_of
from engine.datasets.tables.keeping import called
from engine.datasets.tables.limits import check_shape
from engine.datasets.tables.reading import read_table
from engine.datasets.tables.splitting import split_table
from engine.errors import KindredError
from engine.paths import at


def load(settings: DataSettings) -> Dataset:
    """The data set, named as the file; see ``of_frame``.

    Where the file is gone, as after the store was moved, it is the one of that name among those in ``KINDRED_FILES``.

    Raises:
        KindredError: if the file cannot be read, or used as the settings say.
    """
    path = _there(at(settings.table))
    return of_frame(read_table(path, path.name), settings, called(path))


def _there(path: Path) -> Path:
    files = os.environ.get("KINDRED_FILES")
    moved = at(files) / "tables" / path.name if files and not path.exists() else path
    return moved if moved.exists() else path


def of_frame(frame: pd.DataFrame, settings: DataSettings, name: str) -> Dataset:
    """A table as a data set of one part: a task for each target, in the order they are named.

    A number is a regression, a category a classification, a binary column a classification of one output; see
    ``kinds.guess`` for how kinds are guessed, and ``encoding`` for what becomes of inputs. A label that is not known
    stays so. All other columns are inputs, but those left out, the one split by, and those that never differ.

    Args:
        frame: as ``read_table`` or ``tidied`` return it.
        settings: ``targets``, ``kinds``, ``leave_out``, ``split`` and ``split_by`` are looked at.
        name: of the data set.

    Raises:
        KindredError: naming the first column that cannot be used so, and others.
    """
    check_shape(name, *frame.shape)
    targets = names_in(settings.targets)
    if not targets:
        raise KindredError("There is no target; name the columns to predict, as in --targets price,sold.")
    columns = describe_table(
        frame,
        targets=targets,
        kinds=kinds_in(settings.kinds),
        leave_out=names_in(settings.leave_out),
        split_by=settings.split_by,
    )
    bad = [column for column in columns if column.problem]
    if bad:
        others = ", ".join(column.name for column in bad[1:9]) + (", …" if len(bad) > 9 else "")
        raise KindredError(bad[0].problem + (f" Nor can these be used so: {others}." if others else ""))
    splits = split_table(frame, settings.split, settings.split_by)
    by_name = {column.name: column for column in columns if column.role == TARGET}
    tasks, labels = zip(*(target_of(frame, by_name[target], splits) for target in targets), strict=True)
    inputs = inputs_of(frame, [column for column in columns if column.role == INPUT], splits[0])
    parts = divide(inputs, {task.name: values for task, values in zip(tasks, labels, strict=True)}, splits)
    return Dataset(name, tasks, *((part,) for part in parts))
