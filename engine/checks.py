"""Checking the fields of a settings dataclass at the door."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Integral, Real
from typing import Any

import numpy as np

from engine.errors import KindredError

Range = tuple[type, float, float]  # int or float; least and greatest, both inclusive


def check_fields(settings: Any, ranges: Mapping[str, Range], choices: Mapping[str, Sequence[Any]]) -> None:
    """See that every named field is a number in its range, or one of its choices; whole numbers become floats.

    Raises:
        KindredError: naming the first field that is not.
    """
    for field, (type_, least, greatest) in ranges.items():
        value = getattr(settings, field)
        if type_ is float and type(value) is int and abs(value) <= 2**1023:
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


def check_texts(settings: type, given: Mapping[str, Any]) -> None:
    """See that what is given for the text fields of a settings dataclass are texts.

    Raises:
        KindredError: naming the first that is none.
    """
    for field in fields(settings):
        value = given.get(field.name, "")
        if field.type in (str, "str") and not isinstance(value, str):
            raise KindredError(f"{_spoken(field.name)} is {value!r:.100}; it must be a text.")


def _spoken(field: str) -> str:
    return field.replace("_", " ").capitalize()


def is_finite(value: object) -> bool:
    """Whether it is a number that a ``float`` can hold: no text, truth value, NaN or infinity."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool | np.bool_) and math.isfinite(float(value))
    except OverflowError:
        return False


def check_number(what: str, value: object, least: float | None = None, above: bool = False) -> float:
    """The number as a ``float``, if it is finite and at least ``least``, or above it.

    Raises:
        KindredError: naming ``what`` it is, and the rule.
    """
    good = is_finite(value)
    if good and least is not None:
        good = value > least if above else value >= least
    if not good:
        rule = "" if least is None else f" {'above' if above else 'of at least'} {least:g}"
        raise KindredError(f"{what} is {value!r}; give a finite number{rule}.")
    return float(value)


def check_limit(what: str, limit: int | None, least: int) -> int | None:
    """A whole number of at least ``least``, or ``None`` for no limit.

    Raises:
        KindredError: naming ``what`` it is, and the rule.
    """
    if limit is None:
        return None
    if not isinstance(limit, Integral) or isinstance(limit, bool | np.bool_) or limit < least:
        raise KindredError(f"{what} is {limit!r}; give a whole number of at least {least}, or none.")
    return int(limit)
