"""One clear sentence in an error box wherever a request cannot be met."""

from collections.abc import Callable
from functools import wraps

import streamlit as st

from app.components.text import plain
from engine.errors import KindredError


def guarded(part: Callable[[], None]) -> Callable[[], None]:
    """The same part of a page, which shows a ``KindredError`` as an error box in its own place."""

    @wraps(part)
    def shown() -> None:
        try:
            part()
        except KindredError as error:
            st.error(plain(str(error)), icon=":material/error:")

    return shown
