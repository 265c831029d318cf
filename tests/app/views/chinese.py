"""What a page says in Chinese must hold no English of its own."""

import re

_ENGLISH = re.compile(r"\b[a-z]+(?:,? [a-z]+){2,}\b")


def english_in(said: str) -> list[str]:
    """Three English words and more in a row, commands left out.

    >>> english_in("请用 `python -m engine solve` 求解 depth、normals。"), english_in("见 a list of runs。")
    ([], ['a list of runs'])
    """
    return _ENGLISH.findall(re.sub(r"`[^`]*`", "", said))
