"""Which networks a study that is to be launched measures: the tasks, the sets of them, how often, and how long."""

import os
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components.runs import store
from app.views.runs_training import MOST_EPOCHS, ask_optimiser
from engine.datasets.tables.columns import listed, names_in
from engine.runs.study_config import MOST_SEEDS, StudyConfig
from engine.runs.study_plan import GROUPS, MOST_PARTITIONS, MOST_WHOLE, RANDOM, TRANSFER, WHOLE

_DEFAULT = StudyConfig(dataset="yeast")
_WORDS = {
    "half_singles": "each task alone, half size",
    "singles": "each task alone, full size",
    "pairs": "every pair",
    "all_in_one": "all tasks in one",
    WHOLE: "whole: every set of tasks",
    TRANSFER: "transfer",
}
_ABOUT = (
    "Half-size and full-size networks of each task alone are what gains are measured by; pairs tell who helps whom, "
    f"and foretell larger networks. Whole: all 2ⁿ − 1 sets and each task alone at half size, up to {MOST_WHOLE} tasks. "
    "Transfer: each task on the trunk that each other one has learned alone."
)
_RANDOM = "The networks of so many random partitions of the tasks into groups; 0: none."
_OWN = (
    "Networks of your own, separated by commas: tasks joined by +, at another size than 1 with @, as in "
    "depth+normals, depth@0.5."
)


def ask_tasks(names: Sequence[str]) -> str:
    """The tasks of a study, as the setting takes them; empty: all.

    Args:
        names: those of the data set; none while they are not known yet.
    """
    if not names:
        st.multiselect("Tasks", (), disabled=True, placeholder="Reading the data set …", key="study-tasks-waiting")
        return ""
    chosen = st.multiselect(
        "Tasks", names, key=f"study-tasks-{names}", placeholder="all", help="Left empty: all. At least two."
    )
    return listed(name for name in names if name in chosen)


def tasks_of(config: StudyConfig, names: Sequence[str]) -> tuple[str, ...]:
    """The names of the tasks that a study is about, in the order of the data set."""
    chosen = names_in(config.tasks)
    return tuple(name for name in names if not chosen or name in chosen)


def ask_networks() -> str:
    """Which sets of tasks are trained, as the setting takes them."""
    chosen = st.pills(
        "Networks",
        list(GROUPS),
        format_func=_WORDS.__getitem__,
        selection_mode="multi",
        default=names_in(_DEFAULT.networks),
        key="pick-study-networks",
        help=_ABOUT,
    )
    random, own = st.columns([1, 2], vertical_alignment="bottom")
    partitions = random.number_input(
        "Random partitions", 0, MOST_PARTITIONS, 0, key="set-partitions", help=f"{_RANDOM} Drawn by the first seed."
    )
    written = own.text_input("Others, written out", key="set-own-networks", placeholder="a+b, c@0.5", help=_OWN)
    words = [word for word in GROUPS if word in chosen]
    return ",".join([*words, *([f"{RANDOM}{partitions}"] if partitions else []), *([written] if written else [])])


def ask_course(estimator: str) -> dict[str, Any]:
    """How often and how long each network is trained, by setting."""
    epochs, patience, share, seeds, seed, workers = (place for row in (st.columns(3), st.columns(3)) for place in row)
    chosen = {
        "epochs": epochs.number_input(
            "Epochs at most", 1, MOST_EPOCHS, _DEFAULT.epochs, help="Passes over the training data, of each network."
        ),
        "patience": patience.number_input(
            "Patience",
            1,
            MOST_EPOCHS,
            _DEFAULT.patience,
            help="A training ends after so many epochs without a new lowest validation loss; the weights of the best "
            "epoch are judged.",
        ),
        "early_share": share.number_input(
            "Short training, percent",
            1,
            100,
            round(100 * _DEFAULT.early_share),
            help="After this share of the most epochs the early-stopped losses are taken, which ESA chooses by.",
        )
        / 100,
        "seeds": seeds.number_input(
            "Trainings of each network",
            1,
            MOST_SEEDS,
            _DEFAULT.seeds,
            help="Each from another seed: two or more tell how far seeds lie apart.",
        ),
        "seed": seed.number_input("First seed", 0, 2**31 - 1, _DEFAULT.seed, key="set-study-seed"),
        "workers": workers.number_input(
            "Trainings at a time",
            1,
            max(os.cpu_count() or 1, 1),
            _DEFAULT.workers,
            help="Each in a process of its own; any number gives the same losses.",
        ),
    }
    return chosen | ask_optimiser(estimator)


def say_amount(config: StudyConfig, names: Sequence[str]) -> None:
    """How many trainings there are to be, and what they cost at most.

    Args:
        names: of all tasks of the data set.

    Raises:
        KindredError: if the networks cannot be made of the tasks.
    """
    tasks = tasks_of(config, names)
    orders = config.orders(tasks)
    known = {each.key for each in store().measurements(config.setting)}
    left = [order for order in orders if config.key(order) not in known]
    networks = len({(order.network, order.transfer_from) for order in orders})
    seeds = f" × {config.seeds} seeds" if config.seeds > 1 else ""
    cost = sum(order.cost for order in left)
    text = f"**{len(orders):,} trainings**: {networks:,} networks of {len(tasks)} tasks{seeds}"
    if len(left) < len(orders):
        text += f"; {len(orders) - len(left):,} are measured already"
    st.markdown(
        f":material/speed: {text}. At most **{cost * config.epochs:,.4g} SNT-epochs** ({cost:,.4g} SNT for up to "
        f"{config.epochs} epochs).",
        help="SNT-epochs: epochs of a network of full size. Trainings end earlier where nothing more is learned.",
    )
