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
        st.caption(":material/hourglass_top: Computing what this network costs …")
    else:
        st.markdown(_in_words(description))


def show_designs(found: Sequence[Description] | None, chosen: str) -> None:
    """What every design costs, in a table."""
    names = [entry.name for entry in catalog.entries("architecture")]
    with st.expander("Cost of each design on this data set", icon=":material/table_chart:"):
        if found is None:
            st.caption(":material/hourglass_top: Computing what each design costs …")
            return
        st.table(rows(dict(zip(names, found, strict=True)), chosen))
        for name, description in zip(names, found, strict=True):
            if description.error:
                st.caption(plain(f"{name} cannot be built: {description.error}"))
        st.caption(
            "With the trunk and the sizes above. SNT, standard network time: multiplications to predict all tasks for "
            "one input, relative to hard sharing. Parameters say what is trained and stored."
        )


def _in_words(description: Description) -> str:
    if description.error:
        return f":orange[:material/block: {plain(description.error)}]"
    shared = f", {description.shared:,} of them shared" if description.shared else ", none shared"
    return f":material/speed: **{description.snt:.3g} SNT** · **{description.parameters:,}** parameters{shared}"


def rows(found: dict[str, Description], chosen: str) -> list[dict[str, str]]:
    """The table: one design a row; dashes for one that cannot be built."""
    standard = found[STANDARD].parameters
    table = []
    for name, description in found.items():
        row = {"design": f"**{plain(name)}**" if name == chosen else plain(name)}
        if description.error:
            row |= {"parameters": "–", "× hard sharing": "–", "SNT": "–"}
        else:
            times = f"{description.parameters / standard:.3g}" if standard else "–"
            row |= {
                "parameters": f"{description.parameters:,}",
                "× hard sharing": times,
                "SNT": f"{description.snt:.3g}",
            }
        table.append(row)
    return table
