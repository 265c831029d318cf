"""All that a reader is told, in the reader's language: one file of texts a language, one key a text.

What charts, pages and reports say is looked up here by a key such as ``affinity.title``. A text may hold values in
braces, ``{count} updates``, and may differ by number: then it is a table of ``one`` and ``other``, chosen by ``count``.
Names of tasks and runs, numbers, and the sentences of errors, which also stand in logs, are not translated.
"""

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT = "en"

_FOLDER = Path(__file__).parent
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_asked: Callable[[], str] | None = None


def ask(language_of_reader: Callable[[], str] | None) -> None:
    """Where to ask for the language, at every text, unless one is being spoken; ``None`` for nowhere."""
    global _asked
    _asked = language_of_reader


@contextmanager
def speaking(which: str) -> Iterator[None]:
    """Let all texts be of one language.

    Raises:
        KeyError: if there is no such language.
    """
    token = _spoken.set({name: name for name in LANGUAGES}[which])
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> str:
    """The language of the texts now: a key of ``LANGUAGES``. What keeps texts must keep them by this."""
    return _spoken.get() or (_asked() if _asked else DEFAULT)


def text(key: str, /, **values: Any) -> str:
    """A text in the present language.

    Args:
        key: its place in the files, section and name joined by a dot.
        values: what the text names in braces; ``count`` also chooses between ``one`` and ``other``, where it has both.

    Raises:
        KeyError: if there is no such text, or a value that it names is lacking.

    >>> with speaking("en"):
    ...     text("words.updates", count=1), text("words.updates", count=120)
    ('1 update', '120 updates')
    """
    found = texts(language())[key]
    if isinstance(found, dict):
        found = found["one" if values["count"] == 1 else "other"]
    return found.format(**values) if values else found


@cache
def texts(which: str) -> dict[str, str | dict[str, str]]:
    """All texts of a language by their keys."""
    with (_FOLDER / f"{which}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str | dict[str, str]]]:
    for name, value in table.items():
        if isinstance(value, dict) and set(value) != {"one", "other"}:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value
