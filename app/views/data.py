"""Data: what runs are made on, looked at before it is trained on; and tables of one's own."""

import streamlit as st

from app import state
from app.components.datasets import files_of, folder_of, loaded, on_disk, site_of, tasks_in, to_look_at
from app.components.descriptions import summary
from app.components.editing import for_editors
from app.components.glossary import explain
from app.components.samples import names_in
from app.components.text import plain
from app.views.data_samples import browse, say_sizes, show_tasks
from app.views.data_table import show_table
from engine import catalog
from engine.errors import KindredError
from engine.texts import text

ADDRESS = ("dataset", "samples_of", "data_part", "samples_page")


def show() -> None:
    """The page."""
    st.title(text("data.title"))
    explain("data.look")
    entries = {entry.name: entry for entry in catalog.entries("dataset")}
    picker, action = st.columns([3, 1], vertical_alignment="bottom")
    name = picker.selectbox(
        text("data.data_set"),
        list(entries),
        list(entries).index(state.get("dataset")),
        format_func=lambda each: text("runs_data.entry", name=each, summary=summary("dataset", entries[each])),
        key="data-pick-dataset",
    )
    state.choose_of("dataset", name)
    place = action.empty()
    if entries[name].paper:
        st.caption(plain(text("data.source", paper=entries[name].paper)))
    if name == "table":
        show_table()
    else:
        _of_catalog(name, place)


def to_launch(name: str) -> None:
    """Turn to the launch form, with that data set chosen."""
    state.choose_of("dataset", name)
    state.keep("launching", True)
    state.go_to("runs")


def _of_catalog(name: str, place: st.delta_generator.DeltaGenerator) -> None:
    state.write_url(*ADDRESS)  # also where what follows raises
    if on_disk(name) and not folder_of(name).is_dir():
        _teach(name)
        return
    settings = to_look_at(name)
    try:
        dataset = loaded(settings)
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/error:")
        _teach(name)
        return
    launching = place.button(
        text("data.launch"), icon=":material/rocket_launch:", width="stretch", key="data-launch", **for_editors()
    )
    if launching:
        to_launch(name)
    say_sizes(dataset)
    if name == "rooms":
        st.caption(text("data.rooms", images=settings.images))
    names = names_in(dataset)
    show_tasks(tasks_in(settings, names, dataset))
    browse(dataset, names)
    state.write_url(*ADDRESS)


def _teach(name: str) -> None:
    """Where to get the files of a data set, and where to put them."""
    st.info(plain(text("data.not_here", name=name)), icon=":material/download:")
    st.markdown(text("data.get_files", site=site_of(name)))
    st.markdown(text("data.put_files", folder=folder_of(name)))
    st.code(files_of(name), language=None)
    if st.button(text("data.look_again"), icon=":material/refresh:", key="data-look-again"):
        st.rerun()
