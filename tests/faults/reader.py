"""What a reader of damaged inputs is, and what its refusals are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import KindredError
from tests.faults.mutations import Damage


@dataclass(frozen=True)
class Reader:
    """Attributes:
    sound: the sound inputs, by the names that they are read under.
    damage: how one is damaged.
    read: of a damaged input, under its name, in a folder of its own.
    """

    sound: dict[str, bytes]
    damage: Damage
    read: Callable[[bytes, str, Path], object]


def sentence(error: KindredError) -> None:
    """See that an error is one that a person can read.

    Raises:
        AssertionError: otherwise.
    """
    text = str(error)
    assert 15 < len(text) < 3000 and "Traceback" not in text and "\0" not in text, f"no sentence: {text[:300]!r}"
