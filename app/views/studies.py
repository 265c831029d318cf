"""Studies: networks of many sets of tasks, trained alike, and what their losses tell of who should train with whom."""

import streamlit as st

from app import state
from app.components.editing import for_editors
from app.components.glossary import explain
from app.components.kinds import STUDY
from app.components.live import follow
from app.components.studies import Choice, find_choice, pick_study
from app.views.studies_about import say_what_it_is
from app.views.studies_alike import show_alike
from app.views.studies_gains import show_gains
from app.views.studies_groupings import show_groupings
from app.views.studies_networks import show_networks
from engine.texts import text

ADDRESS = ("study", "study_part", "loss_split", "gain_over", "study_budget", "way", "beside")
_PARTS = {"gains": show_gains, "networks": show_networks, "groupings": show_groupings, "alike": show_alike}


def show() -> None:
    """The page."""
    st.title(text("studies.title"))
    explain("studies.look")
    key = pick_or_measure()
    state.write_url(*ADDRESS)

    def now() -> Choice:
        return find_choice(key)

    follow(lambda: _page(now()), lambda: now().active)


def pick_or_measure() -> str:
    """The box with all studies, and beside it the button that leads to the form in which networks are to be measured;
    the key of the study that is chosen."""
    picker, action = st.columns([3, 1], vertical_alignment="bottom")
    if action.button(
        text("studies.measure"),
        icon=":material/rocket_launch:",
        width="stretch",
        key="measure-networks",
        **for_editors(text("studies.measure_about")),
    ):
        state.keep("launch-kind", STUDY)
        state.keep("launching", True)
        state.go_to("runs")
    with picker:
        return pick_study().key


def _page(choice: Choice) -> None:
    say_what_it_is(choice)
    part = st.segmented_control(
        text("studies.show"),
        list(_PARTS),
        format_func=lambda name: text(f"studies.part.{name}"),
        default=state.get("study_part"),
        required=True,
        key="pick-study-part",
        label_visibility="collapsed",
    )
    state.put("study_part", part)
    if choice.study.known().any():
        _PARTS[part](choice)
    elif choice.active:
        st.info(text("studies.first_are_trained"), icon=":material/hourglass_top:")
    else:
        st.info(text("studies.nothing_measured"), icon=":material/info:")
    state.write_url(*ADDRESS)
