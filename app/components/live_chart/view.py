"""Who moved the chart last, the page or the visitor: one rule that lets both do so."""

from dataclasses import dataclass
from typing import Any

View = dict[str, Any]


@dataclass(frozen=True)
class Agreement:
    """What page and browser agreed on in the last run.

    Attributes:
        number: of the last time the page moved the chart; the browser obeys when it sees a new one.
        told: the view that the page asked for then.
        given: the view that the page passed in the last run.
        reported: the view that the browser reported last; ``None`` if it has reported none yet.
        shown: the view on the screen.
    """

    number: int
    told: View
    given: View
    reported: View | None
    shown: View


def agree(last: Agreement | None, given: View, reported: View | None) -> Agreement:
    """The view to show: what the page changed since its last run, and otherwise what the visitor chose.

    The page may so pass a constant, or echo what the visitor chose, or set something new, and ``told`` changes in
    the last case only: the data sent to the browser, with its large arrays, stays the same in the others.

    Args:
        last: the agreement of the last run; ``None`` in the first.
        given: the view that the page passes now; the same keys in every run.
        reported: the view that the browser reported, if any.

    >>> first = agree(None, {"budget": 2}, None)
    >>> agree(first, {"budget": 2}, {"budget": 5}).shown  # the visitor moved it
    {'budget': 5}
    >>> agree(first, {"budget": 3}, {"budget": 2}).shown  # the page moved it
    {'budget': 3}
    """
    unmounted = last is not None and last.reported is not None and reported is None
    if last is None or unmounted:
        return Agreement(1 if last is None else last.number + 1, given, given, reported, given)
    shown = last.shown if reported is None or reported == last.reported else last.shown | reported
    # A page that echoes what the last run showed says nothing new, though the visitor may have moved on since.
    changed = {
        name: value for name, value in given.items() if value != last.given.get(name) and value != last.shown.get(name)
    }
    wanted = shown | changed
    if wanted == shown:
        return Agreement(last.number, last.told, given, reported, shown)
    return Agreement(last.number + 1, wanted, given, reported, wanted)
