"""One self-contained page: it holds all that it shows, asks no host for anything, and runs no script but its own."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.markup import Markup, element, together
from engine.texts import language

FRONTEND = Path(__file__).parent / "frontend"


@dataclass(frozen=True)
class Script:
    """JavaScript that the page runs.

    Attributes:
        source: its text.
        packed: the id of the data element that holds the text compressed, from which the page's own script takes it;
            empty where the text itself stands in the page.
    """

    source: str
    packed: str = ""

    @property
    def digest(self) -> str:
        """By which the page's policy knows it."""
        return "'sha256-" + base64.b64encode(hashlib.sha256(self.source.encode()).digest()).decode() + "'"


def page(title: str, body: Sequence[Markup], style: str, scripts: Sequence[Script]) -> str:
    """The file's text.

    The policy lets run nothing but the scripts given, by their digests, and lets load nothing at all: even a name that
    got past the escaping could do nothing.
    """
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; "
        f"script-src {' '.join(script.digest for script in scripts)}"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(style)),
    )
    run = [element("script", Markup(script.source)) for script in scripts if not script.packed]
    document = element("html", head, element("body", together([*body, *run])), lang=language())
    return f"<!doctype html>\n{document}\n"


def data(name: str, content: Any) -> Markup:
    """Data that the page's script reads by its id; nothing in it can end the element."""
    written = json.dumps(content, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return element("script", Markup(written.replace("<", "\\u003c")), type="application/json", id=name)


def frontend(name: str) -> str:
    """The text of one of the files that pages are made of."""
    return (FRONTEND / name).read_text(encoding="utf-8")


def download(label: str, content: bytes, file_name: str, kind: str) -> Markup:
    """A link that saves a file which the page itself holds."""
    packed = base64.b64encode(content).decode()
    return element("a", label, href=f"data:{kind};base64,{packed}", download=file_name, class_="download")
