"""The two dialogs of the Runs page: launch a run, import a matrix."""

from typing import Any

import streamlit as st

from app import state
from app.components.descriptions import Asking
from app.components.editing import editing_store, for_editors, launch_runs, may_edit
from app.components.glossary import explain
from app.components.kinds import FEDERATED, LINEAR, NETWORK, STUDY
from app.components.subject import GROUP
from app.components.text import plain
from app.views.runs_affinity import ask_affinity
from app.views.runs_auxiliary import ask_auxiliary, wait_for_tasks
from app.views.runs_cost import designs, plainest, priced, show_cost, show_designs
from app.views.runs_data import against_data, ask_data
from app.views.runs_federated import ask_federated
from app.views.runs_linear import ask_linear
from app.views.runs_models import ask_kind
from app.views.runs_network import ask_network
from app.views.runs_settings import ask_name, head
from app.views.runs_study import ask_course, ask_networks, ask_tasks, say_amount
from app.views.runs_training import ask_training
from app.views.runs_weighting import ask_weighting
from engine.affinity.matrix import MOST_BYTES, read_affinity
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.configs import Config
from engine.runs.descriptions import Description
from engine.runs.study_config import StudyConfig
from engine.texts import text


def launch_button() -> None:
    """The button that opens the launch form; the form stays open over reruns of the page, until it is closed."""
    if st.button(
        text("runs_launch.launch_a_run"),
        type="primary",
        icon=":material/rocket_launch:",
        key="launch-a-run",
        **for_editors(),
    ):
        state.keep("launching", True)
    if may_edit() and state.kept("launching", lambda: False):
        launch_form()


def _close() -> None:
    state.keep("launching", False)
    state.keep("launch-kind", NETWORK)


def launch_form() -> None:
    """Settings of a run, in a dialog; creates it, or one for each of several seeds, and starts the workers."""
    st.dialog(text("runs_launch.launch_a_run"), width="large", on_dismiss=_close)(_form)()


def _form() -> None:
    kind = ask_kind()
    forms = {(NETWORK,): _network, (STUDY,): _study, (LINEAR, FEDERATED): lambda: _models(kind)}
    for kinds, form in forms.items():  # each in a place of its own, which the others empty: what polls may keep old
        if kind in kinds:  # widgets standing
            with st.container():
                form()
        else:
            st.empty()


def _network() -> None:
    """The rest of the form for networks.

    All widgets can be used before the process that knows tasks and costs has answered, which takes it seconds at first.
    """
    asking = Asking()
    data = ask_data(text("runs_launch.own"))
    if data is None:
        _cannot_launch()
        return
    dataset = data["dataset"]
    name = ask_name(NETWORK)
    head(text("runs_launch.network"))
    settings: dict[str, Any] = data | ask_network(dataset)
    costs = st.container()
    head(text("runs_launch.weighting"))
    settings |= ask_weighting(settings["architecture"], dataset)
    head(text("runs_launch.tasks"))
    whole = _answers(asking, plainest(data))  # its description tells the data set's tasks
    with st.container():  # one element, so that what follows stays in place, and a list open, when the answer comes
        settings |= ask_auxiliary(dataset, whole[0].tasks) if whole else wait_for_tasks()
    head(text("runs_launch.affinity"))
    settings |= ask_affinity(settings["architecture"], dataset)
    head(text("runs_launch.training"))
    settings |= ask_training(settings["affinity"])
    seeds = settings.pop("seeds")
    try:
        config = RunConfig(**settings)
    except KindredError as error:
        _refuse(str(error))
        return
    with costs:
        chosen = _answers(asking, priced(config))
        show_cost(chosen[0] if chosen else None)
        show_designs(_answers(asking, *designs(priced(config))), config.architecture)
    refusal = (chosen[0].error if chosen else "") or against_data(config)
    if refusal:
        _refuse(refusal)
    elif _button():
        _launch(config, name, seeds)
    asking.draw_again()


def _study() -> None:
    """The rest of the form for studies, which asks for much of the same."""
    asking = Asking()
    data = ask_data(text("runs_launch.own"))
    if data is None:
        _cannot_launch()
        return
    dataset = data["dataset"]
    name = ask_name(STUDY)
    head(text("runs_launch.tasks_and_networks"))
    whole = _answers(asking, plainest(data))
    with st.container():
        names = [task["name"] for task in whole[0].tasks] if whole else []
        settings: dict[str, Any] = data | {"tasks": ask_tasks(names)}
    settings["networks"] = ask_networks()
    amount = st.container()
    head(text("runs_launch.each_network"))
    settings |= ask_network(dataset)
    settings |= ask_weighting(settings["architecture"], dataset)
    head(text("runs_launch.training"))
    settings |= ask_course("none")
    head(text("runs_launch.affinity"))
    settings["observe"] = st.checkbox(
        text("runs_launch.observe"), key="set-observe", help=text("runs_launch.observe_help")
    )
    if settings["observe"]:
        settings |= ask_affinity(settings["architecture"], dataset)
    try:
        config = StudyConfig(**settings)
        with amount:
            if names:
                say_amount(config, names)
            else:
                st.caption(f":material/hourglass_top: {text('runs_launch.reading_tasks')}")
    except KindredError as error:
        _refuse(str(error))
        asking.draw_again()
        return
    refusal = (whole[0].error if whole else "") or against_data(config)
    if refusal:
        _refuse(refusal)
    elif _button():
        _launch(config, name, 1)
    asking.draw_again()


def _models(kind: str) -> None:
    """The rest of the form for linear models, federated or not."""
    try:
        found = {LINEAR: ask_linear, FEDERATED: ask_federated}[kind]()
    except KindredError as error:
        _refuse(str(error))
        return
    if found is None:
        _cannot_launch()
        return
    name, config = found
    if _button():
        _launch(config, name, 1)


def _answers(asking: Asking, *configs: RunConfig) -> list[Description] | None:
    """What is known by now; nothing, and a line that says so, where the process that knows has failed."""
    try:
        return asking(*configs)
    except KindredError as error:
        st.warning(plain(str(error)), icon=":material/warning:")
        return None


def _refuse(reason: str) -> None:
    st.error(plain(reason), icon=":material/block:")
    _cannot_launch()


def _cannot_launch() -> None:
    _button("launch-refused", disabled=True)


def _button(key: str = "launch-now", disabled: bool = False) -> bool:
    label = text("runs_launch.launch")
    return st.button(label, type="primary", icon=":material/rocket_launch:", key=key, disabled=disabled)


def _launch(config: Config, name: str, seeds: int) -> None:
    try:
        run_ids = launch_runs(config, name, seeds)
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _close()
    if isinstance(config, StudyConfig):
        state.choose_of("study", run_ids[0])
    state.choose_run(run_ids[0] if seeds == 1 else GROUP + run_ids[0])
    st.rerun()


def import_matrix() -> None:
    """An affinity matrix from a file, asked for in a dialog, becomes a finished run."""
    st.dialog(text("runs_launch.import_a_matrix"), width="large")(_import)()


def _import() -> None:
    explain("runs_launch.import_look")
    st.markdown(text("runs_launch.formats"))
    upload = st.file_uploader(
        text("runs_launch.file"), type=["csv", "json", "npy"], max_upload_size=MOST_BYTES // 2**20, key="import-file"
    )
    empty = text("runs_launch.name_of_file")
    name = st.text_input(text("runs_settings.name"), placeholder=empty, max_chars=200, key="import-name")
    tasks = st.text_input(text("runs_launch.task_names"), key="import-tasks", help=text("runs_launch.task_names_help"))
    if not st.button(text("runs_launch.import"), type="primary", disabled=upload is None, key="import-now"):
        return
    try:
        names = tuple(part.strip() for part in tasks.split(",")) if tasks.strip() else None
        matrix = read_affinity(upload.getvalue(), upload.name, names)
        run_id = editing_store().add_matrix(matrix, name.strip() or upload.name[:200], source=upload.name[:200])
    except KindredError as error:
        st.error(plain(str(error)))
        return
    state.choose_run(run_id)
    state.go_to("affinity")
