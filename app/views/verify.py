"""Verify: the grouping to choose by what is measured, how far from the best it may be, and whether that turned out."""

import streamlit as st

from app import state
from app.components.editing import for_editors
from app.components.groupings import MOST_TASKS
from app.components.live import follow
from app.components.studies import Choice, find_choice, pick_study
from app.views.studies import to_launch
from app.views.verify_advice import say_where_it_stands, show_advice
from app.views.verify_flow import show_flow
from app.views.verify_predicted import show_predicted
from app.views.verify_scene import Scene, playing, set_scene
from app.views.verify_training import at_work, say_at_work, show_first, show_training
from app.views.verify_ways import show_ways

ADDRESS = ("study", "study_budget", "predictor", "every_set", "replayed", "verify_part", "foretold")
COMMAND = (
    "python -m engine measure --dataset yeast --tasks Class1,Class2,Class3,Class4,Class5 --networks whole --observe"
)
_PARTS = {
    "advice": "Advice",
    "predicted": "Predicted against measured",
    "ways": "Against other ways",
    "flow": "What each training bought",
}


def show() -> None:
    """The page."""
    st.title("Verify")
    st.caption(
        "Which grouping to choose by the networks that are trained so far, how far from the best it may be, which "
        "network to train next, and whether such predictions come true."
    )
    picker, action = st.columns([3, 1], vertical_alignment="bottom")
    if action.button("Measure networks", icon=":material/rocket_launch:", width="stretch", **for_editors()):
        to_launch()
    with picker:
        key = pick_study().key
    state.write_url(*ADDRESS)

    def now() -> Choice:
        return find_choice(key)

    follow(lambda: _page(now()), lambda: bool(at_work(now())) or playing())
    with st.expander("Verify your own tasks", icon=":material/code:"):
        st.markdown(
            "Press *Measure networks* and launch a study, or measure one on the command line; the advisor can also "
            "spend an allowance by itself there (`--allowance`, `--bound`)."
        )
        st.code(COMMAND, language="sh")


def _page(choice: Choice) -> None:
    say_at_work(choice)
    if len(choice.study.tasks) > MOST_TASKS:
        st.info(
            f"This study has {len(choice.study.tasks)} tasks; the advisor compares every grouping of at most "
            f"{MOST_TASKS}. Measure a study of fewer tasks.",
            icon=":material/info:",
        )
        return
    scene = set_scene(choice)
    state.write_url(*ADDRESS)
    if not scene.steps:
        show_first(scene)
        return
    say_where_it_stands(scene)
    part = st.segmented_control(
        "Show",
        list(_PARTS),
        format_func=_PARTS.__getitem__,
        default=state.get("verify_part"),
        required=True,
        key="pick-verify-part",
        label_visibility="collapsed",
    )
    state.put("verify_part", part)
    {"advice": _advice, "predicted": show_predicted, "ways": show_ways, "flow": show_flow}[part](scene)
    state.write_url(*ADDRESS)


def _advice(scene: Scene) -> None:
    show_advice(scene)
    if scene.choice.run is not None:
        show_training(scene)
