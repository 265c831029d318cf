"""What a visitor has chosen: the only place that names session keys and URL parameters.

A choice lives in the session, so that it follows the visitor from page to page, and in the URL, so that a copied
address shows the same view. The URL is read once, when the session begins; afterwards the session leads.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine import catalog
from engine.grouping.problem import check_budget, parse_singleton
from engine.studies.ways import WAYS
from engine.texts import DEFAULT, LANGUAGES

_MOST = 1_000_000  # more than a whole number needs to be
UNREADABLE = (KeyError, TypeError, ValueError, RecursionError, OverflowError)


@dataclass(frozen=True)
class _Parameter:
    """Attributes:
    parse: from the URL's text; raises an error of ``UNREADABLE`` for what cannot be read, which is left out.
    write: to the URL's text.
    default: the choice while none was made, which the URL need not show.
    of_run: whether the choice is forgotten when another run is chosen.
    of: ``dataset``, ``table`` or ``study``: the choice is forgotten when another one is chosen.
    """

    parse: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    default: Any = None
    of_run: bool = False
    of: str = ""


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


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    groups = tuple(_names(json.dumps(group)) for group in json.loads(text))
    if any(len(set(group)) < max(2, len(group)) for group in groups):
        raise ValueError(text)
    return groups


def _pins(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pins = tuple((task, _names(json.dumps(network))) for task, network in _mapping(text).items())
    if any(task not in network for task, network in pins):
        raise ValueError(text)
    return pins


def _weights(text: str) -> tuple[tuple[str, float], ...]:
    weights = tuple((task, float(weight)) for task, weight in _mapping(text).items())
    if not all(0 < weight < math.inf for _, weight in weights):
        raise ValueError(text)
    return weights


def _kinds(text: str) -> tuple[tuple[str, str], ...]:
    names = _names(json.dumps([name for pair in _mapping(text).items() for name in pair]))
    return tuple(zip(names[::2], names[1::2], strict=True))


def _mapping(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(text)
    return found


def _short(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _at_least(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not least <= int(text) <= _MOST:
            raise ValueError(text)
        return int(text)

    return parse


def _share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError(text)
    return float(text)


def _one_of(*options: str) -> Callable[[str], str]:
    return {option: option for option in options}.__getitem__


def _in_catalog(kind: str) -> Callable[[str], str]:
    return lambda text: catalog.find(kind, text).name


_PARAMETERS = {
    "language": _Parameter(_one_of(*LANGUAGES)),
    "tour": _Parameter(_at_least(1)),
    "run": _Parameter(),
    "interval": _Parameter(
        _steps, lambda value: f"{value[0]}-{'' if value[1] is None else value[1]}", (0, None), of_run=True
    ),
    "mode": _Parameter(_one_of("step", "interval"), default="interval", of_run=True),
    "order": _Parameter(_one_of("given", "name", "cluster"), default="given"),
    "scale": _Parameter(_one_of("shared", "target", "centred"), default="shared"),
    "unsure": _Parameter({"marked": True, "plain": False}.__getitem__, {True: "marked", False: "plain"}.get, True),
    "reading": _Parameter(_in_catalog("reading"), default="affinity", of_run=True),
    "cut": _Parameter(_at_least(1), of_run=True),
    "pair": _Parameter(_pair, json.dumps, of_run=True),
    "node": _Parameter(of_run=True),
    "group": _Parameter(_names, _short, of_run=True),
    "threshold": _Parameter(_share, "{:.2f}".format, 0.5),
    "top": _Parameter(_at_least(1), of_run=True),
    "curves": _Parameter(_names, json.dumps, of_run=True),
    "curve_of": _Parameter(of_run=True),
    "measure": _Parameter(_one_of("error", "difference"), default="error"),
    "against": _Parameter(_one_of("rounds", "bytes"), default="rounds"),
    "serve": _Parameter(_names, json.dumps, of_run=True),
    "aggregate": _Parameter(_one_of("mean", "sum"), default="mean"),
    "singleton": _Parameter(lambda text: str(parse_singleton(text)), default="forbid"),
    "budget": _Parameter(lambda text: check_budget(float(text)), "{:g}".format, of_run=True),
    "together": _Parameter(_groups, _short, (), of_run=True),
    "apart": _Parameter(_groups, _short, (), of_run=True),
    "exclude": _Parameter(_names, _short, (), of_run=True),
    "pin": _Parameter(_pins, lambda pins: _short(dict(pins)), (), of_run=True),
    "weights": _Parameter(_weights, lambda weights: _short(dict(weights)), (), of_run=True),
    "max_size": _Parameter(_at_least(1)),
    "auxiliaries": _Parameter(_at_least(0)),
    "half": _Parameter({"single": True}.__getitem__, lambda _: "single", False),
    "robust": _Parameter(_one_of("spread", "tenth"), default="spread"),
    "moments": _Parameter(_one_of("so_far", "around"), default="so_far"),
    "study": _Parameter(),
    "study_part": _Parameter(_one_of("gains", "networks", "groupings", "alike"), default="gains"),
    "loss_split": _Parameter(_one_of("validation", "test", "early_stopped"), default="test"),
    "gain_over": _Parameter(_one_of("half", "full"), default="half", of="study"),
    "study_budget": _Parameter(lambda text: check_budget(float(text)), "{:g}".format, of="study"),
    "way": _Parameter({way: way for way in WAYS}.__getitem__),
    "beside": _Parameter(of="study"),
    "verify_part": _Parameter(_one_of("advice", "predicted", "ways", "flow"), default="advice"),
    "predictor": _Parameter(_in_catalog("predictor"), default="combination"),
    "every_set": _Parameter({"yes": True, "no": False}.__getitem__, {True: "yes", False: "no"}.get, of="study"),
    "replayed": _Parameter(_at_least(0), of="study"),
    "foretold": _Parameter(_one_of("each", "unknown"), default="each"),
    "sweep": _Parameter(),
    "split": _Parameter(_one_of("validation", "test"), default="validation"),
    "part": _Parameter(_one_of("whole", "first", "second"), default="whole", of_run=True),
    "other": _Parameter(of_run=True),
    "other_reading": _Parameter(_in_catalog("reading"), of_run=True),
    "other_part": _Parameter(_one_of("whole", "first", "second"), default="whole", of_run=True),
    "difference": _Parameter(_one_of("raw", "standardised", "rank")),
    "runs": _Parameter(_names, _short, ()),
    "baseline": _Parameter(),
    "every_setting": _Parameter({"yes": True}.__getitem__, lambda _: "yes", False),
    "final": _Parameter(_one_of("metrics", "losses"), default="metrics"),
    "shown_runs": _Parameter(_at_least(1), default=30),
    "dataset": _Parameter(_in_catalog("dataset"), default=catalog.entries("dataset")[0].name),
    "samples_of": _Parameter(_one_of("train", "validation", "test"), default="train", of="dataset"),
    "data_part": _Parameter(_at_least(0), default=0, of="dataset"),
    "samples_page": _Parameter(_at_least(1), default=1, of="dataset"),
    "table": _Parameter(default=""),
    "targets": _Parameter(_names, _short, (), of="table"),
    "kinds": _Parameter(_kinds, lambda kinds: _short(dict(kinds)), (), of="table"),
    "leave_out": _Parameter(_names, _short, (), of="table"),
    "row_split": _Parameter(_one_of("random", "group", "time"), default="random", of="table"),
    "split_by": _Parameter(default="", of="table"),
}


def read_url() -> None:
    """Take the choices of the address that the session began with."""
    if "url_read" in st.session_state:
        return
    st.session_state["url_read"] = True
    for name, parameter in _PARAMETERS.items():
        if name in st.query_params:
            try:
                put(name, parameter.parse(st.query_params[name]))
            except UNREADABLE:
                continue


def write_url(*names: str) -> None:
    """Show the named choices, and no others, in the address; but the language and the tour's stop in any case."""
    names = ("language", "tour", *names)
    wanted = {name: _PARAMETERS[name].write(get(name)) for name in names if get(name) != _PARAMETERS[name].default}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def get(name: str) -> Any:
    """A choice, or its default while none was made."""
    value = st.session_state.get(f"choice:{name}")
    return _PARAMETERS[name].default if value is None else value


def put(name: str, value: Any) -> None:
    """Make a choice; ``None`` returns to the default."""
    st.session_state[f"choice:{name}"] = value


def language() -> str:
    """The visitor's: as chosen, else the browser's, else English."""
    return get("language") or next((name for name in LANGUAGES if (st.context.locale or "").startswith(name)), DEFAULT)


def choose_run(run_id: str) -> None:
    """Turn to another run, forgetting what was chosen within the last one."""
    if get("run") == run_id:
        return
    if get("run") is not None:
        for name, parameter in _PARAMETERS.items():
            if parameter.of_run:
                put(name, None)
    put("run", run_id)


def choose_of(kind: str, name: str) -> None:
    """Turn to another ``dataset``, ``table`` or ``study``, forgetting what was chosen within the last one."""
    if get(kind) == name:
        return
    for each, parameter in _PARAMETERS.items():
        if parameter.of == kind:
            put(each, None)
    put(kind, name)


def kept(name: str, make: Callable[[], Any]) -> Any:
    """A value made once a session, unless ``keep`` gives another."""
    key = f"kept:{name}"
    if key not in st.session_state:
        st.session_state[key] = make()
    return st.session_state[key]


def keep(name: str, value: Any) -> None:
    """Make a value the one that ``kept`` gives from now on."""
    st.session_state[f"kept:{name}"] = value


def register_pages(pages: dict[str, Any]) -> None:
    """Remember the pages of the navigation by their path, for ``go_to``."""
    st.session_state["pages"] = pages


def go_to(path: str) -> None:
    """Turn to another page."""
    st.switch_page(st.session_state["pages"][path])
