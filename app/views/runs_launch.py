"""The two dialogs of the Runs page: launch a run, import a matrix."""

from typing import Any

import streamlit as st

from app import state
from app.components.runs import store
from app.components.subject import GROUP
from app.components.text import plain
from app.views.runs_affinity import ask_affinity
from engine import catalog
from engine.affinity.matrix import read_affinity
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.launchers import launch

EPOCHS = 50  # enough for the cheap estimators to become reliable on the bundled data
MOST_SEEDS = 10  # workers at the same time
_DEFAULT = RunConfig("yeast")


@st.dialog("Launch a run", width="large")
def launch_form() -> None:
    """Settings of a run; creates it, or one for each of several seeds, and starts the workers."""
    datasets = {entry.name: entry for entry in catalog.entries("dataset")}
    dataset = st.selectbox("Data set", list(datasets), format_func=lambda name: f"{name}: {datasets[name].summary}")
    estimator = _pick_estimator()  # outside the form, as what the form asks depends on it
    with st.form("launch", border=False):
        name = st.text_input("Name", placeholder="left empty: the run's id", max_chars=200)
        left, middle, right = st.columns(3)
        settings = {
            "dataset": dataset,
            "affinity": estimator,
            "epochs": left.number_input("Epochs", 1, 100_000, EPOCHS, help="Passes over the training data."),
            "seed": middle.number_input("Seed", 0, 2**31 - 1, _DEFAULT.seed, help="Of the first run, where several."),
        }
        seeds = right.number_input(
            "Number of seeds",
            1,
            MOST_SEEDS,
            1,
            help="Several: as many runs at the same time, which can also be seen as one: their mean, how far they lie "
            "apart, and how many agree.",
        )
        settings |= ask_affinity(estimator) | _ask_training(estimator) | _ask_network()
        if not st.form_submit_button("Launch", type="primary", icon=":material/rocket_launch:"):
            return
    try:
        run_ids = store().create_seeds(RunConfig(**settings), name, seeds)
        for run_id in run_ids:
            launch(store(), run_id)
    except KindredError as error:
        st.error(plain(str(error)))
        return
    state.choose_run(run_ids[0] if seeds == 1 else GROUP + run_ids[0])
    st.rerun()


def _pick_estimator() -> str:
    """How affinity is observed, with what that is."""
    known = {entry.name: entry for entry in catalog.entries("estimator")}
    name = st.selectbox("Affinity estimator", [*known, "none"], index=[*known, "none"].index(_DEFAULT.affinity))
    if name == "none":
        st.caption("Train without observing affinities.")
    else:
        paper = f" ({known[name].paper})" if known[name].paper else ""
        st.caption(plain(f"{known[name].summary}{paper}"))
    return name


def _ask_training(estimator: str) -> dict[str, Any]:
    with st.expander("Training"):
        left, middle, right = st.columns(3)
        steps_along = estimator in ("lookahead", "head_lookahead", "corrected")
        return {
            "optimizer": left.selectbox("Optimiser", ["sgd", "adam"]),
            "learning_rate": middle.number_input(
                "Learning rate",
                1e-6,
                10.0,
                _DEFAULT.learning_rate,
                format="%g",
                help="Also the step size of the lookahead." if steps_along else None,
            ),
            "batch_size": right.number_input("Batch size", 2, 100_000, _DEFAULT.batch_size),
            "momentum": left.number_input("Momentum", 0.0, 0.999, 0.0, help="Of SGD; Adam has its own."),
        }


def _ask_network() -> dict[str, Any]:
    trunks = {entry.name: entry for entry in catalog.entries("trunk")}
    with st.expander("Network (hard parameter sharing)"):
        left, middle, right = st.columns(3)
        return {
            "trunk": left.selectbox(
                "Trunk", list(trunks), help=" · ".join(f"{t.name}: {t.summary}" for t in trunks.values())
            ),
            "width": middle.number_input("Width", 1, 16_384, _DEFAULT.width, help="Units, or channels, a layer."),
            "depth": right.number_input("Depth", 1, 64, _DEFAULT.depth, help="Layers of the trunk."),
            "dropout": left.number_input("Dropout", 0.0, 0.95, 0.0, step=0.05),
            "batch_norm": middle.checkbox("BatchNorm"),
        }


@st.dialog("Import a matrix", width="large")
def import_matrix() -> None:
    """An affinity matrix from a file becomes a finished run."""
    st.markdown(
        "A labelled square table (`.csv`, first row = targets, first column = sources), an object with `tasks` and "
        "`affinity` (`.json`), or a square array (`.npy`). **Rows are sources, columns are targets; higher is better.**"
    )
    upload = st.file_uploader("File", type=["csv", "json", "npy"])
    name = st.text_input("Name", placeholder="left empty: the file's name", max_chars=200)
    tasks = st.text_input("Task names, separated by commas", help="Only for .npy, which carries none.")
    if not st.button("Import", type="primary", disabled=upload is None):
        return
    try:
        names = tuple(part.strip() for part in tasks.split(",")) if tasks.strip() else None
        matrix = read_affinity(upload.getvalue(), upload.name, names)
        run_id = store().add_matrix(matrix, name.strip() or upload.name[:200], source=upload.name[:200])
    except KindredError as error:
        st.error(plain(str(error)))
        return
    state.choose_run(run_id)
    state.go_to("affinity")
