"""Words on a page: what a visitor or a file wrote, made safe for Streamlit's Markdown; names, places and amounts."""

import re
from collections.abc import Sequence

from engine.texts import text

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$&])")


def plain(written: str) -> str:
    """The text with every character escaped that Markdown could read as markup, so that it shows as it is."""
    return _MARKUP.sub(r"\\\1", written)


def joined(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> joined(["10", "20", "all"])
    '10, 20 and all'
    """
    return text("words.and").join(filter(None, [text("words.comma").join(names[:-1]), *names[-1:]]))


def ordinal(number: int) -> str:
    """A place in words.

    >>> ordinal(1), ordinal(12), ordinal(23)
    ('1st', '12th', '23rd')
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return text(f"text.ordinal_{ending}", number=number)


def duration(seconds: float | None) -> str:
    """Seconds in words short enough for a table: ``40 ms``, ``45 s``, ``3 min``, ``2.5 h``; a dash where unknown."""
    if seconds is None:
        return "–"
    if 0 < seconds < 1:
        return text("text.milliseconds", amount=seconds * 1000)
    if seconds < 90:
        return text("text.seconds", amount=seconds)
    if seconds < 5400:
        return text("text.minutes", amount=seconds / 60)
    return text("text.hours", amount=seconds / 3600)


def size(count: float) -> str:
    """Bytes in words short enough for a sentence.

    >>> size(96), size(152_064), size(2.5e6)
    ('96 B', '152 kB', '2.5 MB')
    """
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= least:
            return f"{count / least:.3g} {unit}"
    return f"{count:.0f} B"
