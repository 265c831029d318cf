"""What the parts of the launch form share: methods that fit, what is said of them, and their settings as widgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components.descriptions import cost, need, summary
from app.components.text import plain
from engine import catalog
from engine.catalog import Entry
from engine.texts import text


@dataclass(frozen=True)
class Setting:
    """Attributes:
    name: of the field in ``RunConfig``.
    section: of the texts in which its widget's label and help are found by that name.
    """

    name: str
    section: str

    @property
    def label(self) -> str:
        """What its widget is called."""
        return text(f"{self.section}.{self.name}")

    @property
    def help(self) -> str:
        """What it does."""
        return text(f"{self.section}.{self.name}_help")


@dataclass(frozen=True)
class Settings:
    """Attributes:
    ranges, choices: of one of the classes that ``RunConfig`` is made of.
    defaults: an object with its defaults.
    """

    ranges: Mapping[str, tuple[type, float, float]]
    choices: Mapping[str, tuple]
    defaults: Any

    def ask(self, settings: Sequence[Setting], columns: int = 3, mark: str = "") -> dict[str, Any]:
        """One widget a setting, side by side; what was chosen, by setting.

        Args:
            mark: where it changes, what was chosen gives way to the defaults.
        """
        chosen = {}
        for start in range(0, len(settings), columns):
            row = settings[start : start + columns]
            for place, setting in zip(st.columns(columns, vertical_alignment="bottom"), row, strict=False):
                with place:
                    chosen[setting.name] = self._widget(setting, mark)
        return chosen

    def _widget(self, setting: Setting, mark: str) -> Any:
        default, key = getattr(self.defaults, setting.name), f"set-{setting.name}{mark}"
        if setting.name in self.ranges:
            kind, least, greatest = self.ranges[setting.name]
            shape = {} if kind is int else {"format": "%g", "step": _step(default)}
            return st.number_input(setting.label, least, greatest, default, key=key, help=setting.help, **shape)
        if isinstance(default, bool):
            return st.checkbox(setting.label, default, key=key, help=setting.help)
        options = self.choices[setting.name]
        return st.selectbox(setting.label, options, options.index(default), key=key, help=setting.help)


def head(said: str) -> None:
    """The heading of a part of the form."""
    st.markdown(f"##### {said}")


def ask_name(kind: str) -> str:
    """The name that a run of that kind is to have."""
    empty = text("runs_settings.name_empty")
    return st.text_input(text("runs_settings.name"), placeholder=empty, max_chars=200, key=f"set-name-{kind}")


def sentences(first: str, second: str) -> str:
    """Two sentences in a line, of which the second may be empty."""
    return text("runs_settings.sentences", first=first, second=second) if second else first


def _step(value: float) -> float:
    """The unit of a number's first digit, which its buttons change it by.

    >>> _step(0.025), _step(1.5), _step(10.0), _step(0.0)
    (0.01, 1.0, 10.0, 0.1)
    """
    return float(f"1e{f'{value:e}'.partition('e')[2]}") if value else 0.1


def fitting(kind: str, others: Mapping[str, str]) -> list[Entry]:
    """The methods of a kind that have all they need of the other choices: the rule of ``check_fit``.

    Args:
        others: the choices that must have what the methods need, by kind.
    """
    return [entry for entry in catalog.entries(kind) if not _missing(entry, others)]


def _missing(entry: Entry, others: Mapping[str, str]) -> list[str]:
    return [each for each in entry.needs if each not in catalog.has(giver := catalog.GIVEN_BY[each], others[giver])]


def pick(label: str, kind: str, default: str, extra: Sequence[str] = (), mark: str = "", **others: str) -> str:
    """A selection box with the methods that fit; the one chosen, or the default where that fits no longer.

    Args:
        extra: options without an entry, such as ``none``.
        mark: where it changes, what was chosen gives way to the default.
        others: as of ``fitting``.
    """
    names = [entry.name for entry in fitting(kind, others)] + list(extra)
    return st.selectbox(label, names, names.index(default) if default in names else 0, key=f"pick-{kind}{mark}")


def say(kind: str, name: str, priced: bool = False, **others: str) -> None:
    """What a method is, its paper and what it costs in words, where ``priced``; and which methods are not offered, and
    why."""
    entry = next((entry for entry in catalog.entries(kind) if entry.name == name), None)
    if entry is not None:
        said = summary(kind, entry)
        said = text(
            "runs_settings.from_paper" if entry.paper else "runs_settings.method",
            summary=f"{said[0].upper()}{said[1:]}",
            paper=entry.paper,
        )
        price = text(f"runs_settings.cost_{kind}", cost=cost(entry)) if priced and entry.cost else ""
        st.caption(plain(sentences(said, price)))
    left_out: dict[str, list[str]] = {}
    for each in catalog.entries(kind):
        for missing in _missing(each, others)[:1]:
            left_out.setdefault(missing, []).append(each.name)
    for missing, names in left_out.items():
        told = {"other": others[catalog.GIVEN_BY[missing]], "names": ", ".join(names), "need": need(missing)}
        st.caption(plain(text("runs_settings.not_with", count=len(names), **told)))
