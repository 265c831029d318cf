"""What a visitor has chosen: the only place that names session keys and URL parameters.

A choice lives in the session, so that it follows the visitor from page to page, and in the URL, so that a copied
address shows the same view. The URL is read once, when the session begins; afterwards the session leads.
"""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.grouping.problem import parse_singleton


def _steps(text: str) -> tuple[int, int | None]:
    start, _, stop = text.partition("-")
    return int(start), int(stop) if stop else None


def _names(text: str) -> tuple[str, ...]:
    names = json.loads(text)
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise ValueError(text)
    return tuple(names)


def _pair(text: str) -> tuple[str, str]:
    source, target = _names(text)
    return source, target


# URL parameter → (from text, to text); a parameter that cannot be read is left out
_PARAMETERS: dict[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "run": (str, str),
    "interval": (_steps, lambda value: f"{value[0]}-{'' if value[1] is None else value[1]}"),
    "mode": ({"step": "step", "interval": "interval"}.__getitem__, str),
    "order": ({"given": "given", "name": "name", "cluster": "cluster"}.__getitem__, str),
    "scale": ({"shared": "shared", "target": "target", "centred": "centred"}.__getitem__, str),
    "pair": (_pair, json.dumps),
    "node": (str, str),
    "threshold": (float, "{:.2f}".format),
    "serve": (_names, json.dumps),
    "aggregate": ({"mean": "mean", "sum": "sum"}.__getitem__, str),
    "singleton": (lambda text: str(parse_singleton(text)), str),
    "budget": (int, str),
}
_READ = "url read"
_OF_A_RUN = ("interval", "mode", "pair", "node", "serve", "budget")


def read_url() -> None:
    """Take the choices of the address that the session began with."""
    if _READ in st.session_state:
        return
    st.session_state[_READ] = True
    for name, (parse, _) in _PARAMETERS.items():
        if name in st.query_params:
            try:
                put(name, parse(st.query_params[name]))
            except (KeyError, ValueError):
                continue


def write_url(*names: str) -> None:
    """Show the named choices, and no others, in the address."""
    wanted = {name: _PARAMETERS[name][1](get(name)) for name in names if get(name) is not None}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def get(name: str, default: Any = None) -> Any:
    """A choice, or ``default`` while none was made."""
    value = st.session_state.get(f"choice:{name}")
    return default if value is None else value


def put(name: str, value: Any) -> None:
    """Make a choice; ``None`` forgets it."""
    st.session_state[f"choice:{name}"] = value


def choose_run(run_id: str) -> None:
    """Turn to another run, forgetting what was chosen within the last one."""
    if get("run") != run_id:
        for name in _OF_A_RUN:
            put(name, None)
        put("run", run_id)


def kept(name: str, make: Callable[[], Any]) -> Any:
    """A value made once a session: what must not move while a run grows (an order of tasks, a layout)."""
    key = f"kept:{name}"
    if key not in st.session_state:
        st.session_state[key] = make()
    return st.session_state[key]


def register_pages(pages: dict[str, Any]) -> None:
    """Remember the pages of the navigation by their path, for ``go_to``."""
    st.session_state["pages"] = pages


def go_to(path: str) -> None:
    """Turn to another page."""
    st.switch_page(st.session_state["pages"][path])
