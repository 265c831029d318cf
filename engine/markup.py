"""HTML whose every text is escaped, unless it is HTML by its type."""

from collections.abc import Iterable, Sequence
from html import escape

_VOID = ("meta", "input", "br")


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | bool | None) -> Markup:
    """An element.

    Args:
        content: texts, which are escaped, and ``Markup``, which stays.
        attributes: ``aria_label`` is ``aria-label``, ``class_`` is ``class``; those that are ``None`` or ``False`` are
            left out, and of those that are ``True`` only the name is written.

    >>> element("p", "a < b, ", element("b", "c"), class_="note")
    '<p class="note">a &lt; b, <b>c</b></p>'
    """
    written = "".join(
        f" {key.strip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{together(content)}</{name}>")


def together(parts: Iterable[str]) -> Markup:
    """Texts, which are escaped, and ``Markup``, one after the other."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "", heads: bool = False) -> Markup:
    """A table; cells that hold a number stand at its right.

    Args:
        heads: whether the first cell of a row names it.
    """

    def cell(text: str, first: bool) -> Markup:
        if first and heads:
            return element("th", text, scope="row")
        return element("td", text, class_="number" if _is_number(text) else None)

    rows = list(rows)
    of_numbers = [bool(rows) and _is_number(text) for text in (rows[0] if rows else header)]
    heading = [
        element("th", text, scope="col", class_="number" if number else None) if text else element("td")
        for text, number in zip(header, of_numbers, strict=True)
    ]
    body = [element("tr", *(cell(text, not place) for place, text in enumerate(row))) for row in rows]
    return element(
        "div",
        element(
            "table",
            *([element("caption", caption)] if caption else []),
            element("thead", element("tr", *heading)),
            element("tbody", *body),
        ),
        class_="scrolled",
        tabindex="0",
        role="region",
        aria_label=caption or ", ".join(header[:3]),
    )


def _is_number(text: str) -> bool:
    return not isinstance(text, Markup) and text[:1] in "+−–0123456789" and any(map(str.isdigit, text))
