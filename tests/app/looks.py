"""The line below a page's title, of a page opened without a browser."""

import re
from html import unescape

from streamlit.testing.v1 import AppTest

_STYLE_TOOLTIP_OR_TAG = re.compile(r'<style>.*?</style>|<span role="tooltip">.*?</span>|<[^>]+>', re.DOTALL)


def look(app: AppTest) -> str:
    """What it says, without what its terms mean; empty where there is none."""
    return " ".join(unescape(_STYLE_TOOLTIP_OR_TAG.sub("", each.proto.body)) for each in app.get("html"))
