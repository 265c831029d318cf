"""What the Verify page is about: the study, the budget, the predictor, and how much the advisor is told."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import state
from app.components.advising import asking, predictors, replayed
from app.components.runs import store
from app.components.studies import Choice
from engine.charts.naming import predictor_name
from engine.runs.advised import all_budgets
from engine.runs.studies import study_config
from engine.runs.study_plan import MOST_WHOLE
from engine.studies.advisor import Advice
from engine.studies.flow import Step, follow_order
from engine.studies.study import TEST, Study, whole_study
from engine.studies.ways import without_early
from engine.studies.widening import widened
from engine.texts import text

ENOUGH = 1.0  # percent: with a bound below it an advisor may well stop
MOST_ENTRIES = 3000  # tasks of networks that the combination can weigh
_PLAY_SECONDS = 0.9
_PLAYING, _PLAYED = "verify_playing", "verify_played"


@dataclass(frozen=True, eq=False)
class Scene:
    """Attributes:
    choice: the study as it was picked.
    study: all that is known of it, with the networks to choose from.
    budget: in SNT.
    predictor: by its name in the catalog.
    steps: what the advisor said, from the tasks alone on; empty while a task is not known alone.
    place: of the step that is looked at.
    complete: whether every network is measured, so that what is chosen can be judged.
    """

    choice: Choice
    study: Study
    budget: float
    predictor: str
    steps: list[Step]
    place: int
    complete: bool

    @property
    def step(self) -> Step:
        """The one that is looked at."""
        return self.steps[self.place]

    @property
    def advice(self) -> Advice:
        """What the advisor says then."""
        return self.step.advice

    @property
    def told(self) -> Study:
        """What predictions rest on: where all is measured, without short trainings, for which no one has paid."""
        return without_early(self.study) if self.complete else self.study

    @property
    def spent(self) -> float:
        """What the networks known at the step cost, in SNT."""
        return float(self.study.costs[self.step.known].sum())

    @property
    def key(self) -> str:
        """Another one where widgets are to begin anew."""
        return f"{self.choice.key}-{self.budget:g}-{self.predictor}-{len(self.study.networks)}"


def set_scene(choice: Choice) -> Scene:
    """The controls at the top, and what follows from them.

    Raises:
        KindredError: if there is nothing to choose from within the budget.
    """
    study = choice.study
    budgets = all_budgets(len(study.tasks))
    spending, foretelling, listing = st.columns([2, 1.3, 1], vertical_alignment="bottom", gap="medium")
    with spending:
        budget = _pick_budget(choice, budgets)
    with foretelling:
        predictor = _pick_predictor(study)
    with listing:
        study = _pick_networks(choice, study)
    complete = bool(study.known().all() and study.known(TEST).all())
    with st.spinner(text("verify_scene.asking"), show_time=False):
        if complete:
            steps = replayed(study, budget, predictor)
        else:
            steps = follow_order(study, _measured_order(choice, study), asking(budget, predictor))
    place = len(steps) - 1
    scene = Scene(choice, study, budget, predictor, steps, place, complete)
    if complete and len(steps) > 1:
        return _at_step(scene)
    state.keep(_PLAYING, False)
    return scene


def playing() -> bool:
    """Whether the replay goes on by itself."""
    return state.kept(_PLAYING, lambda: False)


def _pick_budget(choice: Choice, budgets: tuple[float, ...]) -> float:
    usual, wanted = budgets[len(budgets) // 2], state.get("study_budget")
    budget = st.select_slider(
        text("verify_scene.budget"),
        budgets,
        value=wanted if wanted in budgets else usual,
        format_func="{:g}".format,
        key=f"pick-verify-budget-{choice.key}",
        help=text("verify_scene.about_budget"),
    )
    state.put("study_budget", None if budget == usual else budget)
    return budget


def _pick_predictor(study: Study) -> str:
    offered = predictors(study)
    wanted = state.get("predictor")
    chosen = st.selectbox(
        text("verify_scene.foretold_by"),
        offered,
        offered.index(wanted) if wanted in offered else 0,
        format_func=predictor_name,
        key=f"pick-predictor-{'-'.join(offered)}",
        help=text("verify_scene.about_predictor"),
    )
    state.put("predictor", chosen)
    return chosen


def _pick_networks(choice: Choice, study: Study) -> Study:
    """The study, with all sets of tasks where they are to be chosen from, too."""
    if len(study.tasks) > MOST_WHOLE:
        return study
    wide = widened(study, (each for each in whole_study(study.tasks) if each.cost == 1))
    if wide is study or wide.holds.sum() > MOST_ENTRIES:
        return study
    usual, wanted = choice.run is not None, state.get("every_set")
    every = st.toggle(
        text("verify_scene.every_set"),
        value=usual if wanted is None else wanted,
        key=f"set-every-{choice.key}",
        help=text("verify_scene.about_every_set"),
    )
    state.put("every_set", None if every == usual else every)
    return wide if every else study


def _measured_order(choice: Choice, study: Study) -> list[int]:
    """Networks in the order in which their trainings began."""
    if choice.run is None:
        return []
    measured = store().measurements(study_config(choice.run).setting)
    places = [study.place(each.tasks, each.cost) for each in measured if set(each.tasks) <= set(study.tasks)]
    return [place for place in places if place is not None]


def _at_step(scene: Scene) -> Scene:
    """The step of the replay that is chosen by a slider, two buttons, or by playing."""
    counts = [int(step.known.sum()) for step in scene.steps]
    place = _place(counts, state.get("replayed"), _usual(scene))
    place = _played_on(counts, place)
    key = f"pick-replayed-{scene.key}"
    st.session_state[key] = counts[place]
    slider, buttons = st.columns([3, 1.3], vertical_alignment="bottom")

    def go(to: int) -> Callable[[], None]:
        return lambda: (state.put("replayed", counts[to]), state.keep(_PLAYING, False))

    with buttons.container(horizontal=True, horizontal_alignment="right", gap="small"):
        st.button(
            text("verify_scene.back"),
            icon=":material/skip_previous:",
            key="replay-back",
            help=text("verify_scene.about_back"),
            on_click=go(place - 1),
            disabled=place == 0,
        )
        goes = playing()
        if st.button(
            text("verify_scene.pause" if goes else "verify_scene.play"),
            icon=":material/pause:" if goes else ":material/play_arrow:",
            key="replay-play",
            help=text("verify_scene.about_play"),
        ):
            if not goes:
                state.put("replayed", counts[0 if place == len(counts) - 1 else place])
                state.keep(_PLAYED, time.monotonic())
            state.keep(_PLAYING, not goes)
            st.rerun()
        st.button(
            text("verify_scene.next"),
            icon=":material/skip_next:",
            key="replay-next",
            help=text("verify_scene.about_next"),
            on_click=go(min(place + 1, len(counts) - 1)),
            disabled=place == len(counts) - 1,
        )
    with slider:
        st.select_slider(
            text("verify_scene.replay", there_are=len(scene.study.networks)),
            counts,
            key=key,
            on_change=lambda: (state.put("replayed", st.session_state[key]), state.keep(_PLAYING, False)),
            help=text("verify_scene.about_replay"),
        )
    return Scene(scene.choice, scene.study, scene.budget, scene.predictor, scene.steps, place, True)


def _usual(scene: Scene) -> int:
    """Of a study of one's own all that is known; of another one, where an advisor may well stop."""
    last = len(scene.steps) - 1
    if scene.choice.run is not None:
        return last
    return next((place for place, step in enumerate(scene.steps) if step.advice.bound <= ENOUGH), last)


def _place(counts: list[int], wanted: int | None, usual: int) -> int:
    """Of the last step that knows no more networks than wanted."""
    if wanted is None:
        return usual
    return max(int(np.searchsorted(counts, wanted, side="right")) - 1, 0)


def _played_on(counts: list[int], place: int) -> int:
    """One step on, if it plays and the last one was seen for long enough; at the end it plays no more."""
    if playing() and time.monotonic() - state.kept(_PLAYED, time.monotonic) > _PLAY_SECONDS:
        place = min(place + 1, len(counts) - 1)
        state.put("replayed", counts[place])
        state.keep(_PLAYED, time.monotonic())
        if place == len(counts) - 1:
            state.keep(_PLAYING, False)
    return place
