"""Which networks a study that is to be launched measures: the tasks, the sets of them, how often, and how long."""

import os
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components.runs import store
from app.views.runs_settings import sentences
from app.views.runs_training import MOST_EPOCHS, ask_optimiser
from engine.datasets.tables.columns import listed, names_in
from engine.runs.study_config import MOST_SEEDS, StudyConfig
from engine.runs.study_plan import GROUPS, MOST_PARTITIONS, MOST_WHOLE, RANDOM
from engine.texts import text

_DEFAULT = StudyConfig(dataset="yeast")


def ask_tasks(names: Sequence[str]) -> str:
    """The tasks of a study, as the setting takes them; empty: all.

    Args:
        names: those of the data set; none while they are not known yet.
    """
    if not names:
        waiting = text("datasets.reading")
        st.multiselect(text("runs_study.tasks"), (), disabled=True, placeholder=waiting, key="study-tasks-waiting")
        return ""
    chosen = st.multiselect(
        text("runs_study.tasks"),
        names,
        key=f"study-tasks-{names}",
        placeholder=text("runs_study.all"),
        help=text("runs_study.tasks_help"),
    )
    return listed(name for name in names if name in chosen)


def tasks_of(config: StudyConfig, names: Sequence[str]) -> tuple[str, ...]:
    """The names of the tasks that a study is about, in the order of the data set."""
    chosen = names_in(config.tasks)
    return tuple(name for name in names if not chosen or name in chosen)


def ask_networks() -> str:
    """Which sets of tasks are trained, as the setting takes them."""
    chosen = st.pills(
        text("runs_study.networks"),
        list(GROUPS),
        format_func=lambda group: text(f"runs_study.group_{group}"),
        selection_mode="multi",
        default=names_in(_DEFAULT.networks),
        key="pick-study-networks",
        help=text("runs_study.networks_help", most=MOST_WHOLE),
    )
    random, own = st.columns([1, 2], vertical_alignment="bottom")
    partitions = random.number_input(
        text("runs_study.partitions"),
        0,
        MOST_PARTITIONS,
        0,
        key="set-partitions",
        help=text("runs_study.partitions_help"),
    )
    written = own.text_input(
        text("runs_study.own"), key="set-own-networks", placeholder="a+b, c@0.5", help=text("runs_study.own_help")
    )
    words = [word for word in GROUPS if word in chosen]
    return ",".join([*words, *([f"{RANDOM}{partitions}"] if partitions else []), *([written] if written else [])])


def ask_course(estimator: str) -> dict[str, Any]:
    """How often and how long each network is trained, by setting."""
    epochs, patience, share, seeds, seed, workers = (place for row in (st.columns(3), st.columns(3)) for place in row)
    chosen = {
        "epochs": epochs.number_input(
            text("runs_study.epochs"),
            1,
            MOST_EPOCHS,
            _DEFAULT.epochs,
            key="set-study-epochs",
            help=text("runs_study.epochs_help"),
        ),
        "patience": patience.number_input(
            text("runs_study.patience"),
            1,
            MOST_EPOCHS,
            _DEFAULT.patience,
            key="set-patience",
            help=text("runs_study.patience_help"),
        ),
        "early_share": share.number_input(
            text("runs_study.early_share"),
            1,
            100,
            round(100 * _DEFAULT.early_share),
            key="set-early-share",
            help=text("runs_study.early_share_help"),
        )
        / 100,
        "seeds": seeds.number_input(
            text("runs_study.seeds"),
            1,
            MOST_SEEDS,
            _DEFAULT.seeds,
            key="set-study-seeds",
            help=text("runs_study.seeds_help"),
        ),
        "seed": seed.number_input(text("runs_study.seed"), 0, 2**31 - 1, _DEFAULT.seed, key="set-study-seed"),
        "workers": workers.number_input(
            text("runs_study.workers"),
            1,
            max(os.cpu_count() or 1, 1),
            _DEFAULT.workers,
            key="set-workers",
            help=text("runs_study.workers_help"),
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
    cost = sum(order.cost for order in left)
    told = {
        "trainings": len(orders),
        "networks": len({(order.network, order.transfer_from) for order in orders}),
        "tasks": len(tasks),
        "count": config.seeds,
        "known": len(orders) - len(left),
    }
    said = text("runs_study.amount_known" if told["known"] else "runs_study.amount", **told)
    most = text("runs_study.most", cost=cost * config.epochs, snt=cost, epochs=config.epochs)
    st.markdown(f":material/speed: {sentences(said, most)}", help=text("runs_study.amount_help"))
