"""One line above a page that says what to look for, in which the field's terms explain themselves."""

import re
from html import escape

import streamlit as st

from engine.texts import text

_MARKED = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|\[(?P<said>[^\]]+)\]\((?P<term>\w+)\)")
_CSS = """
.kindred-look { font-size: 0.9rem; line-height: 1.5; margin: 0 0 0.4rem; }
.kindred-term { position: relative; border-bottom: 1px dotted currentColor; cursor: help; }
.kindred-term [role=tooltip] { position: absolute; left: 0; top: 1.7em; z-index: 1000; width: max-content;
  max-width: min(22rem, 70vw); padding: 0.5rem 0.75rem; border-radius: 0.5rem; font-size: 0.85rem; line-height: 1.45;
  background: #1c2733; color: #ffffff; display: none; white-space: normal; }
.kindred-term:hover [role=tooltip], .kindred-term:focus [role=tooltip] { display: block; }
@media (max-width: 640px) {
  .kindred-term [role=tooltip] { position: fixed; left: 1rem; right: 1rem; top: auto; bottom: 1rem; width: auto;
    max-width: none; }
}
"""


def explain(key: str, **values: object) -> None:
    """Show a text as the line below a page's title.

    Args:
        key: of a text in which ``[said](term)`` is a term of the glossary, explained when the mouse is over it or the
            keyboard reaches it, and ``**said**`` stands out; all else is shown as it is.
        values: what it names in braces; they too are shown as they are.
    """
    values = {name: _unmarked(str(value)) for name, value in values.items()}
    st.html(f'<style>{_CSS}</style><p class="kindred-look">{_marked(text(key, **values))}</p>')


def _marked(line: str) -> str:
    shown, last = [], 0
    for match in _MARKED.finditer(line):
        shown += [escape(line[last : match.start()]), _span(match)]
        last = match.end()
    return "".join([*shown, escape(line[last:])])


def _span(match: re.Match[str]) -> str:
    if match["strong"]:
        return f"<strong>{escape(match['strong'])}</strong>"
    said, means = escape(match["said"]), escape(text(f"glossary.{match['term']}"))
    return f'<span class="kindred-term" tabindex="0">{said}<span role="tooltip">{means}</span></span>'


def _unmarked(value: str) -> str:
    return re.sub(r"([*\[\]()])", "\u2060\\1", value)  # a word joiner, which shows nothing, breaks every mark
