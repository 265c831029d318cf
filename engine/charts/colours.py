"""Which colour a run or a task has: one that follows from its name, so that it is the same wherever it appears."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from engine.charts.palette import LIGHT

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_COLOURS = len(LIGHT.tasks)


@dataclass(frozen=True)
class Style:
    """Attributes:
    colour: a place in the palette's ``tasks``, any two of which stay apart under every common colour blindness.
    turn: how many others of that colour were given it before; 0 for all where there are no more than colours.
    """

    colour: int
    turn: int = 0

    @property
    def symbol(self) -> str:
        """Of points, as plotly names it; it tells apart without colours, too."""
        return SYMBOLS[(self.colour + self.turn) % len(SYMBOLS)]

    @property
    def dash(self) -> str:
        """Of lines, as plotly names it: solid but for what shares its colour with another."""
        return DASHES[self.turn % len(DASHES)]

    @property
    def line(self) -> dict:
        """Of a plotly trace: its line, whose colour points take up, and the ``meta`` by which the browser takes the
        colour of its theme."""
        return {"line": {"color": LIGHT.tasks[self.colour], "dash": self.dash}, "meta": {"task": self.colour}}


def styles(names: Iterable[str], before: Mapping[str, Style] | None = None) -> dict[str, Style]:
    """How each of the names shown together is drawn: runs by their ids, tasks by their names.

    Every name wishes for each colour by so much, from its own letters alone; the greatest wish of all is granted first,
    then the next, among colours and names that are left. So the order does not matter, no two of up to eight have one
    colour, and whoever comes along takes a colour from those only who wish for it less. Beyond eight another turn
    begins, with other symbols and dashes.

    Args:
        before: what names were drawn as earlier in a visit. They keep their colour, unless they meet there.

    >>> styles(["yeast-1", "digits-2"]) == styles(["digits-2", "yeast-1"])
    True
    """
    left = list(dict.fromkeys(names))
    order, had = tuple(left), {name: style.colour for name, style in (before or {}).items()}
    found: dict[str, Style] = {}
    turn = 0
    while left:
        taken: set[int] = set()
        wishes = (
            (had.get(name) != colour, _wish(name, colour), name, colour) for name in left for colour in range(_COLOURS)
        )
        for *_, name, colour in sorted(wishes):
            if name not in found and colour not in taken:
                found[name] = Style(colour, turn)
                taken.add(colour)
        left = [name for name in left if name not in found]
        turn += 1
    return {name: found[name] for name in order}


@lru_cache(4096)
def _wish(name: str, colour: int) -> bytes:
    """The lower, the more it is wished for."""
    return blake2b(f"{colour} {name}".encode(errors="surrogatepass"), digest_size=8).digest()
