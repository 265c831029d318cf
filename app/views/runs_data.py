"""The data of a run that is to be launched: which data set, and how much of it an update draws from which tasks."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import state
from app.components.datasets import TableSettings, folder_of, kept_tables, loaded, on_disk, table_name
from app.components.text import plain
from app.views.runs_cost import whole_data
from app.views.runs_settings import Setting, Settings
from engine import catalog
from engine.datasets.settings import CHOICES, RANGES, DataSettings
from engine.runs.config import RunConfig

_SETTINGS = Settings(RANGES, CHOICES, DataSettings("yeast"))
_IMAGES = Setting("images", "Rooms", "How many scenes are rendered: 60 % are trained on, 20 % each validate and test.")
_SIZE = Setting("image_size", "Image size", "Rows and columns that every image is brought to.")
_SAMPLES = Setting(
    "samples",
    "Training samples",
    "At most; drawn by the seed, of each task that has inputs of its own. 0: all there are. Fewer show how tasks help "
    "each other where data are scarce.",
)
_SAMPLING = Setting(
    "sampling",
    "Sampling",
    "How tasks with inputs of their own share an update: in proportion to their samples, uniform, or between the two "
    "by a temperature.",
)
_TEMPERATURE = Setting(
    "temperature", "Temperature τ", "In proportion to samples^(1/τ): 1 is proportional, a large one uniform."
)


def ask_data(about: str, offered: Sequence[str] = (), amount: bool = True) -> dict[str, Any] | None:
    """The widgets; what was chosen, by setting of ``DataSettings``; ``None``, and why, where nothing can be trained on.

    Args:
        about: the help of the list of data sets.
        offered: their names; all where empty.
        amount: whether to ask how much of the data an update sees.
    """
    entries = {entry.name: entry for entry in catalog.entries("dataset") if not offered or entry.name in offered}
    name = st.selectbox(
        "Data set",
        list(entries),
        list(entries).index(state.get("dataset")) if state.get("dataset") in entries else 0,
        format_func=lambda each: f"{each}: {entries[each].summary}",
        key="-".join(["pick-dataset", *offered]),
        help=about,
    )
    if name == "table":
        return _ask_table(amount)
    if not on_disk(name):
        return {"dataset": name} | (_ask_amount(name) if amount else {})
    if not folder_of(name).is_dir():
        st.info(
            plain(f"The files of {name} are not in {folder_of(name)}; the Data page tells where to get them."),
            icon=":material/download:",
        )
        _to_data_page(name, "Show me")
        return None
    return {"dataset": name} | (_ask_amount(name) if amount else {})


def against_data(config: RunConfig) -> str:
    """Why a run would fail on its data, as far as they are known without reading files; empty: nothing is."""
    if on_disk(config.dataset):
        return ""
    if config.dataset == "rooms":
        sizes = [round(0.6 * config.images)]
    else:
        sizes = [len(part) for part in loaded(whole_data(config)).train]
    sizes = [min(size, config.samples or size) for size in sizes]
    if len(sizes) > 1 and config.affinity != "none" and config.parts_a_step == 1:
        return (
            "An update draws one task, so that none sees two and no affinity can be observed; let it draw 2 or more, "
            "or observe none."
        )
    if len(sizes) == 1 and sizes[0] < config.batch_size:
        return (
            f"Batch size is {config.batch_size}, but there are {sizes[0]:,} training samples; choose a batch size no "
            "larger than that."
        )
    return ""


def _ask_table(amount: bool) -> dict[str, Any] | None:
    path, chosen = kept_tables().get(state.get("table")), TableSettings.chosen()
    if path is None or not chosen.targets:
        st.info(
            "No table is chosen yet: upload one on the Data page and say there which columns to predict.",
            icon=":material/table:",
        )
        _to_data_page("table", "Choose a table")
        return None
    split = {
        "random": "split at random",
        "group": f"split by groups of {chosen.split_by}",
        "time": f"split by time, {chosen.split_by or 'in the order of the rows'}",
    }[chosen.split]
    left_out = f"; {len(chosen.leave_out)} left out" if chosen.leave_out else ""
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.markdown(
        f":material/table: **{plain(table_name(path))}** predicts {plain(', '.join(chosen.targets))}{left_out}; "
        f"{plain(split)}."
    )
    with button:
        _to_data_page("table", "Change")
    return chosen.settings(str(path)) | (_ask_amount("table") if amount else {})


def _to_data_page(name: str, label: str) -> None:
    if st.button(label, icon=":material/database:", key="to-data-page"):
        state.keep("launching", False)
        state.choose_of("dataset", name)
        state.go_to("data")


def _ask_amount(name: str) -> dict[str, Any]:
    """How much of the data, and of which tasks, an update sees."""
    settings = [_IMAGES, _SIZE] if name == "rooms" else [_SIZE] if on_disk(name) else []
    if catalog.ONE_INPUT in catalog.has("dataset", name):
        return _SETTINGS.ask([*settings, _SAMPLES])
    places = iter(st.columns(4, vertical_alignment="bottom"))
    chosen: dict[str, Any] = {}
    for setting in (_SAMPLES, _SAMPLING, _TEMPERATURE):
        if setting is not _TEMPERATURE or chosen["sampling"] == "temperature":
            with next(places):
                chosen |= _SETTINGS.ask([setting], 1)
    parts = len(loaded(DataSettings(name)).train)
    chosen["parts_a_step"] = next(places).number_input(
        "Tasks an update draws",
        0,
        parts,
        _SETTINGS.defaults.parts_a_step,
        key=f"set-parts-a-step-{name}",
        help=f"0: a batch of all {parts}, whose sizes are in those proportions. Otherwise so many are drawn at every "
        "update, with those chances, and a whole batch of each.",
    )
    return chosen
