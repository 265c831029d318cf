"""In what runs differ: their settings, and what is known of them besides, one beside the other."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.runs.run import Run

# What is known of a run beside its settings: fields of `Run`.
FACTS = ("origin", "source", "quantity", "tasks", "status", "steps", "parameters", "cost")


def settings_of(runs: Sequence[Run]) -> dict[str, str]:
    """Every setting of a run as text; of several seeds the values that they have, each once, separated by commas."""
    names = dict.fromkeys(name for run in runs for name in run.config)
    return {name: _distinct([run.config[name] for run in runs if name in run.config]) for name in names}


def facts_of(runs: Sequence[Run]) -> dict[str, str]:
    """Likewise each of ``FACTS`` that is known."""
    each = {name: [value for run in runs if (value := getattr(run, name))] for name in FACTS}
    return {name: _distinct(values) for name, values in each.items() if values}


def differing(columns: Sequence[Mapping[str, str]]) -> list[str]:
    """The names of the rows in which not all columns say the same, or not all say anything; in their first order."""
    names = dict.fromkeys(name for column in columns for name in column)
    return [name for name in names if len({column.get(name) for column in columns}) > 1]


def _distinct(values: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(map(_written, values)))


def _written(value: Any) -> str:
    """
    >>> _written(0.05), _written("sgd"), _written(("a", "b")), _written(True)
    ('0.05', 'sgd', 'a, b', 'true')
    """
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
