"""Training what the advisor asks for: one network, or on and on while an allowance lasts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from app.components.editing import for_editors, launch_runs
from app.components.runs import store
from app.components.status import status_of
from app.components.stopping import stop_and_resume
from app.components.studies import Choice, study_runs
from app.components.text import joined, plain
from app.views.studies_about import far_with_time
from app.views.verify_scene import ENOUGH, Scene
from engine.datasets.tables.columns import listed
from engine.errors import KindredError
from engine.runs.advised import ARTIFACT
from engine.runs.run import Run
from engine.runs.studies import study_config
from engine.runs.study_config import StudyConfig
from engine.runs.study_plan import WHOLE
from engine.studies.advisor import first_networks
from engine.texts import text

_MOST_AT_ONCE = 10


def at_work(choice: Choice) -> list[Run]:
    """The runs that measure networks of this study now, its own or others trained alike."""
    if choice.run is None:
        return []
    setting = study_config(choice.run).setting
    return [run for run in study_runs() if run.active and study_config(run).setting == setting]


def say_at_work(choice: Choice) -> None:
    """How far each of them is, with its time left and a button to cancel it; the study's own also if it stopped."""
    if choice.run is None:
        return
    running = at_work(choice)
    own = next((run for run in running if run.id == choice.run.id), choice.run)
    stopped = [own] if not own.active and own.status != "finished" else []
    for run in (*stopped, *running):
        progress, buttons = st.columns([5, 1], vertical_alignment="center")
        share, words = _how_far(run)
        says = "verify_training.at_work" if run.active else "verify_training.stopped"
        progress.progress(share, text=plain(text(says, name=run.name, status=status_of(run), far=words)))
        for told in filter(None, (run.note, run.error)):
            progress.caption(plain(told))
        with buttons:
            stop_and_resume(run)


def _how_far(run: Run) -> tuple[float, str]:
    """As a share of all and in words; under an allowance of that, as not all that is listed will be trained."""
    if not run.steps:
        return 0.0, text("verify_training.worker_starts")
    allowance = study_config(run).allowance
    if allowance:
        told = (store().artifact(run.id, ARTIFACT) or {}).get("steps") or [{"spent": 0.0}]
        spent = told[-1]["spent"]
        return min(spent / allowance, 1.0), text("verify_training.spent", spent=spent, allowance=allowance)
    return min(run.step / run.steps, 1.0), far_with_time(run)


def show_first(scene: Scene) -> None:
    """What must be measured before the advisor can speak, and for a study of this store a button that does so."""
    study = scene.study
    missing = [place for place in first_networks(study) if not study.known()[place]]
    names = [study.networks[place].name for place in missing]
    st.info(text("verify_training.first", networks=plain(joined(names))), icon=":material/hourglass_top:")
    run = scene.choice.run
    if (
        run is not None
        and not at_work(scene.choice)
        and st.button(
            text("verify_training.train_them"), key="train-first", icon=":material/model_training:", **for_editors()
        )
    ):
        _launch(training_of(study_config(run), names), text("verify_training.named_first", name=run.name))


def show_training(scene: Scene) -> None:
    """The two ways on, for a study of this store."""
    _say_ended(scene)
    if at_work(scene.choice):
        st.caption(f":material/hourglass_top: {text('verify_training.taken_into_account')}")
        return
    if not scene.advice.next or (scene.complete and scene.place < len(scene.steps) - 1):
        return
    one, many = st.columns(2, gap="medium")
    with one.container(border=True):
        _ask_next(scene)
    with many.container(border=True):
        _ask_allowance(scene)


def _ask_next(scene: Scene) -> None:
    config = study_config(scene.choice.run)
    st.markdown(f"**{text('verify_training.step_by_step')}**")
    most = min(len(scene.advice.next), _MOST_AT_ONCE)
    count = 1
    if most > 1:
        about = text("verify_training.about_count")
        count = st.number_input(text("verify_training.count"), 1, most, 1, key=f"set-count-{most}", help=about)
    places = list(scene.advice.next[:count])
    names = [scene.study.networks[place].name for place in places]
    cost = float(scene.study.costs[places].sum()) * config.seeds
    epochs = cost * _epochs(scene, config)
    st.caption(text("verify_training.about_cost", networks=plain(joined(names)), epochs=epochs))
    label = text("verify_training.train_next", count=count)
    if st.button(label, key="train-next", icon=":material/model_training:", type="primary", **for_editors()):
        name = text("verify_training.named", count=count, name=scene.choice.run.name, network=names[0])
        _launch(training_of(config, names), name)


def _ask_allowance(scene: Scene) -> None:
    config, run = study_config(scene.choice.run), scene.choice.run
    st.markdown(f"**{text('verify_training.unattended')}**")
    usual = float(max(round(10 * config.seeds * _epochs(scene, config)), 1))
    left, right = st.columns(2)
    allowance = left.number_input(
        text("verify_training.allowance"),
        1.0,
        1e12,
        usual,
        format="%g",
        key=f"set-allowance-{usual:g}",
        help=text("verify_training.about_allowance"),
    )
    bound = right.number_input(
        text("verify_training.bound"),
        0.0,
        100.0,
        ENOUGH,
        format="%g",
        key="set-enough",
        help=text("verify_training.about_bound"),
    )
    st.caption(text("verify_training.for_budget", budget=scene.budget))
    go_on = text("verify_training.go_on")
    if st.button(go_on, key="advisor-goes-on", icon=":material/auto_mode:", **for_editors()):
        every = len(scene.study.networks) > len(scene.choice.study.networks)
        name = text("verify_training.named_advisor", name=run.name)
        _launch(advised_of(config, allowance, scene.budget, bound, every), name)


def training_of(config: StudyConfig, networks: Sequence[str]) -> StudyConfig:
    """The same study of just these networks; nothing is observed, as that was done, or not wanted."""
    return replace(config, networks=listed(networks), allowance=0.0, budget=0.0, bound=0.0, **_UNOBSERVED)


def advised_of(config: StudyConfig, allowance: float, budget: float, bound: float, every: bool) -> StudyConfig:
    """The same study under an allowance.

    Args:
        every: whether it may train every set of tasks, besides the networks that are listed.
    """
    networks = f"{config.networks},{WHOLE}" if every else config.networks
    return replace(config, networks=networks, allowance=allowance, budget=budget, bound=bound, **_UNOBSERVED)


_UNOBSERVED = {"observe": False, "affinity": "none", "every": 1, "metric": False}


def _epochs(scene: Scene, config: StudyConfig) -> float:
    """That a training takes; the mean of those known, else the most."""
    epochs = scene.study.epochs
    if epochs is None or not np.isfinite(epochs).any():
        return config.epochs
    return float(np.nanmean(epochs))


def _launch(config: StudyConfig, name: str) -> None:
    try:
        launch_runs(config, name[:200])
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.rerun()


def _say_ended(scene: Scene) -> None:
    """Why the newest run with an allowance trained no more, if it has ended."""
    setting = study_config(scene.choice.run).setting
    for run in study_runs():
        config = study_config(run)
        if config.allowance and config.setting == setting:
            ended = "" if run.active else (store().artifact(run.id, ARTIFACT) or {}).get("ended", "")
            if ended:
                st.caption(f":material/auto_mode: {plain(text('verify_training.ended', name=run.name, why=ended))}")
            return
