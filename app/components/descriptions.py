"""What methods and data sets are, in a line; and what runs would be, asked of a process that loads torch, without
holding up the page."""

import threading
import time
from concurrent.futures import Future

import streamlit as st

from engine.catalog import Entry
from engine.runs.config import RunConfig
from engine.runs.descriptions import Describer, Description
from engine.texts import language, texts

PATIENCE = 0.4  # seconds that a page waits for its answers; they take less, but for the first
POLL_SECONDS = 0.3


def summary(kind: str, entry: Entry) -> str:
    """What an entry of that kind of the catalog is: one line, without a capital or a full stop."""
    return _translated(f"{kind}.{entry.name}", entry.summary)


def cost(entry: Entry) -> str:
    """What it takes, in words; empty where that does not tell methods apart."""
    return _translated(f"cost.{entry.cost}", entry.cost)


def need(english: str) -> str:
    """What a method needs of another choice, in words: of ``catalog.GIVEN_BY``."""
    return _translated(f"need.{english}", english)


def _translated(key: str, english: str) -> str:
    """The catalog itself is English; other languages have texts for it."""
    return str(texts(language()).get(f"catalog.{key}", english))


class Asking:
    """The questions of one drawing of a page, which waits ``PATIENCE`` for all of them together."""

    def __init__(self) -> None:
        self._until = time.monotonic() + PATIENCE
        self._open: list[Future[list[Description]]] = []
        self._failed = False

    def __call__(self, *configs: RunConfig) -> list[Description] | None:
        """One description a run; ``None`` while they are not there yet.

        Raises:
            KindredError: if the process ended without an answer. It is not asked again in this drawing; the next one
                begins it anew.
        """
        if self._failed:
            return None
        asked = _asked(configs)
        try:
            return asked.result(max(self._until - time.monotonic(), 0))
        except TimeoutError:
            self._open.append(asked)
            return None
        except Exception:
            self._failed = True
            _asked.clear(configs)
            raise

    def draw_again(self) -> None:
        """Draw the page whole once what it did without is there."""
        awaited = self._open
        if awaited:

            @st.fragment(run_every=POLL_SECONDS)
            def poll() -> None:
                if all(asked.done() for asked in awaited):
                    st.rerun()

            poll()


@st.cache_resource(show_spinner=False, max_entries=500)
def _asked(configs: tuple[RunConfig, ...]) -> Future[list[Description]]:
    describer = _describer()
    answer: Future[list[Description]] = Future()

    def ask() -> None:
        try:
            answer.set_result(describer.describe(configs))
        except Exception as error:  # raised to whoever asks for the answer
            answer.set_exception(error)

    threading.Thread(target=ask, name="description", daemon=True).start()
    return answer


@st.cache_resource(show_spinner=False)
def _describer() -> Describer:
    return Describer()
