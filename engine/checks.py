"""Checking the fields of a settings dataclass at the door."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import KindredError

Range = tuple[type, float, float]  # int or float; least and greatest, both inclusive


def check_fields(settings: Any, ranges: Mapping[str, Range], choices: Mapping[str, Sequence[Any]]) -> None:
    """See that every named field is a number in its range, or one of its choices; whole numbers become floats.

    Raises:
        KindredError: naming the first field that is not.
    """
    for field, (type_, least, greatest) in ranges.items():
        value = getattr(settings, field)
        if type_ is float and type(value) is int:
            value = float(value)
            object.__setattr__(settings, field, value)
        if type(value) is not type_ or not least <= value <= greatest or not math.isfinite(value):
            kind = "a whole number" if type_ is int else "a number"
            raise KindredError(f"{_spoken(field)} is {value!r}; it must be {kind} from {least} to {greatest}.")
    for field, allowed in choices.items():
        if getattr(settings, field) not in allowed:
            raise KindredError(
                f"{_spoken(field)} is {getattr(settings, field)!r}; choose one of {', '.join(map(str, allowed))}."
            )


def _spoken(field: str) -> str:
    return field.replace("_", " ").capitalize()
