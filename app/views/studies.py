"""Studies: networks of many sets of tasks, trained alike, and what their losses tell of who should train with whom."""

import streamlit as st

from app import state
from app.components.editing import for_editors
from app.components.kinds import STUDY
from app.components.live import follow
from app.components.studies import Choice, find_choice, pick_study
from app.views.studies_about import say_what_it_is
from app.views.studies_alike import show_alike
from app.views.studies_gains import show_gains
from app.views.studies_groupings import show_groupings
from app.views.studies_networks import show_networks

ADDRESS = ("study", "study_part", "loss_split", "gain_over", "study_budget", "way", "beside")
_PARTS = {
    "gains": ("Who helps whom", show_gains),
    "networks": ("Networks", show_networks),
    "groupings": ("Groupings at every budget", show_groupings),
    "alike": ("Alike?", show_alike),
}


def show() -> None:
    """The page."""
    st.title("Studies")
    st.caption(
        "A study trains networks of many sets of tasks alike, each until it learns no more, so that their losses "
        "compare: by how much a task really gains from its company, rather than what one training foretells."
    )
    picker, action = st.columns([3, 1], vertical_alignment="bottom")
    if action.button("Measure networks", icon=":material/rocket_launch:", width="stretch", **for_editors()):
        to_launch()
    with picker:
        key = pick_study().key
    state.write_url(*ADDRESS)

    def now() -> Choice:
        return find_choice(key)

    follow(lambda: _page(now()), lambda: now().active)


def to_launch() -> None:
    """Turn to the launch form, where networks are to be measured."""
    state.keep("launch kind", STUDY)
    state.keep("launching", True)
    state.go_to("runs")


def _page(choice: Choice) -> None:
    say_what_it_is(choice)
    part = st.segmented_control(
        "Show",
        list(_PARTS),
        format_func=lambda name: _PARTS[name][0],
        default=state.get("study_part"),
        required=True,
        key="pick-study-part",
        label_visibility="collapsed",
    )
    state.put("study_part", part)
    if choice.study.known().any():
        _PARTS[part][1](choice)
    elif choice.active:
        st.info("The first networks are being trained; their losses appear here.", icon=":material/hourglass_top:")
    state.write_url(*ADDRESS)
