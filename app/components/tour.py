"""A first visit of two minutes: a few pages on published data, one thing to look for on each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app import state
from app.components.runs import store
from engine.texts import text

_CELEBA = "CelebA, TAG affinity (published)"


@dataclass(frozen=True)
class _Stop:
    """Attributes:
    page: its path.
    choices: what is chosen there, as the address would.
    on_run: whether the page is about the published run.
    """

    page: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    on_run: bool = True


STOPS = (
    _Stop("runs", on_run=False),
    _Stop("affinity", {"order": "cluster"}),
    _Stop("graph", {"threshold": 0.5}),
    _Stop("grouping", {"budget": 2.0}),
    _Stop("verify", {"study": "setting1", "verify_part": "predicted"}, on_run=False),
    _Stop("runs", on_run=False),
)


def _number() -> int | None:
    """Of the stop, from 1; ``None`` while there is no tour, and where an address asks for a stop that there is not."""
    return number if (number := state.get("tour")) in range(1, len(STOPS) + 1) else None


def offer() -> None:
    """A button that begins the tour; nothing while it is under way."""
    if _number() is None and st.button(text("tour.begin"), icon=":material/explore:", key="tour-begin"):
        _turn_to(1)


def accompany(page: str) -> None:
    """Above a page: what to look for at this stop, and the way to the next; nothing while there is no tour.

    Args:
        page: the path of the page that is shown.
    """
    number = _number()
    if number is None:
        return
    stop = STOPS[number - 1]
    with st.container(border=True, key="tour"):
        st.markdown(f"**{text('tour.stop', number=number, count=len(STOPS))}**  \n{text(f'tour.says.{number}')}")
        with st.container(horizontal=True):
            if stop.page != page:
                _button("tour.return", "undo", lambda: _turn_to(number))
            if number > 1:
                _button("tour.back", "arrow_back", lambda: _turn_to(number - 1))
            if number < len(STOPS):
                _button("tour.next", "arrow_forward", lambda: _turn_to(number + 1), type="primary")
            _button("tour.end", "close", _end)


def _button(key: str, icon: str, act: Callable[[], None], **options: Any) -> None:
    if st.button(text(key), icon=f":material/{icon}:", key=key, **options):
        act()


def _turn_to(number: int) -> None:
    stop = STOPS[number - 1]
    state.put("tour", number)
    if stop.on_run:
        published = [run for run in store().runs() if run.origin == "published"]  # unless all were deleted
        for run in sorted(published, key=lambda run: run.name != _CELEBA)[:1]:
            state.choose_run(run.id)
    for name, value in stop.choices.items():
        if name == "study":
            state.choose_of("study", value)
        state.put(name, value)
    state.go_to(stop.page)


def _end() -> None:
    state.put("tour", None)
    st.rerun()
