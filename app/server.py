"""The dashboard's server: ``streamlit run app/server.py``.

Streamlit finds ``app`` below and serves it: the pages of ``main.py``, and what the live chart fetches.
"""

import gc
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from streamlit.starlette import App

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` adds this file's folder only
    sys.path.insert(0, str(ROOT))

from app.components import assets  # noqa: E402
from app.components.text import plain  # noqa: E402
from engine.errors import KindredError  # noqa: E402


def show_error(error: Exception) -> bool:
    """One sentence on the page for whatever a page raised; the traceback goes to the server's log only.

    Returns:
        True, as Streamlit then shows nothing of its own.
    """
    if isinstance(error, KindredError):
        st.error(plain(str(error)), icon=":material/error:")
        return True
    traceback.print_exception(error, file=sys.stderr)
    st.error(
        f"Something went wrong ({type(error).__name__}); nothing stored was changed. Reload the page, and if it "
        "happens again, look at the server's log for the cause.",
        icon=":material/error:",
    )
    return True


@asynccontextmanager
async def warm_up(_app: App) -> AsyncIterator[None]:
    """Load charts and solvers before the first visitor, and spare what is loaded from every garbage collection."""
    import app.charts.curves
    import app.charts.frontier
    import app.charts.graph
    import app.charts.heatmap  # noqa: F401
    import engine.grouping.alternatives
    import engine.grouping.stability  # noqa: F401
    from engine.grouping.problem import GroupingProblem
    from engine.grouping.solving import solve_frontier

    solve_frontier(GroupingProblem(("a", "b"), [[0.0, 1.0], [1.0, 0.0]]))  # loads what was compiled at set-up
    assets.packed_plotly()
    gc.collect()
    gc.freeze()
    yield


app = App("main.py", routes=assets.routes(), lifespan=warm_up, on_script_error=show_error)
