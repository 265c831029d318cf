"""What other programs ask the dashboard's server: whether it lives, whether it can work, and how it does.

A store that does not answer never holds up the server: it is asked in a thread, for ``ANSWER_SECONDS`` at most.
"""

import hmac
import logging
import os
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import metrics
from app.access import Access
from app.components.assets import under_base
from app.components.runs import opened
from engine.errors import KindredError

ANSWER_SECONDS = 2.0
_MOST_ASKING = 4  # threads at a time; who finds none free gets no answer

LOG = logging.getLogger(__name__)
Answer = TypeVar("Answer")


def routes() -> list[Route]:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    asking = CapacityLimiter(_MOST_ASKING)

    async def answer(ask: Callable[[], Answer]) -> Answer | None:
        """What the store says; None where it fails, or says nothing in time."""
        try:
            with fail_after(ANSWER_SECONDS):
                return await to_thread.run_sync(ask, abandon_on_cancel=True, limiter=asking)
        except KindredError as error:
            LOG.warning("%s", error)
        except TimeoutError:
            LOG.warning("The store did not answer within %g s.", ANSWER_SECONDS)
        return None

    async def lives(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_request: Request) -> Response:
        if await answer(_ready):
            return JSONResponse({"status": "ready"})
        why = "The store does not answer, or holds no tables of this version; the server's log says more."
        return JSONResponse({"status": "not ready", "why": why}, 503)

    async def measured(request: Request) -> Response:
        if not _may_read(request):
            why = "Set KINDRED_METRICS_TOKEN, and send it as `Authorization: Bearer TOKEN`."
            return JSONResponse({"why": why}, 401, headers={"WWW-Authenticate": "Bearer"})
        overview = await answer(lambda: opened().overview())
        return Response(metrics.as_text(overview), media_type=CONTENT_TYPE_LATEST)

    told = {"/healthz": lives, "/readyz": ready, "/metrics": measured}
    return [Route(under_base(path), endpoint) for path, endpoint in told.items()]


def _ready() -> bool:
    opened().check()
    return True


def _may_read(request: Request) -> bool:
    """Whether the request shows ``KINDRED_METRICS_TOKEN``; where that is not set, whether nobody needs to log in."""
    token = os.environ.get("KINDRED_METRICS_TOKEN")
    if not token:
        return not Access.of(os.environ).login
    shown = request.headers.get("authorization", "").encode("latin-1")  # the bytes as they came
    return hmac.compare_digest(shown, f"Bearer {token}".encode())
