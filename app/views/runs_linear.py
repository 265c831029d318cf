"""The launch form of a comparison of linear models: methods, sizes and seeds."""

import streamlit as st

from app.components.text import plain
from app.views.runs_models import ask_methods, ask_relation, ask_samples
from engine.errors import KindredError
from engine.runs.configs import LinearConfig

_DEFAULT = LinearConfig(dataset="yeast")
_SIZES = (
    "Training samples a task, separated by commas; all for all there are. They are drawn anew for every seed; "
    "validation data choose how strongly each method regularises, test data tell its error."
)
_RELATION = (
    "graph_laplacian draws related tasks' models to each other, by the affinity that another run has observed: its "
    "mean over the whole run, both directions averaged, what is negative taken as unrelated."
)


def ask_linear() -> tuple[str, LinearConfig] | None:
    """The widgets; the run's name and what it is to do, or ``None`` where there are no data yet.

    Raises:
        KindredError: if it cannot be done so.
    """
    found = ask_samples()
    if found is None:
        return None
    data, tasks = found
    name = st.text_input("Name", placeholder="left empty: the run's id", max_chars=200)
    st.markdown("##### Methods")
    methods = ask_methods("linear", left_out=["graph_laplacian"])
    relation = ask_relation("Relation for graph_laplacian", tasks, "none: that method is left out", _RELATION)
    if relation is not None:
        methods = [*methods, "graph_laplacian"]
    st.markdown("##### Samples")
    sizes, seeds, seed = st.columns([2, 1, 1], vertical_alignment="bottom")
    settings = {
        "sizes": sizes.text_input("Training samples a task", _DEFAULT.sizes, key="set-sizes", help=_SIZES),
        "seeds": seeds.number_input(
            "Number of seeds", 1, 100, _DEFAULT.seeds, key="set-draws", help="Draws of the samples: two for intervals."
        ),
        "seed": seed.number_input("Seed", 0, 2**31 - 1, _DEFAULT.seed, key="set-first-draw", help="Of the first draw."),
    }
    if not methods:
        raise KindredError("No method is chosen; choose at least one, best with independent beside it.")
    if relation is not None:
        settings["relation"] = relation
    config = LinearConfig(**data, methods=",".join(methods), **settings)
    parts = (len(methods), "methods"), (len(config.sample_sizes), "sizes"), (config.seeds, "seeds")
    fits = len(methods) * len(config.sample_sizes) * config.seeds
    said = " × ".join(f"{count} {what if count > 1 else what[:-1]}" for count, what in parts)
    st.caption(plain(f"{said} = {fits} fits, each over a grid of strengths, of {len(tasks)} tasks."))
    return name, config
