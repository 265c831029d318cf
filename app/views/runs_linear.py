"""The launch form of a comparison of linear models: methods, sizes and seeds."""

from math import prod

import streamlit as st

from app.components.text import plain
from app.views.runs_models import ask_methods, ask_relation, ask_samples
from app.views.runs_settings import ask_name, head
from engine.errors import KindredError
from engine.runs.configs import LinearConfig
from engine.texts import text

_DEFAULT = LinearConfig(dataset="yeast")


def ask_linear() -> tuple[str, LinearConfig] | None:
    """The widgets; the run's name and what it is to do, or ``None`` where there are no data yet.

    Raises:
        KindredError: if it cannot be done so.
    """
    found = ask_samples()
    if found is None:
        return None
    data, tasks = found
    name = ask_name("linear")
    head(text("runs_models.methods"))
    methods = ask_methods("linear", left_out=["graph_laplacian"])
    relation = ask_relation("relation", tasks)
    if relation is not None:
        methods = [*methods, "graph_laplacian"]
    head(text("runs_linear.samples"))
    sizes, seeds, seed = st.columns([2, 1, 1], vertical_alignment="bottom")
    settings = {
        "sizes": sizes.text_input(
            text("runs_linear.sizes"), _DEFAULT.sizes, key="set-sizes", help=text("runs_linear.sizes_help")
        ),
        "seeds": seeds.number_input(
            text("runs_linear.seeds"), 1, 100, _DEFAULT.seeds, key="set-draws", help=text("runs_linear.seeds_help")
        ),
        "seed": seed.number_input(
            text("runs_linear.seed"),
            0,
            2**31 - 1,
            _DEFAULT.seed,
            key="set-first-draw",
            help=text("runs_linear.seed_help"),
        ),
    }
    if not methods:
        raise KindredError(text("runs_linear.no_method"))
    if relation is not None:
        settings["relation"] = relation
    config = LinearConfig(**data, methods=",".join(methods), **settings)
    amounts = {"methods": len(methods), "sizes": len(config.sample_sizes), "seeds": config.seeds}
    said = " × ".join(text(f"runs_linear.count_{what}", count=count) for what, count in amounts.items())
    st.caption(plain(text("runs_linear.fits", said=said, fits=prod(amounts.values()), tasks=len(tasks))))
    return name, config
