"""The files that the browser fetches from Kindred itself: plotly's own JavaScript and the live chart's modules.

Every address carries a version, so that a browser may keep a file for good and still never shows an old one. The
version is a part of the path, not a query, as a module's relative imports then carry it along.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

import plotly
import streamlit as st
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FRONTEND = Path(__file__).parent / "live_chart" / "frontend"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

_MODULES = {path.name: path for path in sorted(FRONTEND.glob("*.js"))}
_MODULES_VERSION = hashlib.sha256(b"".join(path.read_bytes() for path in _MODULES.values())).hexdigest()[:16]
_KEPT_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


def under_base(path: str) -> str:
    """The path as the browser asks for it, where the dashboard is served below another one."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}{path}" if base else path


def plotly_url() -> str:
    """Where this server offers plotly.js."""
    return under_base(f"/kindred/plotly/{plotly.__version__}/plotly.min.js")


def module_url(name: str) -> str:
    """Where this server offers one of the live chart's modules."""
    return under_base(f"/kindred/live_chart/{_MODULES_VERSION}/{name}")


def module_urls() -> list[str]:
    """The addresses of all modules, the entry first."""
    return [module_url(name) for name in sorted(_MODULES, key=lambda name: name != "main.js")]


@cache
def packed_plotly() -> bytes:
    """plotly.js, compressed once instead of for every visitor: 1.5 MB instead of 4.8."""
    return gzip.compress(PLOTLY.read_bytes(), compresslevel=6)


async def _plotly(request: Request) -> Response:
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(PLOTLY, headers=_KEPT_FOR_GOOD)
    headers = _KEPT_FOR_GOOD | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(packed_plotly(), media_type="text/javascript", headers=headers)


async def _module(request: Request) -> FileResponse:
    path = _MODULES.get(request.path_params["name"])
    if path is None:
        raise HTTPException(404)
    current = request.path_params["version"] == _MODULES_VERSION
    headers = _KEPT_FOR_GOOD if current else {"Cache-Control": "no-store"}
    return FileResponse(path, media_type="text/javascript", headers=headers)


def routes() -> list[Route]:
    """The routes of these files, and of no others."""
    return [
        Route(under_base("/kindred/plotly/{version}/plotly.min.js"), _plotly),
        Route(under_base("/kindred/live_chart/{version}/{name}"), _module),
    ]
