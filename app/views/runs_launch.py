"""The two dialogs of the Runs page: launch a run, import a matrix."""

import streamlit as st

from app import state
from app.components.runs import store
from app.components.text import plain
from engine import catalog
from engine.affinity.matrix import read_affinity
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.launchers import launch

_DEFAULT = RunConfig("yeast")


@st.dialog("Launch a run", width="large")
def launch_form() -> None:
    """Settings of a run; creates it and starts its worker."""
    datasets = {entry.name: entry for entry in catalog.entries("dataset")}
    trunks = {entry.name: entry for entry in catalog.entries("trunk")}
    with st.form("launch", border=False):
        dataset = st.selectbox("Data set", list(datasets), format_func=lambda name: f"{name}: {datasets[name].summary}")
        name = st.text_input("Name", placeholder="left empty: the run's id", max_chars=200)
        left, middle, right = st.columns(3)
        epochs = left.number_input("Epochs", 1, 100_000, 5, help="Passes over the training data.")
        every = middle.number_input(
            "Observe every k-th update",
            1,
            10_000,
            _DEFAULT.every,
            help="An observed update costs about as much as one plain update per task.",
        )
        seed = right.number_input("Seed", 0, 2**31 - 1, _DEFAULT.seed, help="The same seed gives the same numbers.")
        with st.expander("Training"):
            left, middle, right = st.columns(3)
            optimizer = left.selectbox("Optimiser", ["sgd", "adam"])
            learning_rate = middle.number_input(
                "Learning rate",
                1e-6,
                10.0,
                _DEFAULT.learning_rate,
                format="%g",
                help="Also the step size of the lookahead.",
            )
            batch_size = right.number_input("Batch size", 2, 100_000, _DEFAULT.batch_size)
            momentum = left.number_input("Momentum", 0.0, 0.999, 0.0, help="Of SGD; Adam has its own.")
            lookahead_step = middle.selectbox(
                "Lookahead step",
                ["sgd", "optimizer"],
                help="sgd: the source's plain gradient step. optimizer: the optimiser's own step, momentum included.",
            )
        with st.expander("Network (hard parameter sharing)"):
            left, middle, right = st.columns(3)
            trunk = left.selectbox(
                "Trunk", list(trunks), help=" · ".join(f"{t.name}: {t.summary}" for t in trunks.values())
            )
            width = middle.number_input("Width", 1, 16_384, _DEFAULT.width, help="Units, or channels, a layer.")
            depth = right.number_input("Depth", 1, 64, _DEFAULT.depth, help="Layers of the trunk.")
            dropout = left.number_input("Dropout", 0.0, 0.95, 0.0, step=0.05)
            batch_norm = middle.checkbox("BatchNorm")
        if not st.form_submit_button("Launch", type="primary", icon=":material/rocket_launch:"):
            return
    try:
        config = RunConfig(
            dataset=dataset,
            epochs=epochs,
            every=every,
            seed=seed,
            optimizer=optimizer,
            learning_rate=learning_rate,
            batch_size=batch_size,
            momentum=momentum,
            lookahead_step=lookahead_step,
            trunk=trunk,
            width=width,
            depth=depth,
            dropout=dropout,
            batch_norm=batch_norm,
        )
        run_id = store().create(config, name)
        launch(store(), run_id)
    except KindredError as error:
        st.error(plain(str(error)))
        return
    state.choose_run(run_id)
    st.rerun()


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
