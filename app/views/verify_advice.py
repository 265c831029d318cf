"""The advice now: the grouping, how far from the best it may be, and the networks to train next."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from app.components.frames import show_frame
from app.components.groupings import Served, served_by
from app.components.text import joined, plain
from app.views.verify_scene import Scene, predictor_name
from engine.grouping.export import to_json
from engine.studies.advisor import score
from engine.studies.prediction import NINETY
from engine.studies.study import TEST, VALIDATION, Study
from engine.studies.ways import grouping

_MOST_NEXT = 5
_EXPECTED = (
    "Weighted mean over the tasks of the validation losses of this grouping, measured where its networks are trained "
    "and foretold where not. Lower is better."
)
_TEST = "The same on the test split, which nothing was chosen by. A dash: not all of its networks are trained."
_REGRET = (
    "By how much a better grouping may do better than this one, as a share of its loss: the mean over many draws of "
    "what the losses of networks not trained may be."
)
_BOUND = "The same in all but the worst 5 % of the draws: the regret bound."
_TRAIN = (
    "As a file: open it on the page Grouping, or train it and write a bundle of models with "
    "`python -m engine train --grouping FILE --to FOLDER`; what is trained already is taken as it is."
)
_NEXT = {
    "network": st.column_config.TextColumn("Network", width="medium", help="The tasks that would be trained in it."),
    "SNT": st.column_config.NumberColumn("SNT", format="%.3g", help="What it costs: 1 for a network of full size."),
    "chance": st.column_config.ProgressColumn(
        "Chance to matter",
        format="%.0f %%",
        min_value=0,
        max_value=100,
        help="How probably it belongs to the best grouping. The advisor asks for the greatest chance per SNT first.",
    ),
}


def say_where_it_stands(scene: Scene) -> None:
    """The facts in a row, and in a sentence what they come to."""
    advice, study = scene.advice, scene.study
    (chosen,), (value,) = advice.chosen, advice.value
    test = score(shown(scene), chosen)
    known = f"{scene.step.known.sum()} of {len(study.networks)}"
    facts = [
        ("networks known", f"{known} · {scene.spent:g} SNT", "Those trained so far, and what they cost together."),
        (f"expected {loss_word(study)}", f"{value:#.4g}", _EXPECTED),
        ("on test", f"{test:#.4g}" if math.isfinite(test) else "–", _TEST),
        ("expected regret", f"{advice.regret:.2f} %", _REGRET),
        ("95 % bound", f"{advice.bound:.2f} %", _BOUND),
    ]
    with st.container(horizontal=True, gap="medium"):
        for label, figure, text in facts:
            st.markdown(f":small[:gray[{label}]]  \n**{plain(figure)}**", width="content", help=text)
    st.markdown(f":material/verified: {bound_sentence(scene)}")
    silent = not_foretold(scene)
    if silent:
        st.warning(
            f"Of {silent} networks that are not trained {plain(predictor_name(scene.predictor))} foretells nothing, so "
            "that regret and bound leave them out. Another predictor, such as the combination, speaks of all.",
            icon=":material/warning:",
        )


def loss_word(study: Study) -> str:
    """What a grouping loses, in words."""
    return "loss" if (study.weights == 1).all() else "relative loss"


def bound_sentence(scene: Scene) -> str:
    """What the bound says, in words."""
    advice, within = scene.advice, f"within {scene.budget:g} SNT"
    if not advice.next and advice.bound == 0:
        if scene.step.known.all():
            why = "Every network is trained"
        elif not_foretold(scene):
            why = f"As far as {plain(predictor_name(scene.predictor))} foretells anything"
        else:
            why = "Every network that may matter is trained"
        return f"{why}: no grouping {within} loses less on validation than this one."
    better = f"more than **{advice.bound:.2g} %** better" if advice.bound else "better"
    return (
        f"With 95 % probability no grouping of these networks {within} is {better} than this one, if the predictions "
        "are right; how right such predictions are stands under *Predicted against measured*."
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
    st.subheader("The grouping")
    with st.container(horizontal=True):
        for network in networks:
            with st.container(border=True, width=300):
                _card(scene, network)
    total = sum(scene.study.costs[network.place] for network in networks)
    st.caption(
        f"{total:g} SNT together, of {scene.budget:g}. Losses on validation and test; what is foretold is of "
        f"validation, with the interval that should hold 90 %.{_weighed(scene.study)}"
    )
    st.download_button(
        "Grouping",
        to_json(grouping(scene.study, scene.advice.prediction.mean, scene.budget), {"run": scene.choice.key}),
        f"{scene.choice.file_name}-budget-{scene.budget:g}.json",
        "application/json",
        icon=":material/download:",
        help=_TRAIN,
    )
    st.subheader("To train next")
    if not scene.advice.next:
        st.markdown(":material/check_circle: Nothing: no network that is not trained is likely to matter.")
        return
    frame = next_table(scene)
    show_frame(frame, hide_index=True, width="stretch", height="content", column_config=_NEXT)
    more = len(scene.advice.next) - len(frame)
    left = (
        f"{more} more may matter, too. " if more > 1 else "One more may matter, too. " if more else ""
    ) + "A network matters if it belongs to the best grouping within the budget."
    st.caption(left)


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
    badge = ":green-badge[trained]" if trained else ":orange-badge[not trained yet]"
    st.markdown(f"**{study.costs[network.place]:g} SNT** {badge}")
    lines = []
    for task in network.serves:
        place = network.place, study.tasks.index(task)
        mean, width = prediction.mean[place], NINETY * prediction.deviation[place]
        test = study.losses.get(TEST, np.full(study.holds.shape, np.nan))[place]
        if not trained:
            says = f"foretold {mean:#.3g} ± {width:.2g}"
        else:
            says = f"validation {mean:#.4g}" + (f", test {test:#.4g}" if math.isfinite(test) else "")
        if not trained and scene.complete:
            says += f", would turn out {study.losses[VALIDATION][place]:#.3g}"
        lines.append(f"{plain(task)}  \n:small[:gray[{plain(says)}]]")
    st.markdown("\n\n".join(lines))
    if network.along:
        st.caption(f"Trained along, served elsewhere: {plain(joined(network.along))}.")


def _weighed(study: Study) -> str:
    if (study.weights == 1).all():
        return " The expected loss is their mean."
    return " In the expected loss each counts relative to the loss of its task alone, so that all tasks count alike."
