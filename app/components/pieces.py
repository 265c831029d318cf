"""Numbers that the browser fetches by an address of their own, in pieces that it keeps.

A page that follows a run so sends each new window once, and what came before not again, however long the run is; and
the server does not have to write the same numbers into every page. An address is derived from the content with a
secret of this process: it cannot be guessed, and is told to those only who are shown the chart.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.components.assets import under_base
from engine.affinity.growing import Growing
from engine.affinity.series import AffinitySeries

TOGETHER = 16  # windows in a piece, once there are so many: the rest are pieces of one each
MOST_BYTES = 128 * 2**20  # that are held for browsers to fetch; what was shown last is held in any case

_SECRET = secrets.token_bytes(32)
_HEADERS = {"Cache-Control": "private, max-age=31536000, immutable"}

_lock = threading.Lock()
_held: OrderedDict[str, bytes] = OrderedDict()  # by the end of their address, what was shown last at the end
_of_lines: WeakKeyDictionary[Growing, dict[tuple[int, int], tuple[str, bytes]]] = WeakKeyDictionary()  # by their span


def addresses(series: AffinitySeries) -> list[str]:
    """Where a browser fetches the windows of a series, in their order.

    Each piece holds its windows' sums as little-endian float32 ``[windows, source, target]``; and after them, unless
    every update observed every pair, their counts as uint32, likewise.
    """
    known = _of_lines.get(series.line, {})  # of all series that this one grew from
    pieces = {span: known.get(span) or _piece(series, *span) for span in _spans(len(series))}
    tokens = {token for token, _ in pieces.values()}
    with _lock:
        for span, (token, content) in pieces.items():
            pieces[span] = token, _held.setdefault(token, content)  # one for all series that begin alike
            _held.move_to_end(token)
        size = sum(map(len, _held.values()))
        while size > MOST_BYTES and next(iter(_held)) not in tokens:
            size -= len(_held.popitem(last=False)[1])
    _of_lines[series.line] = pieces
    return [under_base(f"/kindred/windows/{token}") for token, _ in pieces.values()]


def _spans(windows: int) -> list[tuple[int, int]]:
    whole = windows - windows % TOGETHER
    full = [(first, first + TOGETHER) for first in range(0, whole, TOGETHER)]
    return full + [(first, first + 1) for first in range(whole, windows)]


def _piece(series: AffinitySeries, first: int, last: int) -> tuple[str, bytes]:
    content = series.totals[first:last].astype("<f4").tobytes()
    if not series.complete:
        content += series.counts[first:last].astype("<u4").tobytes()
    where = f"{first}-{last}".encode()  # pieces of equal content are pieces still
    return hashlib.blake2b(where + content, key=_SECRET, digest_size=20).hexdigest(), content


async def _fetched(request: Request) -> Response:
    content = _held.get(request.path_params["token"])
    if content is None:
        raise HTTPException(404, headers={"Cache-Control": "no-store"})
    return Response(content, media_type="application/octet-stream", headers=_HEADERS)


def routes() -> list[Route]:
    """The route of these numbers."""
    return [Route(under_base("/kindred/windows/{token}"), _fetched)]
