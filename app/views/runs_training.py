"""How a run that is to be launched is trained: the optimiser, for how long, and with which seeds."""

from typing import Any

import streamlit as st

from engine.runs.config import RunConfig
from engine.texts import text

MOST_EPOCHS = 100_000
EPOCHS = 50  # enough for the cheap estimators to become reliable on the bundled data
MOST_SEEDS = 10  # workers at the same time
_DEFAULT = RunConfig("yeast")
_STEPS_ALONG = ("lookahead", "head_lookahead", "corrected")


def ask_training(estimator: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting, and the number of ``seeds``."""
    left, middle, right = st.columns(3)
    chosen = {
        "epochs": left.number_input(
            text("runs_training.epochs"),
            1,
            MOST_EPOCHS,
            EPOCHS,
            key="set-epochs",
            help=text("runs_training.epochs_help"),
        ),
        "seed": middle.number_input(
            text("runs_training.seed"),
            0,
            2**31 - 1,
            _DEFAULT.seed,
            key="set-first-seed",
            help=text("runs_training.seed_help"),
        ),
        "seeds": right.number_input(
            text("runs_training.seeds"), 1, MOST_SEEDS, 1, key="set-seeds", help=text("runs_training.seeds_help")
        ),
    }
    return chosen | ask_optimiser(estimator)


def ask_optimiser(estimator: str) -> dict[str, Any]:
    """What every update is made by, by setting."""
    optimiser, rate, batch, momentum = st.columns(4)
    method = optimiser.selectbox(text("runs_training.optimizer"), ["sgd", "adam"], key="pick-optimizer")
    chosen: dict[str, Any] = {"optimizer": method}
    return chosen | {
        "learning_rate": rate.number_input(
            text("runs_training.learning_rate"),
            1e-6,
            10.0,
            _DEFAULT.learning_rate,
            format="%g",
            key="set-learning-rate",
            help=text("runs_training.learning_rate_help") if estimator in _STEPS_ALONG else None,
        ),
        "batch_size": batch.number_input(
            text("runs_training.batch_size"), 2, 100_000, _DEFAULT.batch_size, key="set-batch-size"
        ),
        "momentum": _momentum(momentum) if chosen["optimizer"] == "sgd" else 0.0,
    }


def _momentum(place: Any) -> float:
    about = text("runs_training.momentum_help")
    return place.number_input(
        text("runs_training.momentum"), 0.0, 0.999, _DEFAULT.momentum, key="set-momentum", help=about
    )
