"""Data: what runs are made on, looked at before it is trained on; and tables of one's own."""

import streamlit as st

from app import state
from app.components.datasets import FILES, folder_of, loaded, on_disk, site_of, tasks_in, to_look_at
from app.components.editing import for_editors
from app.components.samples import names_in
from app.components.text import plain
from app.views.data_samples import browse, say_sizes, show_tasks
from app.views.data_table import show_table
from engine import catalog
from engine.errors import KindredError

ADDRESS = ("dataset", "samples_of", "data_part", "samples_page")


def show() -> None:
    """The page."""
    st.title("Data")
    st.caption("What runs are made on: the tasks of a data set, which inputs they share, and the samples themselves.")
    entries = {entry.name: entry for entry in catalog.entries("dataset")}
    picker, action = st.columns([3, 1], vertical_alignment="bottom")
    name = picker.selectbox(
        "Data set",
        list(entries),
        list(entries).index(state.get("dataset")),
        format_func=lambda each: f"{each}: {entries[each].summary}",
        key="data-pick-dataset",
    )
    state.choose_of("dataset", name)
    place = action.empty()
    if entries[name].paper:
        st.caption(plain(f"Source: {entries[name].paper}"))
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
    if place.button("Launch a run on it", icon=":material/rocket_launch:", width="stretch", **for_editors()):
        to_launch(name)
    say_sizes(dataset)
    if name == "rooms":
        st.caption(
            f"Rooms are made from a seed when they are needed: {settings.images} here, and as many as you ask for in a "
            "run, 1,000 unless you say otherwise."
        )
    names = names_in(dataset)
    show_tasks(tasks_in(settings, names, dataset))
    browse(dataset, names)
    state.write_url(*ADDRESS)


def _teach(name: str) -> None:
    """Where to get the files of a data set, and where to put them."""
    st.info(
        plain(f"The files of {name} are not on this machine yet; they cannot come with Kindred. Two steps:"),
        icon=":material/download:",
    )
    st.markdown(f"1. Get the official files from <{site_of(name)}>.")
    st.markdown(f"2. Put them into the folder `{folder_of(name)}`, or link it there, so that it looks like this:")
    st.code(FILES[name], language=None)
    if st.button("Look again", icon=":material/refresh:"):
        st.rerun()
