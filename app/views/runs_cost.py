"""What the network of a run that is to be launched costs, beside what every other design would."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app.components.text import plain
from app.views.runs_network import first_trunk
from engine import catalog
from engine.datasets.settings import RANGES, DataSettings
from engine.runs.config import RunConfig
from engine.runs.descriptions import Description
from engine.texts import text

# What the cost depends on: the data's settings that change its tasks or their shapes, and the network's.
_DATA = ("dataset", "folder", "image_size", "table", "targets", "kinds", "leave_out", "split", "split_by")
_PRICED = (
    *_DATA,
    *("architecture", "trunk", "width", "depth", "dropout", "batch_norm"),
    *("primary", "auxiliary", "subclasses"),
)
_IMAGES = RANGES["images"][1]  # rooms need not be many to tell what a network for them costs
STANDARD = "hard_sharing"


def priced(config: RunConfig) -> RunConfig:
    """The run by which a network's cost is asked: all that it does not depend on as by default."""
    return RunConfig(**{name: getattr(config, name) for name in _PRICED}, images=_IMAGES, affinity="none")


def plainest(data: Mapping[str, Any]) -> RunConfig:
    """The run by which the tasks of a data set are asked.

    Args:
        data: its settings.
    """
    kept = {name: value for name, value in data.items() if name in _DATA}
    return RunConfig(**kept, trunk=first_trunk(data["dataset"]), images=_IMAGES, affinity="none")


def whole_data(config: RunConfig) -> DataSettings:
    """The settings that tell the run's data set from others, however much of it is used."""
    return DataSettings(**{name: getattr(config, name) for name in _DATA}, images=_IMAGES)


def designs(config: RunConfig) -> list[RunConfig]:
    """The same run with every architecture of the catalog."""
    return [replace(config, architecture=entry.name) for entry in catalog.entries("architecture")]


def show_cost(description: Description | None) -> None:
    """What a network costs, in a line."""
    if description is None:
        st.caption(f":material/hourglass_top: {text('runs_cost.computing')}")
    else:
        st.markdown(_in_words(description))


def show_designs(found: Sequence[Description] | None, chosen: str) -> None:
    """What every design costs, in a table."""
    names = [entry.name for entry in catalog.entries("architecture")]
    with st.expander(text("runs_cost.each_design"), icon=":material/table_chart:"):
        if found is None:
            st.caption(f":material/hourglass_top: {text('runs_cost.computing_each')}")
            return
        st.table(rows(dict(zip(names, found, strict=True)), chosen))
        for name, description in zip(names, found, strict=True):
            if description.error:
                st.caption(plain(text("runs_cost.cannot_be_built", name=name, error=description.error)))
        st.caption(text("runs_cost.about"))


def _in_words(description: Description) -> str:
    if description.error:
        return f":orange[:material/block: {plain(description.error)}]"
    said = text(
        "runs_cost.shared" if description.shared else "runs_cost.none_shared",
        snt=description.snt,
        parameters=description.parameters,
        shared=description.shared,
    )
    return f":material/speed: {said}"


def rows(found: dict[str, Description], chosen: str) -> list[dict[str, str]]:
    """The table: one design a row; dashes for one that cannot be built."""
    standard = found[STANDARD].parameters
    columns = [text(f"runs_cost.{column}") for column in ("design", "parameters", "times", "snt")]
    table = []
    for name, description in found.items():
        cells = [f"**{plain(name)}**" if name == chosen else plain(name), "–", "–", "–"]
        if not description.error:
            times = f"{description.parameters / standard:.3g}" if standard else "–"
            cells[1:] = [f"{description.parameters:,}", times, f"{description.snt:.3g}"]
        table.append(dict(zip(columns, cells, strict=True)))
    return table
