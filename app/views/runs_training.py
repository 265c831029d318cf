"""How a run that is to be launched is trained: the optimiser, for how long, and with which seeds."""

from typing import Any

import streamlit as st

from engine.runs.config import RunConfig

MOST_EPOCHS = 100_000
EPOCHS = 50  # enough for the cheap estimators to become reliable on the bundled data
MOST_SEEDS = 10  # workers at the same time
_DEFAULT = RunConfig("yeast")
_STEPS_ALONG = ("lookahead", "head_lookahead", "corrected")


def ask_training(estimator: str) -> dict[str, Any]:
    """The widgets; what was chosen, by setting, and the number of ``seeds``."""
    left, middle, right = st.columns(3)
    chosen = {
        "epochs": left.number_input("Epochs", 1, MOST_EPOCHS, EPOCHS, help="Passes over the training data."),
        "seed": middle.number_input("Seed", 0, 2**31 - 1, _DEFAULT.seed, help="Of the first run, where several."),
        "seeds": right.number_input(
            "Number of seeds",
            1,
            MOST_SEEDS,
            1,
            help="Several: as many runs at the same time, which can also be seen as one: their mean, how far they lie "
            "apart, and how many agree.",
        ),
    }
    return chosen | ask_optimiser(estimator)


def ask_optimiser(estimator: str) -> dict[str, Any]:
    """What every update is made by, by setting."""
    optimiser, rate, batch, momentum = st.columns(4)
    chosen: dict[str, Any] = {"optimizer": optimiser.selectbox("Optimiser", ["sgd", "adam"], key="pick-optimizer")}
    return chosen | {
        "learning_rate": rate.number_input(
            "Learning rate",
            1e-6,
            10.0,
            _DEFAULT.learning_rate,
            format="%g",
            key="set-learning-rate",
            help="Also the step size of the lookahead." if estimator in _STEPS_ALONG else None,
        ),
        "batch_size": batch.number_input("Batch size", 2, 100_000, _DEFAULT.batch_size),
        "momentum": _momentum(momentum) if chosen["optimizer"] == "sgd" else 0.0,
    }


def _momentum(place: Any) -> float:
    return place.number_input("Momentum", 0.0, 0.999, _DEFAULT.momentum, help="Of SGD.")
