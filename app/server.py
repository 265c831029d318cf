"""The dashboard's server: ``streamlit run app/server.py``.

Streamlit finds ``app`` below and serves it: the pages of ``main.py``, what the live chart fetches, and what other
programs ask. At SIGTERM it ends at once; workers and queues are processes of their own and go on.
"""

import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` adds this file's folder only
    sys.path.insert(0, str(ROOT))

from app import access, endpoints  # noqa: E402
from app.components import assets, pieces  # noqa: E402
from app.components.runs import opened  # noqa: E402
from app.components.text import plain  # noqa: E402
from app.components.uploads import ForEditors  # noqa: E402
from engine.environment import launcher_name  # noqa: E402
from engine.errors import KindredError  # noqa: E402
from engine.logs import log_to_stderr  # noqa: E402
from engine.runs.launching import queue  # noqa: E402
from engine.runs.launching.launcher import queue_name  # noqa: E402
from engine.runs.patience import patiently  # noqa: E402
from engine.version import VERSION  # noqa: E402

LOG = logging.getLogger("app.server")  # also where Streamlit runs this file under another name

try:
    access.check()
except KindredError as error:
    sys.exit(f"kindred: {error}")


def show_error(error: Exception) -> bool:
    """One sentence on the page for whatever a page raised; the traceback goes to the server's log only.

    Returns:
        True, as Streamlit then shows nothing of its own.
    """
    if isinstance(error, KindredError):
        st.error(plain(str(error)), icon=":material/error:")
        return True
    LOG.error("A page failed: %s", type(error).__name__, exc_info=error)
    st.error(
        f"Something went wrong ({type(error).__name__}); nothing stored was changed. Reload the page, and if it "
        "happens again, look at the server's log for the cause.",
        icon=":material/error:",
    )
    return True


def go_on() -> None:
    """Say with which store this server works, and work off the runs that wait in this machine's queue, as after it was
    restarted."""
    try:
        store = patiently(opened)
        LOG.info("Kindred %s with the store %s, launcher %s.", VERSION, store.label, launcher_name())
        if patiently(lambda: store.waiting(queue_name())):
            queue.begin(store)
    except KindredError as error:
        LOG.error("%s", error)


@asynccontextmanager
async def warm_up(_app: App) -> AsyncIterator[None]:
    """Load charts and solvers before the first visitor, and spare what is loaded from every garbage collection."""
    import engine.charts.curves
    import engine.charts.frontier
    import engine.charts.graph
    import engine.charts.heatmap
    import engine.grouping.alternatives
    import engine.grouping.stability  # noqa: F401
    from engine.grouping.problem import GroupingProblem
    from engine.grouping.solving import solve_frontier

    log_to_stderr()
    threading.Thread(target=go_on, daemon=True).start()  # a store that is away must not keep the server from starting
    solve_frontier(GroupingProblem(("a", "b"), [[0.0, 1.0], [1.0, 0.0]]))  # loads what was compiled at set-up
    assets.packed_plotly()
    gc.collect()
    gc.freeze()
    yield


app = App(
    "main.py",
    routes=[*endpoints.routes(), *assets.routes(), *pieces.routes()],
    lifespan=warm_up,
    on_script_error=show_error,
    middleware=[Middleware(ForEditors)],
)
