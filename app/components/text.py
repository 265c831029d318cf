"""Text that a visitor or a file wrote, made safe for Streamlit's Markdown."""

import re
from collections.abc import Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$&])")


def plain(text: str) -> str:
    """The text with every character escaped that Markdown could read as markup, so that it shows as it is."""
    return _MARKUP.sub(r"\\\1", text)


def joined(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> joined(["10", "20", "all"])
    '10, 20 and all'
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def ordinal(number: int) -> str:
    """A place in words.

    >>> ordinal(1), ordinal(12), ordinal(23)
    ('1st', '12th', '23rd')
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def duration(seconds: float | None) -> str:
    """Seconds in words short enough for a table: ``40 ms``, ``45 s``, ``3 min``, ``2.5 h``; a dash where unknown."""
    if seconds is None:
        return "–"
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """Bytes in words short enough for a sentence.

    >>> size(96), size(152_064), size(2.5e6)
    ('96 B', '152 kB', '2.5 MB')
    """
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= least:
            return f"{count / least:.3g} {unit}"
    return f"{count:.0f} B"
