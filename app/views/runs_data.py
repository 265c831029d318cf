"""The data of a run that is to be launched: which data set, and how much of it an update draws from which tasks."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import state
from app.components.datasets import TableSettings, folder_of, kept_tables, loaded, on_disk, table_name
from app.components.descriptions import summary
from app.components.text import plain
from app.views.runs_cost import whole_data
from app.views.runs_settings import Setting, Settings
from engine import catalog
from engine.datasets.settings import CHOICES, RANGES, DataSettings
from engine.runs.config import RunConfig
from engine.texts import text

_SETTINGS = Settings(RANGES, CHOICES, DataSettings("yeast"))
_IMAGES, _SIZE, _SAMPLES, _SAMPLING, _TEMPERATURE = (
    Setting(name, "runs_data") for name in ("images", "image_size", "samples", "sampling", "temperature")
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
        text("runs_data.dataset"),
        list(entries),
        list(entries).index(state.get("dataset")) if state.get("dataset") in entries else 0,
        format_func=lambda each: text("runs_data.entry", name=each, summary=summary("dataset", entries[each])),
        key="-".join(["pick-dataset", *offered]),
        help=about,
    )
    if name == "table":
        return _ask_table(amount)
    if not on_disk(name):
        return {"dataset": name} | (_ask_amount(name) if amount else {})
    if not folder_of(name).is_dir():
        st.info(
            plain(text("runs_data.no_files", name=name, folder=folder_of(name))),
            icon=":material/download:",
        )
        _to_data_page(name, text("runs_data.show_me"))
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
        return text("runs_data.one_task_an_update")
    if len(sizes) == 1 and sizes[0] < config.batch_size:
        return text("runs_data.batch_too_large", batch=config.batch_size, samples=sizes[0])
    return ""


def _ask_table(amount: bool) -> dict[str, Any] | None:
    path, chosen = kept_tables().get(state.get("table")), TableSettings.chosen()
    if path is None or not chosen.targets:
        st.info(text("runs_data.no_table"), icon=":material/table:")
        _to_data_page("table", text("runs_data.choose_table"))
        return None
    by_rows = chosen.split == "time" and not chosen.split_by
    split = text(f"runs_data.split_{'rows' if by_rows else chosen.split}", column=plain(chosen.split_by))
    told = {"table": plain(table_name(path)), "targets": plain(", ".join(chosen.targets)), "split": split}
    which = "runs_data.table_without" if chosen.leave_out else "runs_data.table"
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.markdown(f":material/table: {text(which, columns=len(chosen.leave_out), **told)}")
    with button:
        _to_data_page("table", text("runs_data.change"))
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
        text("runs_data.parts_a_step"),
        0,
        parts,
        _SETTINGS.defaults.parts_a_step,
        key=f"set-parts-a-step-{name}",
        help=text("runs_data.parts_a_step_help", parts=parts),
    )
    return chosen
