"""The advice now: the grouping, how far from the best it may be, and the networks to train next."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.frames import show_frame
from app.components.glossary import explain
from app.components.groupings import Served, served_by
from app.components.text import joined, plain
from app.views.verify_scene import Scene
from engine.charts.naming import predictor_name
from engine.grouping.export import to_json
from engine.studies.advisor import score
from engine.studies.prediction import NINETY
from engine.studies.study import TEST, VALIDATION, Study
from engine.studies.ways import grouping
from engine.texts import text

_MOST_NEXT = 5


def say_where_it_stands(scene: Scene) -> None:
    """The facts in a row, and in a sentence what they come to."""
    advice, study = scene.advice, scene.study
    (chosen,), (value,) = advice.chosen, advice.value
    test = score(shown(scene), chosen)
    known = int(scene.step.known.sum())
    expected = "expected_relative" if is_relative(study) else "expected"
    facts = [
        ("known", text("verify_advice.of", known=known, there_are=len(study.networks), spent=scene.spent)),
        (expected, f"{value:#.4g}"),
        ("test", f"{test:#.4g}" if math.isfinite(test) else "–"),
        ("regret", f"{advice.regret:.2f} %"),
        ("bound", f"{advice.bound:.2f} %"),
    ]
    with st.container(horizontal=True, gap="medium"):
        for name, figure in facts:
            label, about = text(f"verify_advice.{name}"), text(f"verify_advice.about_{name}")
            st.markdown(f":small[:gray[{label}]]  \n**{plain(figure)}**", width="content", help=about)
    st.markdown(f":material/verified: {bound_sentence(scene)}")
    silent = not_foretold(scene)
    if silent:
        st.warning(
            text("verify_advice.silent", count=silent, predictor=plain(predictor_name(scene.predictor))),
            icon=":material/warning:",
        )


def is_relative(study: Study) -> bool:
    """Whether a task's loss counts relative to the one that it has alone."""
    return not (study.weights == 1).all()


def bound_sentence(scene: Scene) -> str:
    """What the bound says, in words."""
    advice = scene.advice
    if advice.next or advice.bound:
        says = "bound_says" if advice.bound else "bound_says_0"
    elif scene.step.known.all():
        says = "best_of_all"
    else:
        says = "best_as_foretold" if not_foretold(scene) else "best_of_what_matters"
    return text(
        f"verify_advice.{says}",
        budget=scene.budget,
        bound=advice.bound,
        predictor=plain(predictor_name(scene.predictor)),
    )


def not_foretold(scene: Scene) -> int:
    """The networks not trained of which the predictor says nothing of some task."""
    mean = scene.advice.prediction.mean
    return int(((np.isnan(mean) & scene.study.holds).any(axis=1) & ~scene.step.known).sum())


def shown(scene: Scene) -> Study:
    """The study with just the losses that are known at the step."""
    return scene.study.with_known(scene.step.known)


def show_advice(scene: Scene) -> None:
    """The networks of the grouping as cards, and those to train next as a table."""
    networks = served_by(scene.study, scene.advice.chosen[0])
    explain("verify_advice.look")
    st.subheader(text("verify_advice.the_grouping"))
    with st.container(horizontal=True):
        for network in networks:
            with st.container(border=True, width=300):
                _card(scene, network)
    total = sum(scene.study.costs[network.place] for network in networks)
    weighed = "total_relative" if is_relative(scene.study) else "total"
    st.caption(text(f"verify_advice.{weighed}", total=total, budget=scene.budget))
    st.download_button(
        text("verify_advice.download"),
        to_json(grouping(scene.study, scene.advice.prediction.mean, scene.budget), {"run": scene.choice.key}),
        f"{scene.choice.file_name}-budget-{scene.budget:g}.json",
        "application/json",
        key="download-advised",
        icon=":material/download:",
        help=text("verify_advice.about_download"),
    )
    st.subheader(text("verify_advice.to_train_next"))
    if not scene.advice.next:
        st.markdown(f":material/check_circle: {text('verify_advice.nothing')}")
        return
    frame = next_table(scene)
    show_frame(
        frame,
        hide_index=True,
        width="stretch",
        height="content",
        alt=text("verify_advice.to_train_next"),
        column_config=_next_columns(),
    )
    more = len(scene.advice.next) - len(frame)
    st.caption(text("verify_advice.matters_more" if more else "verify_advice.matters", count=more))


def _next_columns() -> dict[str, Any]:
    return {
        "network": st.column_config.TextColumn(
            text("verify_advice.network"), width=150, help=text("verify_advice.about_network")
        ),
        "SNT": st.column_config.NumberColumn("SNT", format="%.3g", width=50, help=text("verify_advice.about_snt")),
        "chance": st.column_config.ProgressColumn(
            text("verify_advice.chance"),
            format="%.0f %%",
            min_value=0,
            max_value=100,
            help=text("verify_advice.about_chance"),
        ),
    }


def next_table(scene: Scene) -> pd.DataFrame:
    """The first few networks that the advisor asks for."""
    places = list(scene.advice.next[:_MOST_NEXT])
    return pd.DataFrame(
        {
            "network": [scene.study.networks[place].name for place in places],
            "SNT": scene.study.costs[places],
            "chance": 100 * scene.advice.chance[places],
        }
    )


def _card(scene: Scene, network: Served) -> None:
    """A network of the grouping: what it serves, and what is foretold or measured of that."""
    study, prediction = scene.study, scene.advice.prediction
    trained = scene.step.known[network.place]
    badge = f":green-badge[{text('verify_advice.trained')}]"
    if not trained:
        badge = f":orange-badge[{text('verify_advice.not_trained')}]"
    st.markdown(f"**{study.costs[network.place]:g} SNT** {badge}")
    lines = []
    for task in network.serves:
        place = network.place, study.tasks.index(task)
        mean, width = prediction.mean[place], NINETY * prediction.deviation[place]
        test = study.losses.get(TEST, np.full(study.holds.shape, np.nan))[place]
        if trained:
            says = "card_both" if math.isfinite(test) else "card_validation"
        else:
            says = "card_turns_out" if scene.complete else "card_foretold"
        said = text(
            f"verify_advice.{says}", mean=mean, width=width, test=test, measured=study.losses[VALIDATION][place]
        )
        lines.append(f"{plain(task)}  \n:small[:gray[{plain(said)}]]")
    st.markdown("\n\n".join(lines))
    if network.along:
        st.caption(text("verify_advice.along", tasks=plain(joined(network.along))))
