"""Verify: the grouping to choose by what is measured, how far from the best it may be, and whether that turned out."""

import streamlit as st

from app import state
from app.components.glossary import explain
from app.components.groupings import MOST_TASKS
from app.components.live import follow
from app.components.studies import Choice, find_choice
from app.views.studies import pick_or_measure
from app.views.verify_advice import say_where_it_stands, show_advice
from app.views.verify_flow import show_flow
from app.views.verify_predicted import show_predicted
from app.views.verify_scene import Scene, playing, set_scene
from app.views.verify_training import at_work, say_at_work, show_first, show_training
from app.views.verify_ways import show_ways
from engine.texts import text

ADDRESS = ("study", "study_budget", "predictor", "every_set", "replayed", "verify_part", "foretold")
SNIPPET = (
    "python -m engine measure --dataset yeast --tasks Class1,Class2,Class3,Class4,Class5 --networks whole --observe"
)
_PARTS = ("advice", "predicted", "ways", "flow")


def show() -> None:
    """The page."""
    st.title(text("verify.title"))
    explain("verify.look")
    key = pick_or_measure()
    state.write_url(*ADDRESS)

    def now() -> Choice:
        return find_choice(key)

    follow(lambda: _page(now()), lambda: bool(at_work(now())) or playing())
    with st.expander(text("verify.own_tasks"), key="verify-own-tasks", icon=":material/code:"):
        st.markdown(text("verify.how_to_measure"))
        st.code(SNIPPET, language="sh")


def _page(choice: Choice) -> None:
    say_at_work(choice)
    if len(choice.study.tasks) > MOST_TASKS:
        tasks = len(choice.study.tasks)
        st.info(text("verify.too_many_tasks", tasks=tasks, most=MOST_TASKS), icon=":material/info:")
        return
    scene = set_scene(choice)
    state.write_url(*ADDRESS)
    if not scene.steps:
        show_first(scene)
        return
    say_where_it_stands(scene)
    part = st.segmented_control(
        text("verify.show"),
        _PARTS,
        format_func=lambda name: text(f"verify.part.{name}"),
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
